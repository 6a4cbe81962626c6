"""Cells on top of each other, as one cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cornu.layers.base.layer import Layer
from cornu.layers.recurrent.cell import RecurrentCell


class StackedRNNCells(Layer):
    """The output of each cell is the input of the next.

    Args:
        cells: list of cells.

    Raises:
        ValueError: if an entry is no cell.
    """

    def __init__(self, cells: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for cell in cells:
            for needed in ("call", "state_size"):
                if not hasattr(cell, needed):
                    raise ValueError(
                        f"each of `cells` must have `{needed}`. Received: {type(cell).__name__}"
                    )
        self.cells = list(cells)

    @property
    def state_size(self) -> list[Any]:
        """The state sizes of the cells."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> Any:
        """The size of the last cell's output."""
        return _output_size(self.cells[-1])

    def build(self, input_shape: Any) -> None:
        """Build each cell on the output of the one before."""
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build(input_shape)
                cell.built = True
            size = _output_size(cell)
            input_shape = (input_shape[0], *(size if isinstance(size, list | tuple) else (size,)))

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """The initial states of the cells, a list for each."""
        found = [cell.get_initial_state(batch_size=batch_size) for cell in self.cells]
        return [list(one) if isinstance(one, list | tuple) else [one] for one in found]

    def call(self, inputs: Any, states: Any, training: bool = False) -> tuple[Any, list[Any]]:
        """One step of all cells: (output of the last, new states)."""
        return self.prepared_step(inputs.shape[0], training)(inputs, states)

    def prepared_step(self, batch_size: int, training: bool) -> Callable[..., Any]:
        """The function of one step, with its dropout drawn once for all steps."""
        steps = [_cell_step(cell, batch_size, training) for cell in self.cells]

        def step(inputs: Any, states: Any) -> tuple[Any, list[Any]]:
            new_states = []
            for one, state in zip(steps, states, strict=True):
                inputs, found = one(inputs, state)
                new_states.append(list(found) if isinstance(found, list | tuple) else [found])
            return inputs, new_states

        return step


def _output_size(cell: Any) -> Any:
    size = getattr(cell, "output_size", None)
    if size is not None:
        return size
    return cell.state_size[0] if isinstance(cell.state_size, list | tuple) else cell.state_size


def _cell_step(cell: Any, batch_size: int, training: bool) -> Callable[..., Any]:
    if not isinstance(cell, RecurrentCell) or type(cell).call is not RecurrentCell.call:
        return cell if isinstance(cell, Layer) else cell.call
    drop = cell.state_drop((batch_size,), training)
    factors = cell.input_drop((batch_size,), training)

    def step(inputs: Any, states: Any) -> Any:
        return cell.step(
            cell.project(inputs if factors is None else inputs * factors), states, drop
        )

    return step
