"""Archives that are written in place are those that other readers of zip files read."""

from __future__ import annotations

import io
import pathlib
import random
import shutil
import subprocess
import zipfile

import pytest

from cornu.saving import zip_writer
from cornu.saving.zip_writer import ZipWriter

CONTENT = {"a.json": b"{}", "folder/empty": b"", "b.bin": random.Random(0).randbytes(3 << 20)}


def archive() -> bytes:
    file = io.BytesIO()
    target = ZipWriter(file)
    for name, content in CONTENT.items():
        target.add(name, content)
    target.finish()
    return file.getvalue()


def check(content: bytes) -> zipfile.ZipFile:
    found = zipfile.ZipFile(io.BytesIO(content))
    assert found.testzip() is None
    assert {name: found.read(name) for name in found.namelist()} == CONTENT
    return found


def test_pythons_own_reader() -> None:
    for info in check(archive()).infolist():
        assert info.compress_type == zipfile.ZIP_STORED
        assert info.date_time == (1980, 1, 1, 0, 0, 0)
        assert info.external_attr >> 16 == 0o100600


def test_a_member_is_a_file_of_its_own() -> None:
    file = io.BytesIO()
    target = ZipWriter(file)
    target.add("first", b"1234")
    with target.member("second") as member:
        member.write(b"xxxxxxxxxx")
        member.seek(2)
        member.write(b"yy")
        assert member.tell() == 4
        member.truncate(6)
        member.seek(0)
        assert member.read() == b"xxyyxx"
        buffer = bytearray(3)
        member.seek(-3, io.SEEK_END)
        assert member.readinto(buffer) == 3  # type: ignore[attr-defined]
        assert buffer == b"yxx"
    target.finish()
    found = zipfile.ZipFile(file)
    assert found.testzip() is None
    assert found.read("second") == b"xxyyxx"
    assert found.read("first") == b"1234"


@pytest.mark.parametrize("limit", [1, 100, 1 << 20])
def test_wide_fields(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes and places from a limit on, 4 GiB but for this test, stand in fields of their own."""
    monkeypatch.setattr(zip_writer, "_LIMIT", limit)
    content = archive()
    assert b"PK\6\6" in content
    check(content)


@pytest.mark.skipif(shutil.which("unzip") is None, reason="needs unzip")
def test_info_zip(tmp_path: pathlib.Path) -> None:
    (tmp_path / "x.zip").write_bytes(archive())
    done = subprocess.run(["unzip", "-t", tmp_path / "x.zip"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "No errors" in done.stdout
