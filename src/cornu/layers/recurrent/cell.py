"""What the cells of recurrent layers share.

A cell makes one step: `call(inputs, states, training) -> (output, new states)`. Cells of this
package also say their step in two parts, so that a layer can compute what does not depend on the
state for all steps in one product: `project(inputs)`, then `step(projected, states, drop)`.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

import jax.numpy as jnp
from jax import Array

from cornu import activations, constraints, initializers, ops, regularizers
from cornu.core.random import SeedGenerator
from cornu.layers.base.arguments import positive_integer
from cornu.layers.base.layer import Layer
from cornu.layers.dropout import check_rate, keep_and_scale
from cornu.layers.recurrent.gates import SLOPES, Gates
from cornu.layers.recurrent.recurrence import DenseRecurrence, Recurrence
from cornu.ops.bias import add_bias
from cornu.serialization.configurable import config_names

Shape = tuple[int, ...]


class RecurrentCell(Layer):
    """Base of the cells with an input kernel, a recurrent kernel and a bias.

    Args:
        units: size of the output.
        activation: name or function.
        use_bias: whether to add a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: of the weights.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties of the weights.
        kernel_constraint, recurrent_constraint, bias_constraint: projections after each update.
        dropout: share of the inputs that is dropped in training, the same in all steps.
        recurrent_dropout: the same for the state.
        seed: integer; default: drawn once when the cell is made.

    Raises:
        ValueError: if `units` is not positive or a rate is no share.
    """

    gates: ClassVar[int] = 1  # how many vectors of `units` the kernels make
    recurrence: ClassVar[Recurrence] = DenseRecurrence()
    seed_first: ClassVar[bool] = False  # whether its own seed is drawn before the initializers'

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units = positive_integer(units, "units", self.name)
        self.seed = seed
        if self.seed_first:
            self.seed_generator = SeedGenerator(seed)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.recurrent_constraint = constraints.get(recurrent_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        check_rate(dropout, self, "dropout")
        check_rate(recurrent_dropout, self, "recurrent_dropout")
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        if not self.seed_first:
            self.seed_generator = SeedGenerator(seed)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The cell of a config; what draws seeds is made by the constructor, in its order."""
        return cls(**config)

    @property
    def state_size(self) -> Any:
        """Size of the state, or a list of sizes."""
        return self.units

    @property
    def output_size(self) -> int:
        """Size of the output."""
        return self.units

    @property
    def window(self) -> Shape:
        """Axes of both kernels before the features."""
        return ()

    @property
    def bias_shape(self) -> tuple[int, ...]:
        """Shape of the bias."""
        return (self.gates * self.units,)

    def build(self, input_shape: Any) -> None:
        """Make kernel (*window, features, gates * units), recurrent kernel and bias."""
        features = input_shape[-1]
        if features is None:
            raise ValueError(
                f"the last axis of the input of '{self.path}' must be known. "
                f"Received shape {tuple(input_shape)}"
            )
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.window, features, self.gates * self.units),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.recurrent_kernel = self.add_weight(
            name="recurrent_kernel",
            shape=(*self.window, self.units, self.gates * self.units),
            initializer=self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=self.bias_shape,
                initializer=self.first_bias,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def first_bias(self, shape: Any, dtype: Any = None) -> Any:
        """The initial bias."""
        return self.bias_initializer(shape, dtype=dtype)

    def get_initial_state(self, batch_size: int | None = None) -> list[Array]:
        """States of zeros for `batch_size` rows."""
        sizes = self.state_size if isinstance(self.state_size, list | tuple) else [self.state_size]
        return [
            jnp.zeros((1 if batch_size is None else batch_size, size), self.compute_dtype)
            for size in sizes
        ]

    # -- one step, in parts ------------------------------------------------------------------------

    def state_rows(self, rows: Shape) -> Shape:
        """Axes of the state before the units, where the inputs have `rows` before the features."""
        return rows

    def input_drop(self, rows: Shape, training: bool | None) -> Array | None:
        """Factors of the inputs, (*rows, features), for dropout: the same in all steps."""
        return self._factors(self.dropout, (*rows, self.kernel.shape[-2]), training)

    def state_drop(self, rows: Shape, training: bool | None) -> Array | None:
        """Factors of the state, (..., units), for recurrent dropout: the same in all steps."""
        return self._factors(self.recurrent_dropout, (*self.state_rows(rows), self.units), training)

    def _factors(self, rate: float, shape: Shape, training: bool | None) -> Array | None:
        if not training or not rate > 0:
            return None
        ones = jnp.ones(shape, self.compute_dtype)
        return keep_and_scale(ones, rate, shape, self.seed_generator)

    def project(self, inputs: Array) -> Array:
        """What the inputs, (..., features), add to the gates: (..., gates * units)."""
        projected = ops.matmul(inputs, self.kernel)
        return projected if self.bias is None else add_bias(projected, self.bias.value)

    def step(
        self, projected: Array, states: list[Array], drop: Array | None
    ) -> tuple[Array, list[Array]]:
        """Output and new states from projected inputs; `drop` multiplies the state."""
        raise NotImplementedError

    def gates_of_step(self) -> Gates | None:
        """`step` as arithmetic on gates, for `sequence.run`; None where there is only `step`."""
        return None

    def products(self, inputs: Array) -> tuple[Array, Array | None]:
        """For `sequence.run`: what the inputs add to the gates, and what each step adds beside."""
        # One flat product, the bias in the loop: so its result is passed over once, not twice.
        rows = ops.matmul(jnp.reshape(inputs, (-1, inputs.shape[-1])), self.kernel)
        bias = None if self.bias is None else self.bias.value
        return jnp.reshape(rows, (*inputs.shape[:-1], rows.shape[-1])), bias

    def call(self, inputs: Array, states: Any, training: bool = False) -> tuple[Array, list[Array]]:
        """One step: (output, new states)."""
        states = list(states) if isinstance(states, list | tuple) else [states]
        factors = self.input_drop(inputs.shape[:-1], training)
        drop = self.state_drop(inputs.shape[:-1], training)
        return self.step(
            self.project(inputs if factors is None else inputs * factors), states, drop
        )

    def recurrent(self, state: Array, drop: Array | None) -> Array:
        """What the state adds to the gates."""
        return ops.matmul(state if drop is None else state * drop, self.recurrent_kernel)


def keeps_its_step(cell: RecurrentCell, own: type[RecurrentCell]) -> bool:
    """Whether the step of `cell` is still that of the class `own`, not of a subclass."""
    return all(
        getattr(type(cell), part) is getattr(own, part) for part in ("step", "project", "recurrent")
    )


def cell_of(kind: type[RecurrentCell], names: dict[str, Any], **others: Any) -> Any:
    """The cell of a layer, made of those of the layer's arguments that it takes.

    Args:
        kind: of the cell.
        names: the `locals()` of the layer's constructor, before it has any others.
        **others: more arguments of the cell.
    """
    own = ("activity_regularizer",)  # of the layer's output
    taken = [name for name in config_names(kind) if name in names and name not in own]
    kwargs = names["kwargs"]
    inner = {name: kwargs[name] for name in ("dtype", "trainable") if name in kwargs}
    return kind(**{name: names[name] for name in taken}, **inner, **others)


def differentiable(*chosen: Any) -> bool:
    """Whether the loop knows the slopes of these activations."""
    return all(any(one is known for known in SLOPES) for one in chosen)


class OfCell:
    """An attribute of a recurrent layer that its cell holds."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.__doc__ = f"`{name}` of the cell."

    def __get__(self, layer: Any, owner: type | None = None) -> Any:
        return self if layer is None else getattr(layer.cell, self.name)


class CellArguments:
    """The cell's arguments as attributes of the layer, which is where users and configs look."""

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The layer of a config; what draws seeds is made by the constructor, in its order."""
        return cls(**config)

    units = OfCell()
    activation = OfCell()
    use_bias = OfCell()
    kernel_initializer = OfCell()
    recurrent_initializer = OfCell()
    bias_initializer = OfCell()
    kernel_regularizer = OfCell()
    recurrent_regularizer = OfCell()
    bias_regularizer = OfCell()
    kernel_constraint = OfCell()
    recurrent_constraint = OfCell()
    bias_constraint = OfCell()
    dropout = OfCell()
    recurrent_dropout = OfCell()
    seed = OfCell()
