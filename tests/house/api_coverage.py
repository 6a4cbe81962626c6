"""How much of Keras's public vocabulary is there, namespace by namespace.

The facts and the comparison are those of `public_names.py`; here they are counted: names present,
parameters and defaults equal, aliases one object. `python -m tests.coverage` prints the table.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

from house import public_names

# The vocabulary: everything small with a name.
NAMESPACES = (
    *("ops", "ops.numpy", "ops.nn", "ops.linalg", "ops.image", "random", "activations"),
    *("initializers", "regularizers", "constraints", "losses", "metrics", "optimizers"),
    *("optimizers.schedules", "optimizers.legacy", "tree", "dtype_policies", "mixed_precision"),
    *("config", "backend", "utils"),
)
K = "backend of Keras 2.2.4"

# Names under `utils` that are no vocabulary: they read files, draw, or are parts of saving.
OF_OTHERS = {
    **dict.fromkeys(
        ("array_to_img", "img_to_array", "load_img", "save_img", "bounding_boxes"), "images"
    ),
    **dict.fromkeys(
        (
            *("audio_dataset_from_directory", "image_dataset_from_directory", "get_file"),
            *("text_dataset_from_directory", "timeseries_dataset_from_array", "split_dataset"),
        ),
        "files and data sets",
    ),
    **dict.fromkeys(
        ("FeatureSpace", "Config", "get_source_inputs", "model_to_dot", "plot_model"),
        "layers and models",
    ),
    **dict.fromkeys(
        (
            *("CustomObjectScope", "custom_object_scope", "deserialize_keras_object"),
            *("get_custom_objects", "get_registered_name", "get_registered_object"),
            *("register_keras_serializable", "serialize_keras_object", "legacy"),
        ),
        "saving",
    ),
}

# Names that are meant to be absent or different, each with the reason.
EXCEPTIONS: dict[str, str] = dict.fromkeys(
    (f"optimizers.legacy.{name}" for name in ("Adagrad", "Adam", "Ftrl", "Optimizer", "RMSprop")),
    "Keras has one class under all these names, which only raises; here they are optimizers",
)

_K_FACTS: dict[str, list[str] | None] = json.loads(
    (public_names.HERE / "keras-2.2.4-backend.json").read_text()
)
_K_INTERNAL = "an inner name of Keras's module, no function of the backend"
K_EXCEPTIONS: dict[str, str] = {
    **dict.fromkeys(("py_all", "py_any", "py_sum", "py_slice"), _K_INTERNAL),
    "clip": "both limits are optional, and may be left open with None",
    "set_epsilon": "the same function as Keras 3's, whose parameter is `value`",
    "set_floatx": "the same function as Keras 3's, whose parameter is `value`",
}


@dataclasses.dataclass
class Count:
    """Three pairs (as in Keras, listed) of one namespace, and what is wrong in words."""

    names: int = 0
    names_listed: int = 0
    parameters: int = 0
    parameters_listed: int = 0
    aliases: int = 0
    aliases_listed: int = 0
    wrong: list[str] = dataclasses.field(default_factory=list)
    excepted: list[str] = dataclasses.field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether all is as in Keras, exceptions apart."""
        return not self.wrong

    def add(self, name: str, facts: dict[str, Any]) -> None:
        """Count one name."""
        if name in EXCEPTIONS:
            self.excepted.append(f"{name}: {EXCEPTIONS[name]}")
            return
        found = public_names.find(name)
        self.names_listed += 1
        self.names += found is not public_names.MISSING
        wrong = "is missing" if found is public_names.MISSING else ""
        if "same_as" in facts:
            self.aliases_listed += 1
            if not wrong:
                one = found is public_names.find(facts["same_as"])
                self.aliases += one
                wrong = "" if one else f"is not `{facts['same_as']}`"
        else:
            self.parameters_listed += 1
            if not wrong:
                wrong = public_names.parameter_difference(facts["parameters"], found)
                self.parameters += not wrong
                wrong = wrong or _missing_methods(found, facts)
        if wrong:
            self.wrong.append(f"{name} {wrong}")


def _missing_methods(found: Any, facts: dict[str, Any]) -> str:
    methods = [m for m in facts.get("methods", ()) if not callable(getattr(found, m, None))]
    return f"lacks the methods {', '.join(methods)}" if methods else ""


def namespace(name: str) -> str:
    """`ops.nn.relu` -> `ops.nn`."""
    return name.rpartition(".")[0]


def counts() -> Iterator[tuple[str, Count]]:
    """(namespace, count) for the whole vocabulary."""
    for space in NAMESPACES:
        count = Count()
        for name, facts in public_names.FACTS.items():
            inside = namespace(name) == space
            if not inside and not (space == "utils" and name.startswith("utils.")):
                continue
            part = name.split(".")[1]
            if space == "utils" and part in OF_OTHERS:
                count.excepted.append(f"{name}: {OF_OTHERS[part]}")
                continue
            count.add(name, facts)
        yield space, count
    yield K, _count_of_k()


def _count_of_k() -> Count:
    """The functions of the old backend, which `cornu.backend` holds."""
    count = Count()
    for name, parameters in _K_FACTS.items():
        if name in K_EXCEPTIONS:
            count.excepted.append(f"K.{name}: {K_EXCEPTIONS[name]}")
            continue
        found = public_names.find(f"backend.{name}")
        count.names_listed += 1
        count.names += found is not public_names.MISSING
        if found is public_names.MISSING:
            count.wrong.append(f"K.{name} is missing")
        elif parameters is not None:
            count.parameters_listed += 1
            wrong = public_names.parameter_difference(parameters, found)
            count.parameters += not wrong
            if wrong:
                count.wrong.append(f"K.{name} {wrong}")
    return count


def report() -> Iterator[str]:
    """The lines of the table, then what is wrong and what is excepted."""
    found = list(counts())
    yield f"{'namespace':24} {'names':>11} {'parameters':>11} {'aliases':>11}"
    for space, c in found:
        pairs = (
            (c.names, c.names_listed),
            (c.parameters, c.parameters_listed),
            (c.aliases, c.aliases_listed),
        )
        yield f"{space:24} " + " ".join(f"{f'{a} / {b}' if b else '-':>11}" for a, b in pairs)
    for title, lines in (
        ("not as in Keras", [line for _, c in found for line in c.wrong]),
        ("excepted", [line for _, c in found for line in c.excepted]),
    ):
        if lines:
            yield f"\n{title}:"
            yield from (f"  {line}" for line in lines)
