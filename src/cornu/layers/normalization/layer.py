"""Normalization within each row: layer, group, root mean square, unit norm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import jax.numpy as jnp
from jax import Array, lax

from cornu import constraints, initializers, ops, regularizers
from cornu.core.variable import Variable
from cornu.layers.base.arguments import positive_integer
from cornu.layers.base.layer import InputSpec, Layer


class _ScaleAndCenter(Layer):
    """Learned `gamma` and `beta`."""

    gamma: Variable | None
    beta: Variable | None

    def _prepare(self, center: bool, scale: bool, **named: Any) -> None:
        self.center = center
        self.scale = scale
        for kind, family in (
            ("initializer", initializers),
            ("regularizer", regularizers),
            ("constraint", constraints),
        ):
            for weight in ("beta", "gamma"):
                setattr(self, f"{weight}_{kind}", family.get(named[f"{weight}_{kind}"]))
        self.supports_masking = True

    def _add(self, shape: tuple[int, ...]) -> None:
        self.gamma = self.beta = None
        for weight, wanted in (("gamma", self.scale), ("beta", self.center)):
            if wanted:
                variable = self.add_weight(
                    name=weight,
                    shape=shape,
                    initializer=getattr(self, f"{weight}_initializer"),
                    regularizer=getattr(self, f"{weight}_regularizer"),
                    constraint=getattr(self, f"{weight}_constraint"),
                    autocast=False,
                )
                setattr(self, weight, variable)


class LayerNormalization(_ScaleAndCenter):
    """`gamma * (x - mean) / sqrt(variance + epsilon) + beta` with the moments of each row.

    Args:
        axis: axis or axes that are normalized together, usually the features.
        epsilon: keeps the root away from 0.
        center: whether to add `beta`.
        scale: whether to multiply by `gamma`.
        beta_initializer, gamma_initializer: of the weights, which have the sizes of `axis`.
        beta_regularizer, gamma_regularizer: penalties of the weights.
        beta_constraint, gamma_constraint: projections after each update.

    Input and output: any shape; `axis` must be known.

    Raises:
        ValueError: if a size of `axis` is unknown.

    Source: Ba et al., 2016.
    """

    config_extra: ClassVar[dict[str, Any]] = {"rms_scaling": False}

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        if kwargs.pop("rms_scaling", False):
            raise NotImplementedError("rms_scaling is not supported; use RMSNormalization instead")
        super().__init__(**kwargs)
        self.axis = list(axis) if isinstance(axis, list | tuple) else axis
        self.epsilon = epsilon
        self._prepare(
            center,
            scale,
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            beta_regularizer=beta_regularizer,
            gamma_regularizer=gamma_regularizer,
            beta_constraint=beta_constraint,
            gamma_constraint=gamma_constraint,
        )

    def build(self, input_shape: Any) -> None:
        """Make gamma and beta for the sizes of `axis`."""
        self._add(normalized_sizes(self.axis, input_shape, self))

    def call(self, inputs: Array) -> Array:
        """The normalized inputs."""
        axis = tuple(self.axis) if isinstance(self.axis, list) else self.axis
        outputs = ops.layer_normalization(inputs, self.gamma, self.beta, axis, self.epsilon)
        return outputs.astype(self.compute_dtype)


def normalized_sizes(axis: Any, input_shape: Any, layer: Layer) -> tuple[int, ...]:
    """The sizes of the axes that are normalized.

    Raises:
        ValueError: if one is unknown or does not exist.
    """
    axes = axis if isinstance(axis, list | tuple) else [axis]
    rank = len(input_shape)
    if any(not -rank <= one < rank or input_shape[one] is None for one in axes):
        raise ValueError(
            f"axis {axis} of the input of layer '{layer.name}' must exist and be known. "
            f"Received shape {tuple(input_shape)}"
        )
    return tuple(input_shape[one] for one in axes)


class GroupNormalization(_ScaleAndCenter):
    """Normalizes groups of channels of each row by their mean and variance.

    Args:
        groups: how many groups; -1: one for each channel.
        axis: the axis of the channels.
        epsilon: keeps the root away from 0.
        center: whether to add `beta`.
        scale: whether to multiply by `gamma`.
        beta_initializer, gamma_initializer: of the weights, one number a channel.
        beta_regularizer, gamma_regularizer: penalties of the weights.
        beta_constraint, gamma_constraint: projections after each update.

    Input and output: (batch, ..., channels); the channels must be known.

    Raises:
        ValueError: if the channels cannot be split into `groups`.

    Source: Wu & He, 2018.
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.groups = groups if groups == -1 else positive_integer(groups, "groups", self.name)
        self.axis = axis
        self.epsilon = epsilon
        self._prepare(
            center,
            scale,
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            beta_regularizer=beta_regularizer,
            gamma_regularizer=gamma_regularizer,
            beta_constraint=beta_constraint,
            gamma_constraint=gamma_constraint,
        )

    def build(self, input_shape: Any) -> None:
        """Make gamma and beta for the channels."""
        (channels,) = normalized_sizes(self.axis, input_shape, self)
        if self.groups == -1:
            self.groups = channels
        if channels % self.groups:
            raise ValueError(
                f"the {channels} channels of the input of layer '{self.name}' cannot be split into "
                f"groups={self.groups}"
            )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})
        self._add((channels,))

    def call(self, inputs: Array) -> Array:
        """The normalized inputs."""
        axis = self.axis % inputs.ndim
        wide = inputs.astype(jnp.promote_types(inputs.dtype, "float32"))
        shape = inputs.shape
        split = (*shape[:axis], self.groups, shape[axis] // self.groups, *shape[axis + 1 :])
        parts = jnp.reshape(wide, split)
        over = tuple(i for i in range(1, len(split)) if i != axis)
        mean = jnp.mean(parts, over, keepdims=True)
        variance = jnp.mean(jnp.square(parts - mean), over, keepdims=True)
        outputs = jnp.reshape((parts - mean) * lax.rsqrt(variance + self.epsilon), shape)
        broad = [1] * inputs.ndim
        broad[axis] = -1
        if self.gamma is not None:
            outputs = outputs * jnp.reshape(self.gamma.value, broad)
        if self.beta is not None:
            outputs = outputs + jnp.reshape(self.beta.value, broad)
        return outputs.astype(self.compute_dtype)


class RMSNormalization(Layer):
    """`scale * x / sqrt(mean(x**2) + epsilon)`, with the mean over each row's `axis`.

    Args:
        axis: axis or axes that are normalized together.
        epsilon: keeps the root away from 0.

    Input and output: any shape; `axis` must be known.

    Source: Zhang & Sennrich, 2019.
    """

    def __init__(
        self, axis: int | Sequence[int] = -1, epsilon: float = 1e-6, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.axis = axis
        self.epsilon = epsilon

    def build(self, input_shape: Any) -> None:
        """Make the scale for the sizes of `axis`."""
        shape = normalized_sizes(self.axis, input_shape, self)
        self.scale = self.add_weight(name="scale", shape=shape, initializer="ones", autocast=False)

    def call(self, inputs: Array) -> Array:
        """The normalized inputs."""
        axis = tuple(self.axis) if isinstance(self.axis, list | tuple) else self.axis
        return ops.rms_normalization(inputs, self.scale, axis, self.epsilon)


class UnitNormalization(Layer):
    """Each vector divided by its Euclidean norm.

    Args:
        axis: axis or axes of the vectors.

    Input and output: any shape.
    """

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = list(axis) if isinstance(axis, list | tuple) else axis
        self.supports_masking = True

    def call(self, inputs: Array) -> Array:
        """The normalized inputs."""
        axis = tuple(self.axis) if isinstance(self.axis, list) else self.axis
        return ops.normalize(inputs, axis=axis, order=2, epsilon=1e-12)
