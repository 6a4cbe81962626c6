"""What Keras 3.15.1 offers under public names, against what Cornu offers.

`keras-3.15.1-api.json` holds the facts: names, parameters with defaults, names of one object.
`not-yet-built.txt` holds the differences that are known, one a line, and may only shrink:

    layers.Conv3D         the name is missing, or not the same object as the one it should equal
    layers.Dense.quantize the method is missing
    layers.Dense()        the parameters or their defaults differ

After building something, write the list anew: python tests/house/public_names.py --write
"""

from __future__ import annotations

import importlib
import inspect
import json
import pathlib
import sys
from collections.abc import Iterator
from typing import Any

# Differences that stay, each with its reason.
ON_PURPOSE = {
    f"optimizers.legacy.{name}": "Keras has one class that only raises; ours are the optimizers"
    for name in ("Adagrad", "Adam", "Ftrl", "Optimizer", "RMSprop")
}

HERE = pathlib.Path(__file__).parent
FACTS: dict[str, dict[str, Any]] = json.loads((HERE / "keras-3.15.1-api.json").read_text())
LIST = HERE / "not-yet-built.txt"
MISSING = object()


def find(name: str) -> Any:
    """The object that Cornu has under Keras's public name, or MISSING."""
    found: Any = importlib.import_module("cornu")
    path = "cornu"
    for part in name.split("."):
        path = f"{path}.{part}"
        found = getattr(found, part, MISSING)
        if found is MISSING:
            try:
                found = importlib.import_module(path)
            except ModuleNotFoundError as error:
                if not path.startswith(error.name or "?"):
                    raise  # the module is there, something that it imports is not
                return MISSING
    return found


def parameters(found: Any) -> list[inspect.Parameter]:
    """Parameters of a function, method or constructor, without `self`."""
    if not inspect.isclass(found):
        everything = list(inspect.signature(found).parameters.values())
        return everything[1:] if everything and everything[0].name == "self" else everything
    if found.__init__ is object.__init__:
        return []
    return list(inspect.signature(found.__init__).parameters.values())[1:]


def parameter_difference(expected: list[str], found: Any) -> str:
    """What is wrong with the parameters of `found`; more of them are fine if they are optional."""
    own = parameters(found)
    places = [p.name for p in own if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    by_name = {p.name: p for p in own}
    wanted = [text for text in expected if not text.startswith("*")]
    for place, text in enumerate(wanted):
        name, _, default = text.removesuffix(" [keyword-only]").partition("=")
        if name not in by_name:
            return f"parameter `{name}` is missing"
        has = by_name[name].default
        shown = "" if has is inspect.Parameter.empty else repr(has)
        if shown != default:
            return f"`{name}` should default to {default or 'nothing'}, not to {shown or 'nothing'}"
        if not text.endswith("[keyword-only]") and places[place : place + 1] != [name]:
            return f"`{name}` should be positional parameter {place}"
    names = {text.removesuffix(" [keyword-only]").partition("=")[0] for text in wanted}
    if "*args" not in expected and "**kwargs" not in expected:
        for p in own:
            if p.name not in names and p.default is p.empty and "VAR" not in p.kind.name:
                return f"`{p.name}` is required, which Keras's is not"
    return ""


def differences() -> Iterator[tuple[str, str]]:
    """(entry of the list, what is wrong) for all names, methods and parameters."""
    for name, facts in FACTS.items():
        found = find(name)
        if found is MISSING:
            yield name, "is missing"
            continue
        if name in ON_PURPOSE:
            continue
        if "same_as" in facts:
            if found is not find(facts["same_as"]):
                yield name, f"is not `{facts['same_as']}`"
            continue
        wrong = parameter_difference(facts["parameters"], found)
        if wrong:
            yield f"{name}()", wrong
        for method in facts.get("methods", ()):
            if not callable(getattr(found, method, None)):
                yield f"{name}.{method}", "is missing"


def known() -> set[str]:
    """The entries of `not-yet-built.txt`."""
    return set(LIST.read_text().split())


if __name__ == "__main__":
    entries = sorted({entry for entry, _ in differences()})
    if "--write" in sys.argv:
        LIST.write_text("".join(f"{entry}\n" for entry in entries))
    print(f"{len(entries)} differences, {len(FACTS)} names")
