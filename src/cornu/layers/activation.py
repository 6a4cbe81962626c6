"""Activations as layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import Array, nn

from cornu import activations, constraints, initializers, ops, regularizers
from cornu.layers.base.layer import InputSpec, Layer


class Activation(Layer):
    """An activation function as a layer.

    Args:
        activation: name or function, e.g. "relu".

    Input and output: any shape.
    """

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.activation = activations.get(activation)

    def call(self, inputs: Array) -> Array:
        """The function of the inputs."""
        return self.activation(inputs)


class ReLU(Layer):
    """`x` above `threshold` (at most `max_value`), else `negative_slope * (x - threshold)`.

    Args:
        max_value: largest output; None: no limit.
        negative_slope: slope below the threshold.
        threshold: where the unit sets in.

    Input and output: any shape.

    Raises:
        ValueError: if an argument is negative.
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        for name, value in (
            ("max_value", max_value),
            ("negative_slope", negative_slope),
            ("threshold", threshold),
        ):
            if (value is None and name != "max_value") or (value is not None and value < 0):
                raise ValueError(
                    f"`{name}` of ReLU must not be negative. "
                    f"Received: {name}={value} (layer '{self.name}')"
                )
        self.supports_masking = True
        self.max_value = max_value
        self.negative_slope = negative_slope
        self.threshold = threshold

    def call(self, inputs: Array) -> Array:
        """The rectified inputs."""
        return activations.relu(
            inputs,
            negative_slope=self.negative_slope,
            max_value=self.max_value,
            threshold=self.threshold,
        )


class LeakyReLU(Layer):
    """`x` where positive, else `negative_slope * x` (Maas et al., 2013).

    Args:
        negative_slope: slope below 0.
        **kwargs: also `alpha`, the former name of `negative_slope`.

    Input and output: any shape.

    Raises:
        ValueError: if `negative_slope` is None or negative.
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        negative_slope = kwargs.pop("alpha", negative_slope)
        super().__init__(**kwargs)
        if negative_slope is None or negative_slope < 0:
            raise ValueError(
                "`negative_slope` of LeakyReLU must be a number that is not negative. "
                f"Received: negative_slope={negative_slope} (layer '{self.name}')"
            )
        self.supports_masking = True
        self.negative_slope = negative_slope

    def call(self, inputs: Array) -> Array:
        """The rectified inputs."""
        return activations.leaky_relu(inputs, negative_slope=self.negative_slope)


class ELU(Layer):
    """`x` where positive, else `alpha * (exp(x) - 1)` (Clevert et al., 2016).

    Args:
        alpha: limit for large negative inputs is `-alpha`.

    Input and output: any shape.
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.alpha = alpha

    def call(self, inputs: Array) -> Array:
        """The exponential linear unit of the inputs."""
        return activations.elu(inputs, alpha=self.alpha)


class PReLU(Layer):
    """`x` where positive, else `alpha * x` with a learned `alpha` (He et al., 2015).

    Args:
        alpha_initializer: name or object.
        alpha_regularizer: penalty of the slopes.
        alpha_constraint: projection of the slopes after each update.
        shared_axes: axes (counted with the batch axis 0) along which one slope is shared, e.g.
            `[1, 2]` for one slope per channel of an image.

    Input and output: (batch, ...); all sizes but the shared ones must be known.
    """

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: int | Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        if shared_axes is not None and not isinstance(shared_axes, list | tuple):
            shared_axes = [shared_axes]  # type: ignore[list-item]
        self.shared_axes = None if shared_axes is None else list(shared_axes)  # type: ignore[arg-type]

    def build(self, input_shape: Any) -> None:
        """Make one slope for each element of a row, or of its axes that are not shared."""
        shared = self.shared_axes or []
        shape = [1 if axis in shared else size for axis, size in enumerate(input_shape)][1:]
        self.alpha = self.add_weight(
            name="alpha",
            shape=tuple(shape),
            initializer=self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
        )
        axes = {i: n for i, n in enumerate(input_shape) if i and i not in shared} if shared else {}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=axes)

    def call(self, inputs: Array) -> Array:
        """The rectified inputs."""
        return ops.add(ops.relu(inputs), ops.multiply(self.alpha, ops.minimum(inputs, 0)))


class Softmax(Layer):
    """`exp(x) / sum(exp(x))` along `axis`.

    Args:
        axis: axis or axes that sum to 1.

    Input and output: any shape. `call` takes a `mask` (bool, broadcasts with the inputs): where it
    is False the result is 0.
    """

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.axis = axis

    def call(self, inputs: Array, mask: Any = None) -> Array:
        """Normalized exponentials; positions outside the mask get none of the weight."""
        axis = tuple(self.axis) if isinstance(self.axis, list | tuple) else self.axis
        if mask is None:
            return ops.softmax(inputs, axis=axis)
        # The most negative number that two of them can still be added to.
        low = float(jnp.finfo(inputs.dtype).min) / 2
        return nn.softmax(jnp.where(mask, inputs, low), axis=axis)
