"""Saving may end at any call to the system: the old file or the new one is there, bit for bit."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys
from typing import Any

import pytest

from faults import strikes
from house import tree

HERE = pathlib.Path(__file__).parent
COMPILER = shutil.which("cc")

pytestmark = pytest.mark.skipif(
    COMPILER is None or sys.platform != "linux", reason="needs a C compiler and Linux"
)


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> str:
    library = tmp_path_factory.mktemp("shim") / "shim.so"
    subprocess.run(
        [str(COMPILER), "-O1", "-shared", "-fPIC", "-o", library, HERE / "shim.c", "-ldl"],
        check=True,
    )
    return str(library)


def strike(kind: str, shim: str, folder: pathlib.Path, every: int) -> dict[str, Any]:
    command = [sys.executable, str(HERE / "strikes.py"), kind, str(folder), str(every)]
    paths = os.pathsep.join((str(tree.SOURCE), os.environ.get("PYTHONPATH", "")))
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={**os.environ, "LD_PRELOAD": shim, "PYTHONPATH": paths},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def check(found: dict[str, Any], every: int) -> None:
    assert found["wrong"] == []
    assert found["calls"] > 50
    ends = found["ends"]
    assert sum(ends.values()) >= len(strikes.ACTIONS) * (found["calls"] // every)
    assert ends["killed, old"] > 0
    assert ends["failed, old"] > ends["killed, old"]


@pytest.mark.parametrize("kind", strikes.KINDS)
def test_some_calls_fail_or_are_the_last(kind: str, shim: str, tmp_path: pathlib.Path) -> None:
    check(strike(kind, shim, tmp_path, every=11), every=11)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", strikes.KINDS)
def test_every_call_fails_or_is_the_last(kind: str, shim: str, tmp_path: pathlib.Path) -> None:
    found = strike(kind, shim, tmp_path, every=1)
    print(kind, found)  # figures: pytest -m soak -s
    check(found, every=1)
    assert found["ends"]["killed, new"] > 0
