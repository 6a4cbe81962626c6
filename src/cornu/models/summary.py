"""The table that `model.summary()` prints."""

from __future__ import annotations

import io
import math
import shutil
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cornu.core import dtypes, tree
from cornu.layers.base.layer import Layer

if TYPE_CHECKING:  # rich takes as long to import as a tenth of JAX does; few programs need it
    from rich.table import Table

_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")


def show(
    model: Any,
    line_length: int | None,
    positions: Any,
    print_fn: Callable[..., Any] | None,
    expand_nested: bool,
    show_trainable: bool,
    layer_range: Any,
) -> None:
    """Print the table, or hand its text to `print_fn`."""
    rows = getattr(model, "operations", None) if _is_branched(model) else model.layers
    layers = _selected(rows or model.layers, layer_range)
    linked = _is_branched(model)
    width = line_length or (98 if linked else 80)
    table = _table(positions, width, show_trainable, linked)
    for layer in layers:
        _add(table, layer, model, 0, expand_nested, show_trainable, linked)
    text = _render(model, table, width)
    if print_fn is None:
        print(text)
        return
    try:
        print_fn(text, line_break=False)
    except TypeError:
        print_fn(text)


def _selected(layers: list[Any], layer_range: Any) -> list[Any]:
    if layer_range is None:
        return layers
    if len(layer_range) != 2:
        raise ValueError(f"layer_range must be two layer names. Received: {layer_range!r}")
    names = [layer.name for layer in layers]
    for name in layer_range:
        if name not in names:
            raise ValueError(f"layer_range: no layer named {name!r}; layers: {', '.join(names)}")
    first, last = sorted(names.index(name) for name in layer_range)
    return layers[first : last + 1]


def _is_branched(model: Any) -> bool:
    """Whether the graph is more than a chain, so that connections are worth a column."""
    nodes = getattr(model, "_nodes", None)
    if nodes is None:
        return False
    if len(model.inputs) > 1 or len(model.outputs) > 1:
        return True
    calls: dict[int, int] = {}
    for node in nodes:
        calls[id(node.operation)] = calls.get(id(node.operation), 0) + 1
        if len(node.inputs) > 1 or calls[id(node.operation)] > 1:
            return True
    used = [id(t) for node in nodes for t in node.inputs]
    return len(set(used)) < len(used)


def _table(positions: Any, width: int, show_trainable: bool, linked: bool) -> Table:
    from rich import box  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    columns = ["Layer (type)", "Output Shape", "Param #"]
    shares = [0.45, 0.8, 1.0]
    if linked:
        columns, shares = [*columns, "Connected to"], [0.29, 0.56, 0.74, 1.0]
    if show_trainable:
        columns.append("Trainable")
        shares = [share * 0.9 for share in shares] + [1.0]
    shares = list(positions) if positions else shares
    ends = [round(width * share) if share <= 1 else int(share) for share in shares]
    table = Table(width=width, expand=True, show_lines=True, box=box.HEAVY_HEAD)
    previous = 0
    for title, end in zip(columns, ends, strict=False):
        justify = "right" if title == "Param #" else "center" if title == "Trainable" else "left"
        column_width = max(end - previous - 3, 4)
        table.add_column(title, justify=justify, overflow="fold", width=column_width)
        previous = end
    return table


def _add(
    table: Table,
    layer: Any,
    model: Any,
    level: int,
    expand: bool,
    show_trainable: bool,
    linked: bool,
) -> None:
    indent = "    " * level
    row = [
        f"{indent}{layer.name} ({_kind(layer)})",
        output_shape(layer),
        _count_text(layer),
    ]
    if linked:
        row.append(", ".join(_sources(layer, model)) or "-")
    if show_trainable:
        weights = getattr(layer, "weights", ())
        row.append(("Y" if layer.trainable else "N") if weights else "-")
    table.add_row(*row)
    if expand and hasattr(layer, "layers") and hasattr(layer, "compile"):
        for inner in layer.layers:
            _add(table, inner, layer, level + 1, expand, show_trainable, linked)


def _kind(operation: Any) -> str:
    """The class name; for a function of `ops` its name in the same style."""
    name = getattr(operation, "op_name", None)
    return type(operation).__name__ if name is None else name.title().replace("_", "")


def output_shape(layer: Any) -> str:
    """Shapes of the layer's outputs in its first call, or `?`."""
    if not layer.inbound_nodes:
        known = getattr(layer, "called_shape", None)
        return str(known) if known is not None else "?"
    shapes = [t.shape for t in tree.flatten(layer.inbound_nodes[0].outputs)]
    if len(shapes) == 1:
        return str(shapes[0])
    return ", ".join(map(str, shapes))


def _count_text(layer: Any) -> str:
    if not isinstance(layer, Layer):
        return "0"
    if not layer.built and not layer.weights:
        unbuilt = type(layer).build is not Layer.build or hasattr(layer, "layers")
        return "0 (unbuilt)" if unbuilt else "0"
    return f"{sum(v.size for v in layer.weights):,}"


def _sources(layer: Any, model: Any) -> list[str]:
    own = {id(node) for node in getattr(model, "_nodes", ())}
    found = []
    for node in layer.inbound_nodes:
        if id(node) not in own:
            continue
        for tensor in node.inputs:
            if tensor.node is not None:
                found.append(
                    f"{tensor.node.operation.name}[{tensor.node.position}][{tensor.index}]"
                )
    return found


def _render(model: Any, table: Table, width: int) -> str:
    from rich.console import Console  # noqa: PLC0415

    trainable = _total(model.trainable_weights)
    frozen = _total(model.non_trainable_weights)
    optimizer = _total(model.optimizer.variables) if _optimizer_built(model) else (0, 0)
    total = tuple(sum(parts) for parts in zip(trainable, frozen, optimizer, strict=True))
    lines = [
        f" Total params: {_amount(total)}",
        f" Trainable params: {_amount(trainable)}",
        f" Non-trainable params: {_amount(frozen)}",
    ]
    if _optimizer_built(model):
        lines.append(f" Optimizer params: {_amount(optimizer)}")
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=max(width, shutil.get_terminal_size().columns if sys.stdout.isatty() else 0),
        force_terminal=False,
        color_system=None,
        markup=False,
        highlight=False,
        legacy_windows=False,
    )
    console.print(f'Model: "{model.name}"')
    console.print(table)
    for line in lines:
        console.print(line)
    return stream.getvalue().rstrip("\n")


def _optimizer_built(model: Any) -> bool:
    return getattr(model, "optimizer", None) is not None and model.optimizer.built


def _total(variables: list[Any]) -> tuple[int, int]:
    distinct = {id(v): v for v in variables}.values()
    count = sum(v.size for v in distinct)
    return count, sum(v.size * dtypes.held(v._dtype).itemsize for v in distinct)


def _amount(total: tuple[int, ...]) -> str:
    count, size = total
    unit = min(int(math.log(size, 1024)), len(_UNITS) - 1) if size else 0
    return f"{count:,} ({size / 1024**unit:.2f} {_UNITS[unit]})"
