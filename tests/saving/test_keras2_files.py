"""Files that real Keras 1 and 2 wrote: what Cornu makes of them gives what they gave.

`keras2_files.py` wrote them, and tells how. Where Keras itself has changed, `DIFFERENT` says how.
"""

from __future__ import annotations

import functools
import json
import pathlib
import re
import tarfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import cornu
from cornu.cli.main import main
from cornu.saving.damage import FileError

FILES = pathlib.Path(__file__).parent / "keras2_files"
MANIFEST: dict[str, Any] = json.loads((FILES / "manifest.json").read_text(encoding="utf-8"))
CASES = [(version, case) for version in sorted(MANIFEST) for case in MANIFEST[version]["cases"]]
CODE = [pair for pair in CASES if pair[1] == "code"]
PLAIN = [pair for pair in CASES if pair[1] != "code"]

# Cases (version/name, a pattern) whose next training step is another one today, and why.
DIFFERENT = {
    r".*/optimizer_(legacy_)?nadam\..*": "Nadam's schedule of momenta, and what was kept of it",
    r".*/optimizer_legacy_rmsprop(_.*)?\.h5": "epsilon stands outside of the root",
    r".*/normalizations\..*": "the moving variance of images was one of a sample",
    r"keras-2\.15\.0/optimizer_legacy_.*\.keras": "these files lack the optimizer's state",
}
# Keras 1 kept the state of these in other shapes than today's weights have.
WITHOUT_STATE = [f"keras-1.2.2-tensorflow/{name}" for name in ("recurrent", "rows", "words")]


def label(pair: tuple[str, str]) -> str:
    return "/".join(pair)


@functools.cache
def unpacked(version: str, folder: pathlib.Path) -> pathlib.Path:
    place = folder / version
    with tarfile.open(FILES / f"{version}.tar.xz") as archive:
        if hasattr(tarfile, "data_filter"):  # not in the first releases of Python 3.11
            archive.extraction_filter = tarfile.data_filter
        archive.extractall(place)
    return place


@pytest.fixture
def case(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[pathlib.Path]:
    version, name = request.param
    yield unpacked(version, tmp_path_factory.getbasetemp()) / name


def every(pairs: list[tuple[str, str]]) -> Any:
    return pytest.mark.parametrize("case", pairs, ids=label, indirect=True)


class Values:
    """What Keras 2 said about a case."""

    def __init__(self, case: pathlib.Path) -> None:
        self.by_name = dict(np.load(case / "values.npz"))
        self.x, self.y, self.p = (self._all(letter) for letter in "xyp")
        self.tolerance = (1e-2, 2e-3) if case.name == "mixed_precision" else (1e-5, 1e-6)

    def _all(self, letter: str) -> list[np.ndarray]:
        names = [f"{letter}{i}" for i in range(len(self.by_name))]
        return [self.by_name[name] for name in names if name in self.by_name]

    def agree(self, found: Any, expected: Any, what: str) -> None:
        relative, absolute = self.tolerance
        np.testing.assert_allclose(found, expected, relative, absolute, err_msg=what)


def one(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def check_predictions(model: Any, values: Values) -> None:
    found = model.predict(one(values.x), verbose=0)
    found = found if isinstance(found, list) else [found]
    assert len(found) == len(values.p)
    for name, output, expected in zip(model.output_names, found, values.p, strict=True):
        values.agree(output, expected, name)


def check_next_step(model: Any, values: Values) -> None:
    loss = model.train_on_batch(one(values.x), one(values.y))
    values.agree(np.atleast_1d(loss)[0], values.by_name["loss"], "loss")
    after = {k.removeprefix("after/"): v for k, v in values.by_name.items() if "after/" in k}
    found = {
        f"{path}/{i}": w for path, layer in leaves(model) for i, w in enumerate(layer.get_weights())
    }
    assert set(found) == set(after)
    for path, expected in after.items():
        values.agree(found[path], expected, path)


def leaves(model: Any, base: str = "") -> Iterator[tuple[str, Any]]:
    for layer in model.layers:
        inner = getattr(layer, "layer", layer)
        if hasattr(inner, "layers"):
            yield from leaves(inner, f"{base}{layer.name}/")
        else:
            yield base + layer.name, layer


def load(case: pathlib.Path, path: pathlib.Path) -> Any:
    if f"{case.parent.name}/{case.name}" not in WITHOUT_STATE:
        return cornu.models.load_model(path)
    with pytest.warns(UserWarning, match="state of optimizer 'adam' not loaded"):
        return cornu.models.load_model(path)


@every(PLAIN)
def test_a_model_predicts_and_goes_on_as_before(case: pathlib.Path) -> None:
    values = Values(case)
    for path in [case / "model.h5", *case.glob("model.keras")]:
        model = load(case, path)
        check_predictions(model, values)
        scores = np.atleast_1d(model.evaluate(one(values.x), one(values.y), verbose=0))
        expected = values.by_name["evaluated"]
        is_of_one = len(values.p) == 1
        count = len(scores) if is_of_one else 1  # of several outputs, the sum
        values.agree(scores[:count], expected[:count], "loss and metrics")
        title = f"{case.parent.name}/{case.name}{path.suffix}"
        if "loss" in values.by_name and not any(re.fullmatch(p, title) for p in DIFFERENT):
            check_next_step(model, values)


LAYERS = [p for p in PLAIN if not p[1].startswith(("optimizer", "losses", "metrics", "outputs"))]


@every([pair for pair in LAYERS if label(pair) not in WITHOUT_STATE])
def test_converted_there_and_back(case: pathlib.Path, tmp_path: pathlib.Path, capsys: Any) -> None:
    old, new, back = case / "model.h5", tmp_path / "new.keras", tmp_path / "back.h5"
    assert main(["inspect", str(old)]) == 0
    assert "parameters: " in capsys.readouterr().out
    assert main(["convert", str(old), str(new)]) == 0
    assert main(["convert", str(new), str(back)]) == 0
    check_predictions(cornu.models.load_model(back), Values(case))


@every(LAYERS)
def test_weights_alone(case: pathlib.Path) -> None:
    expected = cornu.models.load_model(case / "model.h5", compile=False).get_weights()
    model = cornu.models.model_from_json((case / "model.json").read_text(encoding="utf-8"))
    for path, how in weights_files(case):
        model.set_weights([np.zeros_like(w) for w in expected])
        model.load_weights(path, **how)
        for found, value in zip(model.get_weights(), expected, strict=True):
            np.testing.assert_array_equal(found, value)


def weights_files(case: pathlib.Path) -> list[tuple[pathlib.Path, dict[str, Any]]]:
    found: list[tuple[pathlib.Path, dict[str, Any]]] = [
        (case / "weights.h5", {}),
        (case / "weights.h5", {"by_name": True}),
        (case / "model.h5", {"by_name": True}),
    ]
    return found + [(path, {}) for path in case.glob("v3.weights.h5")]


@every(CODE)
def test_code_is_refused(case: pathlib.Path) -> None:
    for path in [case / "model.h5", *case.glob("model.keras")]:
        with pytest.raises(FileError, match=r"Lambda 'double'.*Python code"):
            cornu.models.load_model(path)
    with pytest.raises(FileError, match=r"Lambda 'double'.*Python code"):
        cornu.models.model_from_json((case / "model.json").read_text(encoding="utf-8"))


def test_all_versions_are_there() -> None:
    assert {path.name for path in FILES.glob("*.tar.xz")} == {f"{v}.tar.xz" for v in MANIFEST}
    assert sum(path.stat().st_size for path in FILES.iterdir()) < 1_500_000
