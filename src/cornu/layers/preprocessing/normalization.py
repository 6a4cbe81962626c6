"""Normalization: features to mean 0 and variance 1, with moments that `adapt` measures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from cornu.core.scope import current
from cornu.core.variable import Variable
from cornu.errors import BadInputError, short, warn
from cornu.layers.base.layer import InputSpec, Layer
from cornu.layers.preprocessing import batches
from cornu.layers.preprocessing.moments import Moments
from cornu.serialization.configurable import given_arguments
from cornu.settings import settings


class Normalization(Layer):
    """`(inputs - mean) / sqrt(variance)`, with moments given, or measured by `adapt`.

    Args:
        axis: the axis, or several, whose positions keep moments apart; usually the features. None:
            one mean and one variance for everything.
        mean: the mean, if known; one number, or as many as `axis` has positions. Needs `variance`.
        variance: the variance, if known.
        invert: go the other way: `inputs * sqrt(variance) + mean`.

    Input and output: any shape; the sizes of `axis` must be known. Roots of variances below
    `epsilon()` count as that, so that constant features become 0.

    Raises:
        ValueError: if only one of `mean` and `variance` is given, or they do not fit the inputs.

    Example:
        >>> import numpy as np
        >>> layer = Normalization()
        >>> layer.adapt(np.array([[0.0, 10.0], [2.0, 30.0]]))
        >>> layer(np.array([[1.0, 30.0]])).tolist()
        [[0.0, 1.0]]
    """

    adapt_mean: Variable
    adapt_variance: Variable
    count: Variable

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        axes: tuple[Any, ...] = tuple(axis) if isinstance(axis, list | tuple) else (axis,)
        axes = () if axis is None else axes
        if not all(hasattr(one, "__index__") and not isinstance(one, bool) for one in axes):
            raise TypeError(
                f"`axis` must be an integer, several, or None. Received: axis={axis!r} "
                f"(layer '{self.name}')"
            )
        if (mean is None) != (variance is None):
            raise ValueError(
                "`mean` and `variance` must be given together, or both be left to `adapt`. "
                f"Received: mean={short(mean)}, variance={short(variance)} (layer '{self.name}')"
            )
        self.axis = tuple(int(one) for one in axes)
        self.invert = invert
        self._given_moments: tuple[np.ndarray, ...] | None = None
        given = (("mean", mean), ("variance", variance))
        if mean is not None:
            self._given_moments = tuple(_numbers(n, v, self.name) for n, v in given)
            if np.any(self._given_moments[1] < 0):
                raise ValueError(f"`variance` must not be negative (layer '{self.name}')")
        self.supports_masking = True
        self._looked = False  # whether the moments are known to be adapted, or a warning was given

    # -- building --------------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Make the variables for the moments, unless these are given."""
        rank, kept = len(input_shape), self._kept(input_shape)
        sizes = tuple(input_shape[axis] for axis in kept)
        if None in sizes:
            raise ValueError(
                f"all sizes along axis={self._axis_argument()} of layer '{self.name}' must be "
                f"known. Received shape {tuple(input_shape)}; for a single mean and variance pass "
                "axis=None"
            )
        self._moments_shape = tuple(n if i in kept else 1 for i, n in enumerate(input_shape))
        from_front = any(axis >= 0 for axis in self.axis)
        places = kept if from_front else [axis - rank for axis in kept]
        self.input_spec = InputSpec(
            ndim=rank if from_front else None, axes=dict(zip(places, sizes, strict=True))
        )
        if self._given_moments is not None:
            mean, variance = self._given_moments
            self._given_moments = self._fitted("mean", mean), self._fitted("variance", variance)
            return
        for name, attribute, initializer in (
            ("mean", "adapt_mean", "zeros"),
            ("variance", "adapt_variance", "ones"),
        ):
            variable = self.add_weight(
                shape=sizes, initializer=initializer, trainable=False, autocast=False, name=name
            )
            setattr(self, attribute, variable)
        # Files of Keras hold a count as well, always 0.
        self.count = self.add_weight(
            shape=(), initializer="zeros", dtype="int32", trainable=False, name="count"
        )

    def _kept(self, shape: Sequence[Any]) -> tuple[int, ...]:
        """`axis` counted from the front, in order."""
        rank = len(shape)
        if any(not -rank <= axis < rank for axis in self.axis):
            raise ValueError(
                f"axis={self._axis_argument()} of layer '{self.name}' is not in inputs of shape "
                f"{tuple(shape)}"
            )
        return tuple(sorted(axis % rank for axis in self.axis))

    def _axis_argument(self) -> Any:
        return self.axis[0] if len(self.axis) == 1 else self.axis or None

    def _fitted(self, name: str, values: np.ndarray) -> np.ndarray:
        """A given moment in the shape that broadcasts with the inputs."""
        if values.size == 1:
            return np.broadcast_to(values.reshape(()), self._moments_shape)
        if [n for n in values.shape if n != 1] == [n for n in self._moments_shape if n != 1]:
            return values.reshape(self._moments_shape)
        raise ValueError(
            f"`{name}` of layer '{self.name}' must be one number, or one for each position along "
            f"axis={self._axis_argument()}, shape {tuple(self.input_spec.axes.values())}. "
            f"Received shape {values.shape}"
        )

    # -- moments ---------------------------------------------------------------------------------

    @property
    def mean(self) -> Array | None:
        """The mean that is taken off, in a shape that broadcasts; None before it is known."""
        return self._moment(0)

    @property
    def variance(self) -> Array | None:
        """The variance that is divided out, in a shape that broadcasts; None before it is known."""
        return self._moment(1)

    def _moment(self, which: int) -> Array | None:
        if not self.built:
            return None
        if self._given_moments is not None:
            return jnp.asarray(self._given_moments[which], self.variable_dtype)
        variable = (self.adapt_mean, self.adapt_variance)[which]
        return jnp.reshape(variable.value, self._moments_shape)

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Measure mean and variance of data, in place of what was measured before.

        Args:
            data: an array of inputs, or a source of batches of them: PyDataset, generator,
                DataLoader, Grain or `tf.data` dataset. Of batches `(x, y)` only `x` counts.
            steps: how many batches of a source to look at; default: all.

        Raises:
            ValueError: if the moments were given to the constructor, or the data do not fit.
        """
        if self._given_moments is not None:
            raise ValueError(
                f"layer '{self.name}' was made with `mean` and `variance`, so there is nothing to "
                "adapt: leave them out"
            )
        moments: Moments | None = None
        for batch in batches.read(data, self.name, steps):
            self._check_batch(batch)
            if moments is None:
                kept = self._kept(batch.shape)
                moments = Moments([i for i in range(batch.ndim) if i not in kept])
            moments.add(batch)
        assert moments is not None
        assert moments.mean is not None
        assert moments.variance is not None
        self.adapt_mean.assign(moments.mean)
        self.adapt_variance.assign(moments.variance)
        self._looked = True

    def finalize_state(self) -> None:
        """Nothing: calls read the variables themselves, so that assigning to them is enough."""

    def _check_batch(self, batch: np.ndarray) -> None:
        if 0 in self._kept(batch.shape):
            raise BadInputError(
                f"data of shape {batch.shape} given to `adapt` of layer '{self.name}' has rows "
                f"along axis={self._axis_argument()}, which would be a mean for each row: give "
                "data of shape (rows, features), or pass axis=None"
            )
        if not self.built:
            self.build(batch.shape)
        problem = self.input_spec.complaint(batch.shape, "float32")
        if problem:
            raise BadInputError(
                f"data given to `adapt` of layer '{self.name}' does not fit it: {problem}. "
                f"Full shape received: {batch.shape}"
            )

    # -- calling ---------------------------------------------------------------------------------

    @property
    def input_dtype(self) -> str:
        """The dtype of the moments: large values close together would meet in 16 bits."""
        return self.variable_dtype

    def call(self, inputs: Array) -> Array:
        """The normalized inputs, or with `invert` the original ones."""
        self._warn_if_not_adapted()
        mean, variance = self.mean, self.variance
        assert mean is not None
        assert variance is not None
        inputs = inputs.astype(self.variable_dtype)
        spare = max(mean.ndim - inputs.ndim, 0)  # leading axes of size 1, where inputs have fewer
        mean, variance = (jnp.squeeze(m, tuple(range(spare))) for m in (mean, variance))
        deviation = jnp.maximum(jnp.sqrt(variance), settings.epsilon)
        found = inputs * deviation + mean if self.invert else (inputs - mean) / deviation
        return found.astype(self.compute_dtype)

    def _warn_if_not_adapted(self) -> None:
        scope = current()
        if (
            self._looked
            or self._given_moments is not None
            or (scope is not None and scope.abstract)
        ):
            return
        self._looked = True
        mean, variance = (np.asarray(v.stored) for v in (self.adapt_mean, self.adapt_variance))
        if not mean.any() and (variance == 1).all():
            warn(
                f"layer '{self.name}' was not adapted, so it changes nothing: call its "
                "`adapt(data)` first, or load weights"
            )

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer."""
        config = super().get_config()
        config["axis"] = list(self.axis)
        for name in ("mean", "variance"):
            given = given_arguments(self)[name]
            config[name] = None if given is None else np.asarray(given).tolist()
        return config


def _numbers(name: str, value: Any, layer_name: str) -> np.ndarray:
    found = np.asarray(value)
    if found.dtype.kind not in "biuf" or not np.isfinite(found).all():
        raise ValueError(
            f"`{name}` must be a number, or a list of one for each position of `axis`. "
            f"Received: {name}={short(value)} (layer '{layer_name}')"
        )
    return found
