"""`cornu inspect` and `cornu convert`."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

import cornu
from cornu.cli import main
from saving import hostile

X = np.ones((2, 3), "float32")


def saved(path: pathlib.Path) -> cornu.Model:
    model = cornu.Sequential([cornu.Input((3,)), cornu.layers.Dense(2, name="head")], name="net")
    model.compile("sgd", "mse")
    model.save(path, zipped=path.suffix != "")
    return model


@pytest.mark.parametrize(("old", "new"), [("a.h5", "b.keras"), ("a.keras", "b.h5")])
def test_convert_and_back(old: str, new: str, tmp_path: pathlib.Path) -> None:
    model = saved(tmp_path / old)
    assert main(["convert", str(tmp_path / old), str(tmp_path / new)]) == 0
    again = cornu.models.load_model(tmp_path / new)
    np.testing.assert_array_equal(again(X), model(X))
    assert again.loss == "mse"
    assert main(["convert", str(tmp_path / old), str(tmp_path / new)]) == 1
    assert main(["convert", "--overwrite", str(tmp_path / old), str(tmp_path / new)]) == 0


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "folder"])
def test_inspect(name: str, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved(tmp_path / name)
    assert main(["inspect", str(tmp_path / name)]) == 0
    out = capsys.readouterr().out
    assert "net/head" in out
    assert "(3, 2)  float32" in out
    assert "keras_version: 3.15" in out
    assert "checksums: right" in out
    assert "parameters: 8 of the model" in out
    assert "suspicious" not in out


def test_inspect_shows_what_is_suspicious(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.keras"
    layers = [
        hostile.record("Lambda", name="l", function=hostile.code()),
        hostile.record("StringLookup", name="s", vocabulary="/etc/passwd"),
        hostile.record("Net", "their_module", name="n"),
    ]
    path.write_bytes(hostile.archive(hostile.model(*layers), hostile.weights()))
    assert main(["inspect", str(path)]) == 0
    out = capsys.readouterr().out
    for text in ("m/l: Python code", "'/etc/passwd'", "a class of 'their_module'", "none in"):
        assert text in out


def test_inspect_says_what_is_wrong(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.keras").write_bytes(b"PK\x03\x04 and nothing more")
    assert main(["inspect", str(tmp_path / "x.keras"), str(tmp_path / "none.keras")]) == 1
    err = capsys.readouterr().err
    assert "damaged" in err
    assert "No such file" in err
