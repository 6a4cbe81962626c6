"""get_file, from a server on this machine: names, hashes, archives, and what must not happen."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import pathlib
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import keras
import pytest

import cornu

HELLO = b"hello"
SHA, MD5 = hashlib.sha256(HELLO).hexdigest(), hashlib.md5(HELLO).hexdigest()


class Quiet(http.server.SimpleHTTPRequestHandler):
    served: list[str] = []  # noqa: RUF012 - one list for the server

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.served.append(self.path)
        if self.path == "/short.txt":
            self.send_response(200)
            self.send_header("Content-Length", "10")
            self.end_headers()
            self.wfile.write(HELLO)
        else:
            super().do_GET()


def tar(path: pathlib.Path, entries: dict[str, bytes], mode: str = "w:gz") -> None:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in entries.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    root = tmp_path_factory.mktemp("served")
    (root / "a.txt").write_bytes(HELLO)
    tar(root / "stuff.tar.gz", {"stuff/x.txt": b"x"})
    tar(root / "evil.tar", {"fine.txt": b"", "../../evil.txt": b"!"}, "w")
    with tarfile.open(root / "link.tar", "w") as archive:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc"
        archive.addfile(link)
    for name, entry in (("z.zip", "stuff/x.txt"), ("evil.zip", "../../evil.txt")):
        with zipfile.ZipFile(root / name, "w") as archive:
            archive.writestr(entry, "x")
    return root


@pytest.fixture(scope="module")
def url(folder: pathlib.Path) -> Iterator[str]:
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def quiet() -> None:
    cornu.config.disable_interactive_logging()
    keras.config.disable_interactive_logging()


def held(cache: pathlib.Path) -> list[str]:
    return sorted(str(p.relative_to(cache)) for p in cache.rglob("*") if p.is_file())


CASES: dict[str, dict[str, Any]] = {
    "name of the URL": {"origin": "a.txt"},
    "with a query": {"origin": "a.txt?x=1"},
    "another name": {"origin": "a.txt", "fname": "b.txt", "cache_subdir": "q"},
    "sha256": {"origin": "a.txt", "file_hash": SHA},
    "md5": {"origin": "a.txt", "md5_hash": MD5},
    "named hash": {"origin": "a.txt", "file_hash": SHA, "hash_algorithm": "sha256"},
    "tar": {"origin": "stuff.tar.gz", "extract": True},
    "tar into a folder": {"origin": "stuff.tar.gz", "fname": "foo", "extract": True},
    "tar with a name": {"origin": "stuff.tar.gz", "fname": "foo.tgz", "extract": True},
    "untar": {"origin": "stuff.tar.gz", "fname": "stuff.tar.gz", "untar": True},
    "zip": {"origin": "z.zip", "extract": True, "archive_format": ["zip"]},
}


@pytest.mark.parametrize("name", CASES)
def test_files_lie_where_keras_puts_them(name: str, url: str, tmp_path: pathlib.Path) -> None:
    found = []
    for k in (cornu, keras):
        cache = tmp_path / k.__name__
        cache.mkdir()
        arguments = {**CASES[name], "origin": url + CASES[name]["origin"]}
        path = pathlib.Path(k.utils.get_file(cache_dir=cache, **arguments))
        assert path.exists()
        found.append((str(path.relative_to(cache)), held(cache)))
    assert found[0] == found[1]


def test_the_cache_is_used_while_its_hash_is_right(url: str, tmp_path: pathlib.Path) -> None:
    get = functools.partial(cornu.utils.get_file, origin=f"{url}a.txt", cache_dir=tmp_path)
    path = pathlib.Path(get(file_hash=SHA))
    Quiet.served.clear()
    get(file_hash=SHA)
    get()
    assert not Quiet.served
    path.write_bytes(b"damaged")
    get()
    assert not Quiet.served
    get(file_hash=SHA.upper())
    get(force_download=True)
    assert len(Quiet.served) == 2
    assert path.read_bytes() == HELLO


def test_files_of_this_machine(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    path = cornu.utils.get_file(origin=(folder / "a.txt").as_uri(), cache_dir=tmp_path)
    assert pathlib.Path(path).read_bytes() == HELLO


def test_home_of_the_cache(
    url: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    path = cornu.utils.get_file(origin=f"{url}a.txt", cache_subdir="mine")
    assert path == str(tmp_path / "mine" / "a.txt")


REFUSED: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"origin": "a.txt", "file_hash": "0" * 64}, ValueError, f"sha256 hash {SHA}, not 0000"),
    ({"origin": "a.txt", "file_hash": "abc"}, ValueError, "3 digits"),
    ({"origin": "a.txt", "file_hash": MD5, "hash_algorithm": "sha256"}, ValueError, "32 digits"),
    ({"origin": "a.txt", "hash_algorithm": "crc"}, ValueError, "'crc'"),
    ({"origin": "no.txt"}, OSError, "404"),
    ({"origin": "short.txt"}, OSError, "broke off: 5 of 10 bytes"),
    ({"origin": ""}, ValueError, "pass `fname`"),
    ({"origin": "a.txt", "fname": "../b.txt"}, ValueError, "without a path"),
    ({"origin": "a.txt", "fname": "/b.txt"}, ValueError, "without a path"),
    ({"origin": "a.txt", "fname": ".."}, ValueError, "without a path"),
    ({"origin": "a.txt", "extract": True}, ValueError, "no archive"),
    ({"origin": "z.zip", "extract": True, "archive_format": "tar"}, ValueError, "no archive"),
    ({"origin": "z.zip", "extract": True, "archive_format": None}, ValueError, "no archive"),
    ({"origin": "evil.tar", "extract": True}, ValueError, "must not"),
    ({"origin": "link.tar", "extract": True}, ValueError, "must not"),
    ({"origin": "evil.zip", "extract": True}, ValueError, "outside its folder"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), REFUSED, ids=lambda x: str(x)[:60])
def test_nothing_wrong_is_kept(
    arguments: dict[str, Any], error: type, message: str, url: str, tmp_path: pathlib.Path
) -> None:
    cache = tmp_path / "cache"
    arguments = {**arguments, "origin": url + arguments["origin"]}
    with pytest.raises(error, match=message):
        cornu.utils.get_file(cache_dir=cache, **arguments)
    assert [name for name in held(tmp_path) if not name.endswith("_archive")] == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cornu.utils.get_file("a.txt"), "`origin` is missing"),
        (lambda: cornu.utils.get_file(origin="ftp://x/a.txt"), "must be a URL"),
        (lambda: cornu.utils.get_file(origin="a.txt"), "must be a URL"),
    ],
)
def test_origins_that_are_none(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
