"""Batch normalization."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from cornu import constraints, initializers, ops, regularizers
from cornu.core.variable import Variable
from cornu.layers.base.layer import InputSpec, Layer


class BatchNormalization(Layer):
    """`gamma * (x - mean) / sqrt(variance + epsilon) + beta` with the moments of the batch.

    In training each position of `axis` is normalized with the mean and variance of the batch, and
    moving averages of both are kept: `moving = momentum * moving + (1 - momentum) * batch`. At
    inference, and when the layer is not trainable, the moving averages are used.

    Args:
        axis: the axis that keeps its statistics apart, usually the channels.
        momentum: of the moving averages.
        epsilon: keeps the root away from 0.
        center: whether to add `beta`.
        scale: whether to multiply by `gamma`.
        beta_initializer, gamma_initializer: of the weights.
        moving_mean_initializer, moving_variance_initializer: of the averages.
        beta_regularizer, gamma_regularizer: penalties of the weights.
        beta_constraint, gamma_constraint: projections after each update.
        renorm: also correct the batch's moments towards the moving ones (batch renormalization).
        renorm_clipping: dict with limits "rmin", "rmax", "dmax" of the correction.
        renorm_momentum: of the averages that the correction uses.
        synchronized: accepted; a batch that is split over devices is always averaged as a whole.

    Input and output: any shape; `axis` must be known. A mask (the leading axes of the inputs)
    takes positions out of the statistics.

    Raises:
        ValueError: if `axis` is not in the input or its size is unknown.

    Source: Ioffe & Szegedy, 2015; renormalization: Ioffe, 2017.
    """

    mixes_rows_in_training = True

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: dict[str, float] | None = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if isinstance(axis, list | tuple) and len(axis) == 1:
            axis = axis[0]
        if isinstance(axis, bool) or not hasattr(axis, "__index__"):
            raise TypeError(
                f"`axis` must be an integer. Received: axis={axis} (layer '{self.name}')"
            )
        self.axis = int(axis)
        self.momentum = float(momentum)
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.renorm = renorm
        if renorm and renorm_clipping is None:
            renorm_clipping = {}
        unknown = set(renorm_clipping or {}) - {"rmin", "rmax", "dmax"}
        if unknown:
            raise ValueError(
                "`renorm_clipping` may hold 'rmin', 'rmax' and 'dmax'. "
                f"Received: {sorted(unknown)} (layer '{self.name}')"
            )
        self.renorm_clipping = renorm_clipping
        self.renorm_momentum = renorm_momentum
        self.synchronized = synchronized
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Make gamma, beta and the moving averages for the size of `axis`."""
        rank = len(input_shape)
        if not -rank <= self.axis < rank or input_shape[self.axis] is None:
            raise ValueError(
                f"axis {self.axis} of the input of layer '{self.name}' must exist and be known. "
                f"Received shape {tuple(input_shape)}"
            )
        size = input_shape[self.axis]
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(
                name="gamma",
                shape=(size,),
                initializer=self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
                autocast=False,
            )
        if self.center:
            self.beta = self.add_weight(
                name="beta",
                shape=(size,),
                initializer=self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
                autocast=False,
            )
        averages = [
            ("moving_mean", self.moving_mean_initializer),
            ("moving_variance", self.moving_variance_initializer),
        ]
        if self.renorm:
            averages += [
                ("moving_stddev", _root_of(self.moving_variance_initializer)),
                ("renorm_mean", self.moving_mean_initializer),
                ("renorm_stddev", _root_of(self.moving_variance_initializer)),
            ]
        for name, initializer in averages:
            variable = self.add_weight(
                name=name, shape=(size,), initializer=initializer, trainable=False, autocast=False
            )
            setattr(self, name, variable)
        self.input_spec = InputSpec(ndim=rank, axes={self.axis: size})

    moving_mean: Variable
    moving_variance: Variable
    moving_stddev: Variable
    renorm_mean: Variable
    renorm_stddev: Variable

    def call(self, inputs: Array, training: bool | None = None, mask: Any = None) -> Array:
        """The normalized inputs."""
        # Moments of 16-bit floats are computed in 32 bits.
        wide = jnp.promote_types(inputs.dtype, "float32")
        scale, offset = (None if w is None else w.value for w in (self.gamma, self.beta))
        if training and self.trainable:
            self._check_mask(inputs, mask)
            mean, variance = self._moments(inputs.astype(wide), mask)
            self._average(self.moving_mean, mean, self.momentum)
            if self.renorm:
                scale, offset = self._corrected(scale, offset, mean, variance)
                deviation = self.moving_stddev.value
                self.moving_variance.assign(jnp.maximum(jnp.square(deviation) - self.epsilon, 0.0))
            else:
                self._average(self.moving_variance, variance, self.momentum)
        else:
            mean = self.moving_mean.value.astype(wide)
            variance = self.moving_variance.value.astype(wide)
        outputs = ops.batch_normalization(
            inputs, mean, variance, self.axis, offset, scale, self.epsilon
        )
        return outputs.astype(self.compute_dtype)

    def _check_mask(self, inputs: Array, mask: Any) -> None:
        if mask is not None and tuple(mask.shape) != tuple(inputs.shape[: mask.ndim]):
            raise ValueError(
                f"mask of shape {tuple(mask.shape)} does not fit inputs of shape "
                f"{tuple(inputs.shape)} in layer '{self.name}': their leading axes must agree"
            )

    def _moments(self, x: Array, mask: Any) -> tuple[Array, Array]:
        over = tuple(i for i in range(x.ndim) if i != self.axis % x.ndim)
        if mask is None:
            return ops.moments(x, axes=over)
        weights = jnp.reshape(mask, (*mask.shape, *(1,) * (x.ndim - mask.ndim))).astype(x.dtype)
        weights = jnp.broadcast_to(weights, x.shape)
        count = jnp.sum(weights, over, keepdims=True) + 1e-7
        mean = jnp.sum(x * weights, over, keepdims=True) / count
        variance = jnp.sum(weights * jnp.square(x - mean), over, keepdims=True) / count
        return jnp.ravel(mean), jnp.ravel(variance)

    def _corrected(
        self, scale: Any, offset: Any, mean: Array, variance: Array
    ) -> tuple[Array, Array]:
        """Scale and offset that turn the batch's moments into the running ones.

        No gradients go through the correction.
        """
        deviation = jnp.sqrt(variance + self.epsilon)
        running = self.renorm_stddev.value
        factor = deviation / running
        shift = (mean - self.renorm_mean.value) / running
        limits = self.renorm_clipping or {}
        if "rmin" in limits or "rmax" in limits:
            factor = jnp.clip(factor, limits.get("rmin"), limits.get("rmax"))
        if "dmax" in limits:
            shift = jnp.clip(shift, -limits["dmax"], limits["dmax"])
        self._average(self.renorm_mean, mean, self.renorm_momentum)
        self._average(self.renorm_stddev, deviation, self.renorm_momentum)
        self._average(self.moving_stddev, deviation, self.momentum)
        factor, shift = lax.stop_gradient(factor), lax.stop_gradient(shift)
        if scale is not None:
            factor, shift = factor * scale, shift * scale
        return factor, shift if offset is None else shift + offset

    def _average(self, variable: Variable, value: Array, momentum: float) -> None:
        value = lax.stop_gradient(value)
        variable.assign(variable.value * momentum + value * (1.0 - momentum))


def _root_of(initializer: Any) -> Any:
    def root(shape: Any, dtype: Any = None) -> Any:
        return jnp.sqrt(jnp.asarray(initializer(shape, dtype=dtype)))

    return root
