"""Spectral normalization: a layer whose kernel has largest singular value 1."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from cornu import initializers, ops
from cornu.core.variable import Variable, autocast
from cornu.layers.base.arguments import positive_integer
from cornu.layers.base.layer import Layer
from cornu.layers.base.wrapper import Wrapper


class SpectralNormalization(Wrapper):
    """A layer whose kernel is divided, in training, by its largest singular value.

    The kernel is taken as a matrix W of its last axis by all others. Each call in training takes
    `power_iterations` steps from the vector u that the last one ended with,

        v = u W^T / |u W^T|,  u = v W / |v W|,

    and goes on with W / sigma, sigma = v W u^T; gradients flow through sigma, not through u and v.
    Called by itself the layer keeps W / sigma as its kernel; a step of `fit` keeps u, and updates
    the kernel it began with. At inference the kernel is used as it is.

    Args:
        layer: the layer inside, with a weight `kernel` or `embeddings`.
        power_iterations: steps of the power iteration in a call.

    Input and output: those of the layer inside.

    Raises:
        ValueError: if `power_iterations` is not positive, or the layer has no such weight.

    Source: Miyato et al., "Spectral normalization for generative adversarial networks", 2018.
    """

    def __init__(self, layer: Layer, power_iterations: int = 1, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.power_iterations = positive_integer(power_iterations, "power_iterations", self.name)

    kernel: Variable
    vector_u: Variable

    def build(self, input_shape: Any) -> None:
        """Build the layer inside, and make the vector for its kernel."""
        super().build(input_shape)
        self.kernel = _kernel_of(self.layer, self.name)
        self.vector_u = self.add_weight(
            name="vector_u",
            shape=(1, self.kernel.shape[-1]),
            initializer=initializers.TruncatedNormal(stddev=0.02),
            trainable=False,
        )

    def call(self, inputs: Array, training: bool | None = None) -> Any:
        """The output of the layer inside, in training with its kernel normalized first.

        It has the dtype of the inputs, if those are floats.
        """
        if training:
            vector, kernel = self.normalized_weights()
            self.vector_u.assign(vector)
            self.kernel.assign(kernel)
        outputs = self.layer(inputs)
        is_float = jnp.issubdtype(inputs.dtype, jnp.floating)
        if is_float and outputs.dtype != inputs.dtype:
            return outputs.astype(inputs.dtype)
        return outputs

    def normalized_weights(self) -> tuple[Array, Array]:
        """The vector after the next power iterations, and the kernel divided by sigma.

        A kernel of zeros, which has no direction, and the vector beside it come back as they are.
        """
        # In 32 bits at least, and with full products: an error of sigma is one of all outputs.
        with autocast(None), jax.default_matmul_precision("highest"):
            start, kernel = self.vector_u.value, self.kernel.value
            wide = jnp.promote_types(kernel.dtype, "float32")
            matrix = jnp.reshape(kernel, (-1, kernel.shape[-1])).astype(wide)
            # The result does not depend on the scale of W, but norms near epsilon would.
            matrix = matrix / lax.stop_gradient(_scale(matrix))
            fixed = lax.stop_gradient(matrix)
            u = v = start.astype(wide)
            for _ in range(self.power_iterations):
                v = ops.normalize(u @ fixed.T)
                u = ops.normalize(v @ fixed)
            sigma = jnp.sum((v @ matrix) * u)
        found = sigma > 0
        normalized = jnp.reshape(matrix / jnp.where(found, sigma, 1), kernel.shape)
        return (
            jnp.where(found, u.astype(start.dtype), start),
            jnp.where(found, normalized.astype(kernel.dtype), kernel),
        )


def _scale(matrix: Array) -> Array:
    largest = jnp.max(jnp.abs(matrix), initial=0)
    return jnp.where(largest > 0, largest, 1)


def _kernel_of(layer: Layer, name: str) -> Variable:
    for attribute in ("kernel", "embeddings"):
        found = getattr(layer, attribute, None)
        if isinstance(found, Variable):
            return found
    raise ValueError(
        f"SpectralNormalization '{name}' needs a layer with a weight `kernel` or `embeddings`; "
        f"layer '{layer.name}' ({type(layer).__name__}) has neither"
    )
