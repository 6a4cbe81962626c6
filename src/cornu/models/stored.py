"""What a model can do with files, and its values as one nested dict."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from cornu import faces
from cornu.core.variable import Variable
from cornu.errors import did_you_mean
from cornu.layers.base.layer import Layer
from cornu.serialization import registry

if TYPE_CHECKING:
    from cornu.saving import api, archive
else:
    api, archive = faces.Later("cornu.saving.api"), faces.Later("cornu.saving.archive")

Path = str | os.PathLike[str]
_KINDS = ("trainable_variables", "non_trainable_variables", "optimizer_variables",
          "metrics_variables")  # fmt: skip
_SEED = "/seed_generator_state"


class Stored:
    """A model that can be written to files and read back."""

    built: bool
    name: str

    def save(
        self, filepath: Path, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any
    ) -> None:
        """Write the model to a file: what it is made of, its weights, how it was compiled.

        The file appears whole or not at all, and an older one stays until then.

        Args:
            filepath: ending in `.keras`, or in `.h5` for the format of Keras 1 and 2.
            overwrite: whether a file that is there is replaced; else it is asked or an error.
            zipped: False writes a folder with the members of the `.keras` archive as files; its
                name must not end in `.keras` then.
            **kwargs: `include_optimizer` for `.h5`.

        Raises:
            ValueError: for another ending.
            FileExistsError: if the file is there and is not to be replaced.
            WriteError: an OSError, if it cannot be written.
        """
        api.save_model(self, filepath, overwrite, zipped, **kwargs)

    def save_weights(
        self,
        filepath: Path,
        overwrite: bool = True,
        max_shard_size: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Write the weights, and the optimizer's state, to a file.

        Args:
            filepath: ending in `.weights.h5`; in `.weights.json` with `max_shard_size`; or in `.h5`
                for the format of Keras 1 and 2.
            overwrite: whether a file that is there is replaced; else it is asked or an error.
            max_shard_size: largest size of one file in GB; larger weights go into several.
            **kwargs: none are needed today.

        Raises:
            ValueError: for another ending, or if the model is not built.
        """
        api.save_weights(self, filepath, overwrite, max_shard_size, **kwargs)

    def load_weights(self, filepath: Path, skip_mismatch: bool = False, **kwargs: Any) -> None:
        """Set the weights from a file; where it does not fit, nothing changes.

        Args:
            filepath: what `save_weights` or `save` wrote, or those of Keras since 1.2.
            skip_mismatch: leave out, with a warning, what does not fit.
            **kwargs: `by_name`: for `.h5` files, match layers by name, not by order.

        Raises:
            FileError: a ValueError, if the file is damaged, or arrays are missing or left over, or
                a shape or dtype differs.
        """
        api.load_weights(self, filepath, skip_mismatch, **kwargs)

    def get_state_tree(self, value_format: str = "backend_tensor") -> dict[str, Any]:
        """All values as nested dicts by the parts of the variables' paths.

        Args:
            value_format: "backend_tensor" for JAX arrays, "numpy_array" for NumPy ones.

        Raises:
            ValueError: for another format.
        """
        formats = {"backend_tensor": lambda v: v.value, "numpy_array": Variable.numpy}
        if value_format not in formats:
            raise ValueError(
                f"value_format must be one of {list(formats)}. Received: {value_format!r}"
                f"{did_you_mean(str(value_format), formats)}"
            )
        found: dict[str, Any] = {kind: {} for kind in _KINDS}
        for kind, variable in self._by_kind():
            *folders, name = variable.path.split("/")
            place = found[kind]
            for folder in folders:
                place = place.setdefault(folder, {})
            place[name] = formats[value_format](variable)
        return found

    def set_state_tree(self, state_tree: dict[str, Any]) -> None:
        """Set values from what `get_state_tree` gave, or a part of it.

        Args:
            state_tree: nested dicts of arrays.

        Raises:
            ValueError: for a path that the model lacks, or an array of another shape; no value has
                changed then.
        """
        known: dict[str, dict[str, Variable]] = {kind: {} for kind in _KINDS}
        for kind, variable in self._by_kind():
            known[kind][variable.path] = variable
        pending: list[tuple[Variable, Any]] = []
        for kind, values in state_tree.items():
            if kind not in known:
                raise ValueError(f"state_tree has a key '{kind}'{did_you_mean(kind, _KINDS)}")
            seeds = [path for path in known[kind] if path.endswith(_SEED)]
            for path, value in _leaves(values, ""):
                # Seed generators have automatic names: they go by their order.
                by_order = path.endswith(_SEED) and path not in known[kind] and seeds
                variable = known[kind].get(seeds.pop(0) if by_order else path)
                if variable is None:
                    raise ValueError(
                        f"model '{self.name}' has no variable '{path}' among its {kind}"
                        f"{did_you_mean(path, known[kind])}"
                    )
                if tuple(np.shape(value)) != variable.shape:
                    raise ValueError(
                        f"'{path}' has shape {variable.shape}; the state_tree holds shape "
                        f"{tuple(np.shape(value))}"
                    )
                pending.append((variable, value))
        for variable, value in pending:
            variable.assign(value)

    def _by_kind(self) -> Iterator[tuple[str, Variable]]:
        model: Any = self
        optimizer = getattr(model, "optimizer", None)
        groups = (
            model.trainable_variables,
            model.non_trainable_variables,
            optimizer.variables if optimizer is not None else [],
            model.metrics_variables,
        )
        for kind, variables in zip(_KINDS, groups, strict=True):
            for variable in variables:
                yield kind, variable

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Pickle as a `.keras` archive, where the model's config can be written."""
        if not self.built:
            return super().__reduce_ex__(protocol)
        try:
            content = io.BytesIO()
            archive.write(self, content)
            classes = _users_classes(self)
        except (TypeError, ValueError, NotImplementedError, AttributeError):
            return super().__reduce_ex__(protocol)
        return unpickle, (content.getvalue(), classes)


def unpickle(content: bytes, classes: dict[str, Any]) -> Any:
    """The model of an archive in memory.

    Args:
        content: a `.keras` file.
        classes: the user's classes by the names they have in it.
    """
    with registry.CustomObjectScope(classes):
        return archive.read(io.BytesIO(content), "the pickled model")


def _users_classes(model: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for layer in model.walk():
        cls = registry.saved_class(type(layer))
        if isinstance(layer, Layer) and cls not in registry.MODULES:
            found[registry.get_registered_name(cls)] = cls
    return found


def _leaves(values: Any, path: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(values, dict):
        yield path, values
        return
    for name, value in values.items():
        yield from _leaves(value, f"{path}/{name}" if path else name)
