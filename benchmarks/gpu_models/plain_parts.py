"""What the plain JAX models share: layers as functions, optimizers, the training step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

Arrays = dict[str, Any]


class State(NamedTuple):
    """Everything that a step reads and writes."""

    weights: Arrays
    averages: Arrays  # moving averages of batch normalization
    slots: tuple[Arrays, ...]
    count: Any


class Optimizer(NamedTuple):
    """(weight, gradient, slots, number of the step) -> (weight, slots), on one array."""

    slots: int
    update: Callable[..., tuple[Any, tuple[Any, ...]]]


def sgd(rate: float, momentum: float = 0.9) -> Optimizer:
    """Nesterov's momentum in the form of Sutskever et al., 2013."""

    def update(w: Any, g: Any, slots: tuple[Any, ...], count: Any) -> tuple[Any, tuple[Any, ...]]:
        del count
        m = momentum * slots[0] - rate * g
        return w + momentum * m - rate * g, (m,)

    return Optimizer(1, update)


def adamw(rate: float, decay: float) -> Optimizer:
    """Adam with decay of all weights (Loshchilov and Hutter, 2017)."""

    def update(w: Any, g: Any, slots: tuple[Any, ...], count: Any) -> tuple[Any, tuple[Any, ...]]:
        t = count.astype(jnp.float32) + 1
        m = 0.9 * slots[0] + 0.1 * g
        v = 0.999 * slots[1] + 0.001 * jnp.square(g)
        corrected = rate * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        return w * (1 - rate * decay) - corrected * m / (jnp.sqrt(v) + 1e-7), (m, v)

    return Optimizer(2, update)


def initial(shapes: dict[str, tuple[int, ...]]) -> Arrays:
    """Small normal numbers, ones for scales, zeros for biases."""
    random = np.random.default_rng(0)
    found: Arrays = {}
    for name, shape in shapes.items():
        if name.endswith("scale"):
            found[name] = np.ones(shape, "float32")
        elif name.endswith("bias"):
            found[name] = np.zeros(shape, "float32")
        else:
            found[name] = 0.02 * random.standard_normal(shape, "float32")
    return found


def start(weights: Arrays, averages: Arrays, optimizer: Optimizer) -> State:
    """The state before the first step, on the device."""
    zeros = {name: np.zeros_like(value) for name, value in weights.items()}
    slots = tuple(dict(zeros) for _ in range(optimizer.slots))
    return jax.device_put(State(weights, averages, slots, np.int32(0)))


def step_of(loss: Callable[..., Any], optimizer: Optimizer, dtype: str) -> Callable[..., Any]:
    """(state, x, y) -> (state, loss). `loss` gets weights in the dtype of the products.

    Args:
        loss: (weights, averages, x, y, key) -> (loss, averages).
        optimizer: of all weights.
        dtype: of the products.
    """

    def step(state: State, x: Any, y: Any) -> tuple[State, Any]:
        # "rbg" is XLA's fast generator on a GPU, several times as fast as JAX's default.
        key = jax.random.fold_in(jax.random.key(0, impl="rbg"), state.count)

        def of_weights(weights: Arrays) -> tuple[Any, Arrays]:
            cast = {name: value.astype(dtype) for name, value in weights.items()}
            inputs = x.astype(dtype) if jnp.issubdtype(x.dtype, jnp.floating) else x
            return loss(cast, state.averages, inputs, y, key)

        differentiated = jax.value_and_grad(of_weights, has_aux=True)
        (value, averages), gradients = differentiated(state.weights)
        weights: Arrays = {}
        slots: tuple[Arrays, ...] = tuple({} for _ in state.slots)
        for name, weight in state.weights.items():
            own = tuple(slot[name] for slot in state.slots)
            weights[name], new = optimizer.update(weight, gradients[name], own, state.count)
            for slot, array in zip(slots, new, strict=True):
                slot[name] = array
        return State(weights, averages, slots, state.count + 1), value

    return step


def cross_entropy(logits: Any, labels: Any) -> Any:
    """Mean over all labels, in float32."""
    logs = jax.nn.log_softmax(logits.astype(jnp.float32))
    return -jnp.take_along_axis(logs, labels[..., None], axis=-1).mean()


def dropout(x: Any, rate: float, key: Any) -> Any:
    """Zeros with probability `rate`, the rest scaled up."""
    if not rate:
        return x
    return jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0)


def dense(w: Arrays, name: str, x: Any) -> Any:
    """`x @ kernel + bias`."""
    return x @ w[f"{name}/kernel"] + w[f"{name}/bias"]


def convolution(x: Any, kernel: Any, stride: int = 1, padding: int = 0) -> Any:
    """On images with channels last."""
    return jax.lax.conv_general_dilated(
        x,
        kernel,
        (stride, stride),
        [(padding, padding)] * 2,
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )


def max_pool(x: Any, size: int, stride: int, padding: int = 0) -> Any:
    """The largest in each window."""
    edges = [(0, 0), (padding, padding), (padding, padding), (0, 0)]
    window, strides = (1, size, size, 1), (1, stride, stride, 1)
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, strides, edges)


def layer_norm(w: Arrays, name: str, x: Any, epsilon: float) -> Any:
    """Over the last axis, in float32."""
    wide = x.astype(jnp.float32)
    mean = wide.mean(-1, keepdims=True)
    normal = (wide - mean) * jax.lax.rsqrt(wide.var(-1, keepdims=True) + epsilon)
    scale, bias = (w[f"{name}/{part}"].astype(jnp.float32) for part in ("scale", "bias"))
    return (normal * scale + bias).astype(x.dtype)


def attention(w: Arrays, name: str, x: Any, causal: bool) -> Any:
    """Multi-head attention of a sequence with itself."""
    query, key, value = (
        jnp.einsum("btd,dhk->bthk", x, w[f"{name}/{part}/kernel"]) + w[f"{name}/{part}/bias"]
        for part in ("query", "key", "value")
    )
    fast = jax.default_backend() == "gpu" and x.dtype == jnp.bfloat16
    found = jax.nn.dot_product_attention(
        query, key, value, is_causal=causal, implementation="cudnn" if fast else None
    )
    return jnp.einsum("bthk,hkd->btd", found, w[f"{name}/output/kernel"]) + w[f"{name}/output/bias"]
