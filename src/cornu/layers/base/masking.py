"""How masks pass through a layer's call: from the inputs to `call(mask=)` and to the outputs."""

from __future__ import annotations

from typing import Any

from cornu.core import masks, tree
from cornu.errors import warn
from cornu.layers.base import calling


class Masked:
    """What a layer does with the masks of its inputs."""

    supports_masking = False

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The mask of the output, given the inputs' masks; default: passed on unchanged."""
        del inputs
        return previous_mask


def fill_masks(
    signature: calling.CallSignature, args: tuple[Any, ...], call_kwargs: dict[str, Any]
) -> None:
    """Add the masks of the inputs to `call_kwargs`, where `call` takes them and none was given."""
    if not any(name.endswith("mask") for name in signature.accepts):
        return
    named = {**dict(zip(signature.parameters, args, strict=False)), **call_kwargs}
    for position, (name, value) in enumerate(named.items()):
        for target in (f"{name}_mask", "mask" if position == 0 else ""):
            if target in signature.accepts and named.get(target) is None:
                found = tree.map_structure(masks.get_mask, value)
                if any(m is not None for m in tree.flatten(found)):
                    call_kwargs[target] = found


def set_output_masks(
    layer: Any,
    signature: calling.CallSignature,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    outputs: Any,
) -> None:
    """Give the outputs of a call their masks."""
    inputs = args[0] if args else next(iter(kwargs.values()), None)
    overridden = type(layer).compute_mask is not Masked.compute_mask
    previous = kwargs.get("mask")
    if previous is None:
        previous = tree.map_structure(masks.get_mask, inputs)
    masked = any(m is not None for m in tree.flatten(previous))
    if not (layer.supports_masking or overridden):
        if masked and "mask" not in signature.accepts and not _has_own_mask(outputs):
            warn(
                f"layer '{layer.name}' ({type(layer).__name__}) was given masked input, but "
                "does not "
                "support masks: layers after it will not see the mask."
            )
        return
    if not masked and not overridden:
        return
    found = layer.compute_mask(inputs, previous)
    leaves = tree.flatten(outputs)
    output_masks = tree.flatten(found) if found is not None else [None] * len(leaves)
    if len(output_masks) == 1 and len(leaves) > 1:
        output_masks = output_masks * len(leaves)
    for output, mask in zip(leaves, output_masks, strict=False):
        if mask is not None and hasattr(output, "shape"):
            masks.set_mask(output, mask)


def _has_own_mask(outputs: Any) -> bool:
    return any(masks.get_mask(x) is not None for x in tree.flatten(outputs))
