"""Bidirectional: a recurrent layer forward and backward in time."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array

from cornu import ops
from cornu.core import tree
from cornu.layers.base import calling
from cornu.layers.base.layer import InputSpec, Layer
from cornu.serialization import codec

MERGE_MODES = ("sum", "mul", "ave", "concat", None)


class Bidirectional(Layer):
    """Applies a recurrent layer in both directions.

    Args:
        layer: the layer; two copies of it are made, with weights of their own.
        merge_mode: how the two outputs become one: "concat", "sum", "mul", "ave", or None for both.
        weights: initial weights of both directions, forward first.
        backward_layer: the layer for the other direction; default: like `layer`.

    Input: (batch, time, features), and a `mask` (batch, time).
    Output: as `layer`'s, merged; with `return_state` the states of both follow.

    Raises:
        ValueError: for an unknown merge mode, or layers that do not fit together.
    """

    config_omit = ("weights",)

    def __init__(
        self,
        layer: Layer,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Layer | None = None,
        **kwargs: Any,
    ) -> None:
        _check_layers(layer, backward_layer)
        if merge_mode not in MERGE_MODES:
            raise ValueError(f"`merge_mode` must be one of {MERGE_MODES}. Received: {merge_mode!r}")
        if weights is not None:
            kwargs["weights"] = weights
        if layer._batch_input_shape is not None and "batch_input_shape" not in kwargs:
            kwargs.setdefault("input_shape", layer._batch_input_shape[1:])
            kwargs.setdefault("batch_size", layer._batch_input_shape[0])
        super().__init__(**kwargs)
        self.merge_mode = merge_mode
        self.forward_layer = _copy(layer, f"forward_{layer.name}", layer.go_backwards)  # type: ignore[attr-defined]
        if backward_layer is None:
            reverse = not layer.go_backwards  # type: ignore[attr-defined]
            backward_layer = _copy(layer, f"backward_{layer.name}", reverse)
        self.backward_layer: Any = backward_layer
        # Repeating the last output would say different things in the two directions.
        zeros = layer.return_sequences  # type: ignore[attr-defined]
        self.forward_layer.zero_output_for_mask = zeros
        self.backward_layer.zero_output_for_mask = zeros  # type: ignore[attr-defined]
        self.stateful = layer.stateful  # type: ignore[attr-defined]
        self.return_sequences = layer.return_sequences  # type: ignore[attr-defined]
        self.return_state = layer.return_state  # type: ignore[attr-defined]
        self.supports_masking = True
        self.input_spec = layer.input_spec or InputSpec(ndim=3)

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Build both directions."""
        del initial_state_shape
        for layer in self.sublayers():
            if not layer.built:
                layer.build(sequences_shape)

    def call(
        self,
        sequences: Array,
        initial_state: Any = None,
        mask: Any = None,
        training: bool | None = None,
    ) -> Any:
        """Both outputs merged, and the states if they are asked for."""
        first, second = self._split_states(initial_state)
        ahead = self._run(self.forward_layer, sequences, first, mask, training)
        back = self._run(self.backward_layer, sequences, second, mask, training)
        if self.return_state:
            (ahead, *ahead_states), (back, *back_states) = ahead, back
        if self.return_sequences:
            back = jnp.flip(back, 1)
        merged = self._merge(ahead, back)
        if not self.return_state:
            return merged
        outputs = merged if self.merge_mode is None else (merged,)
        return (*outputs, *ahead_states, *back_states)

    def _split_states(self, initial_state: Any) -> tuple[Any, Any]:
        if initial_state is None:
            return None, None
        half = len(initial_state) // 2
        return list(initial_state[:half]), list(initial_state[half:])

    def _run(self, layer: Layer, sequences: Array, states: Any, mask: Any, training: Any) -> Any:
        accepts = calling.call_signature(type(layer).call).accepts
        given = {"initial_state": states, "mask": mask, "training": training}
        kept = {key: value for key, value in given.items() if value is not None and key in accepts}
        return layer(sequences, **kept)

    def _merge(self, ahead: Array, back: Array) -> Any:
        if self.merge_mode is None:
            return (ahead, back)
        if self.merge_mode == "concat":
            return ops.concatenate([ahead, back], axis=-1)
        if self.merge_mode == "mul":
            return ahead * back
        return ahead + back if self.merge_mode == "sum" else (ahead + back) / 2

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the sequences, if sequences are returned; states have none."""
        del inputs
        mask = mask[0] if isinstance(mask, list | tuple) and mask else mask
        of_output = mask if self.return_sequences else None
        outputs = [of_output] * (2 if self.merge_mode is None else 1)
        if not self.return_state:
            return outputs if self.merge_mode is None else of_output
        layers = (self.forward_layer, self.backward_layer)
        states = [None for layer in layers for _ in tree.flatten(layer.cell.state_size)]  # type: ignore[attr-defined]
        return [*outputs, *states]

    def reset_state(self) -> None:
        """Set the states that are kept between batches to 0."""
        self.forward_layer.reset_state()  # type: ignore[attr-defined]
        self.backward_layer.reset_state()  # type: ignore[attr-defined]

    reset_states = reset_state

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer; `layer` is the forward copy."""
        config = super().get_config()
        config["layer"] = codec.serialize(self.forward_layer)
        config["backward_layer"] = codec.serialize(self.backward_layer)
        return config

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Any:
        """The layer of a config."""
        config = dict(config)
        for key in ("layer", "backward_layer"):
            if isinstance(config.get(key), dict):
                config[key] = codec.deserialize(config[key], custom_objects)
        config["dtype"] = codec.decode(config.get("dtype"))
        # The forward copy already has its prefix.
        layer = config["layer"]
        layer.name = layer.name.removeprefix("forward_")
        return cls(**config)


def _check_layers(layer: Any, backward: Any) -> None:
    needed = ("go_backwards", "return_sequences", "return_state", "stateful")
    for one in (layer, *([] if backward is None else [backward])):
        if not isinstance(one, Layer) or any(not hasattr(one, name) for name in needed):
            raise ValueError(
                f"Bidirectional needs a recurrent layer with {needed}. "
                f"Received: {type(one).__name__}"
            )
    if backward is None:
        return
    if backward.go_backwards == layer.go_backwards:
        raise ValueError("`layer` and `backward_layer` must differ in `go_backwards`")
    for name in ("return_sequences", "return_state", "stateful"):
        if getattr(layer, name) != getattr(backward, name):
            raise ValueError(f"`layer` and `backward_layer` must agree in `{name}`")


def _copy(layer: Any, name: str, go_backwards: bool) -> Any:
    config = {**layer.get_config(), "name": name, "go_backwards": go_backwards}
    return type(layer).from_config(config)
