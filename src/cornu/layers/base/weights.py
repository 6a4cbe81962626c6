"""The weights of a layer: making, listing, reading and setting them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import jax
import numpy as np

from cornu import constraints, initializers, regularizers
from cornu.core import dtypes, naming
from cornu.core.variable import Variable
from cornu.layers.base.tracked import Tracked


class Weights(Tracked):
    """What a layer knows of its variables."""

    name: str
    built: bool
    _path: str
    _trainable: bool
    _weights: list[Variable]
    variable_dtype: str

    def add_weight(
        self,
        shape: Any = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> Variable:
        """Make a variable that belongs to this layer.

        Args:
            shape: tuple of ints; default `()`, a scalar.
            initializer: name, object or function; default: glorot_uniform for floats, else zeros.
            dtype: default: the layer's variable dtype.
            trainable: whether gradients update it.
            autocast: whether it reads in the layer's compute dtype during `call`.
            regularizer: name, object or function of the weight; adds to the training loss.
            constraint: name, object or function that projects the weight after each update.
            aggregation: how replicas combine it.
            overwrite_with_gradient: the optimizer stores the gradient itself as the new value.
            name: last part of the path.
            **kwargs: `initializer`, where the name was given first as in older scripts.

        Raises:
            ValueError: if a dimension of `shape` is unknown.
        """
        if isinstance(shape, str) or (isinstance(initializer, tuple | list) and shape is not None):
            name, shape, initializer = shape, initializer, kwargs.pop("initializer", None)
        dtype = dtypes.standardize(dtype) if dtype is not None else self.variable_dtype
        if initializer is None:
            initializer = "glorot_uniform" if dtypes.is_float(dtype) else "zeros"
        with naming.root_scope(self._path):
            variable = Variable(
                initializers.get(initializer),
                shape=() if shape is None else shape,
                dtype=dtype,
                trainable=trainable,
                autocast=autocast,
                aggregation=aggregation,
                name=name,
            )
        variable.regularizer = regularizers.get(regularizer)
        variable.constraint = constraints.get(constraint)
        variable.overwrite_with_gradient = overwrite_with_gradient
        self._weights.append(variable)
        return variable

    def add_variable(self, shape: Any, initializer: Any, **kwargs: Any) -> Variable:
        """`add_weight` with shape and initializer in front."""
        return self.add_weight(shape=shape, initializer=initializer, **kwargs)

    # -- lists -----------------------------------------------------------------------------------

    @property
    def trainable(self) -> bool:
        """Whether the layer's weights are updated; setting it reaches all sublayers."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for layer in self.sublayers():
            layer.trainable = bool(value)

    @property
    def weights(self) -> list[Variable]:
        """All weights: own trainable, own non-trainable, then each sublayer's."""
        return _distinct(self._list_weights(lambda layer, own: own))

    @property
    def trainable_weights(self) -> list[Variable]:
        """Weights that gradients update."""
        if not self.trainable:
            return []
        mine = [v for v in self.own_variables() if v.trainable]
        return _distinct([*mine, *(v for sub in self.sublayers() for v in sub.trainable_weights)])

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """Weights that gradients leave alone."""
        if not self.trainable:
            return self.weights
        mine = [v for v in self.own_variables() if not v.trainable]
        return _distinct(
            [*mine, *(v for sub in self.sublayers() for v in sub.non_trainable_weights)]
        )

    @property
    def variables(self) -> list[Variable]:
        """All weights and the state of seed generators, without metrics."""
        return _distinct(
            self._list_weights(
                lambda layer, own: [*own, *(g.state for g in layer.own_generators())]
            )
        )

    @property
    def trainable_variables(self) -> list[Variable]:
        """The same as `trainable_weights`."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """All variables that gradients leave alone, seed states included."""
        trainable = {id(v) for v in self.trainable_weights}
        return [v for v in self.variables if id(v) not in trainable]

    def _list_weights(
        self, of_layer: Callable[[Any, list[Variable]], list[Variable]]
    ) -> list[Variable]:
        found = of_layer(self, self.saved_variables())
        for layer in self.sublayers():
            found.extend(layer._list_weights(of_layer))
        return found

    def saved_variables(self) -> list[Variable]:
        """Own variables in the order of files: trainable ones first."""
        own = self.own_variables()
        return [*(v for v in own if v.trainable), *(v for v in own if not v.trainable)]

    # -- values ----------------------------------------------------------------------------------

    def get_weights(self) -> list[np.ndarray]:
        """The values of `weights` as NumPy arrays."""
        return [np.asarray(v.value) for v in self.weights]

    def set_weights(self, weights: Iterable[Any]) -> None:
        """Set all weights, given in the order of `weights`.

        Raises:
            ValueError: if count or a shape differs; no weight has changed then.
        """
        variables, values = self.weights, list(weights)
        if len(variables) != len(values):
            raise ValueError(
                f"layer '{self.name}' has {len(variables)} weights, but `set_weights` was given "
                f"{len(values)} arrays"
            )
        for variable, value in zip(variables, values, strict=True):
            if tuple(np.shape(value)) != variable.shape:
                raise ValueError(
                    f"weight '{variable.path}' of layer '{self.name}' has shape {variable.shape}; "
                    f"`set_weights` was given shape {tuple(np.shape(value))}"
                )
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)

    def save_own_variables(self, store: Any) -> None:
        """Put the values of the layer's own variables into a mapping, under "0", "1", ...

        A layer with state of another kind overrides this and `load_own_variables` together.

        Args:
            store: takes arrays by key.
        """
        for i, variable in enumerate(self.saved_variables()):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Set the layer's own variables from what `save_own_variables` put into a mapping.

        Args:
            store: gives arrays by key.

        Raises:
            ValueError: if their number or a shape differs; no variable has changed then.
        """
        variables = self.saved_variables()
        if set(store.keys()) != {str(i) for i in range(len(variables))}:
            raise ValueError(
                f"layer '{self.name}' has {len(variables)} variables of its own; what is loaded "
                f"holds {len(store.keys())}"
            )
        values = [np.asarray(store[str(i)]) for i in range(len(variables))]
        for variable, value in zip(variables, values, strict=True):
            if value.shape != variable.shape:
                raise ValueError(
                    f"weight '{variable.path}' of layer '{self.name}' has shape {variable.shape}; "
                    f"what is loaded has shape {value.shape}"
                )
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)

    def count_params(self) -> int:
        """Number of scalars in all weights.

        Raises:
            ValueError: if the layer is not built yet.
        """
        if not self.built:
            raise ValueError(
                f"layer '{self.name}' has no weights to count yet: call it on data, or "
                "`build(input_shape)` it first"
            )
        return sum(v.size for v in self.weights)

    def regularization_losses(self) -> list[jax.Array]:
        """The penalty of each trainable weight that has a regularizer."""
        return [v.regularizer(v.value) for v in self.trainable_weights if v.regularizer is not None]


def _distinct(variables: Iterable[Variable]) -> list[Variable]:
    return list({id(v): v for v in variables}.values())
