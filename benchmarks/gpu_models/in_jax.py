"""The models by hand in JAX: functions of a dict of arrays.

Weights have the shapes and the order of Cornu's `trainable_weights`, which is how tests compare.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from gpu_models import plain_parts as parts
from gpu_models.cases import Case, Plain, ResNet, Transformer
from gpu_models.plain_parts import Arrays

Shapes = dict[str, tuple[int, ...]]


class Model(NamedTuple):
    """A model to train.

    Attributes:
        shapes: of the weights, by name.
        averages: moving averages at the start.
        optimizer: of all weights.
        loss: (weights, averages, x, y, key) -> (loss, averages).
    """

    shapes: Shapes
    averages: Arrays
    optimizer: parts.Optimizer
    loss: Callable[..., Any]


def build(case: Case, weights: list[np.ndarray] | None = None) -> tuple[parts.State, Any]:
    """(state, compiled step) of a case.

    Args:
        case: what to build.
        weights: to start from, in the order of Cornu's; else drawn.
    """
    model = describe(case)
    first = parts.initial(model.shapes) if weights is None else _named(model.shapes, weights)
    state = parts.start(first, model.averages, model.optimizer)
    step = parts.step_of(model.loss, model.optimizer, case.dtype)
    return state, jax.jit(step, donate_argnums=0)


def describe(case: Case) -> Model:
    """The model of a case; no array is made but moving averages."""
    return _BUILDERS[case.model](case.sizes)


def weights_of(case: Case, state: parts.State) -> list[np.ndarray]:
    """The weights in the order of Cornu's; JAX itself sorts dicts by name."""
    return [np.asarray(state.weights[name]) for name in describe(case).shapes]


def _named(shapes: Shapes, weights: list[np.ndarray]) -> Arrays:
    given = [w.shape for w in weights]
    if given != list(shapes.values()):
        raise ValueError(f"shapes differ: {given}, not {list(shapes.items())}")
    return dict(zip(shapes, weights, strict=True))


def _mlp(sizes: Plain) -> Model:
    shapes = {}
    for name, (before, after) in zip("abc", ((20, 64), (64, 64), (64, sizes.classes)), strict=True):
        shapes |= {f"{name}/kernel": (before, after), f"{name}/bias": (after,)}
    rate = 0.5 * sizes.dropout

    def loss(w: Arrays, averages: Arrays, x: Any, y: Any, key: Any) -> Any:
        for name, own in zip("ab", jax.random.split(key), strict=True):
            x = parts.dropout(jax.nn.relu(parts.dense(w, name, x)), rate, own)
        return _one_hot_loss(parts.dense(w, "c", x), y), averages

    return Model(shapes, {}, parts.sgd(0.01), loss)


def _vgg(sizes: Plain) -> Model:
    channels = {"a": (3, 32), "b": (32, 32), "c": (32, 64), "d": (64, 64)}
    shapes: Shapes = {}
    for name, (before, after) in channels.items():
        shapes |= {f"{name}/kernel": (3, 3, before, after), f"{name}/bias": (after,)}
    for name, (before, after) in (("e", (22 * 22 * 64, 256)), ("f", (256, sizes.classes))):
        shapes |= {f"{name}/kernel": (before, after), f"{name}/bias": (after,)}

    def loss(w: Arrays, averages: Arrays, x: Any, y: Any, key: Any) -> Any:
        keys = jax.random.split(key, 3)
        for pair, own in zip(("ab", "cd"), keys[:2], strict=True):
            for name in pair:
                x = jax.nn.relu(parts.convolution(x, w[f"{name}/kernel"]) + w[f"{name}/bias"])
            x = parts.dropout(parts.max_pool(x, 2, 2), 0.25 * sizes.dropout, own)
        x = jax.nn.relu(parts.dense(w, "e", x.reshape(len(x), -1)))
        x = parts.dropout(x, 0.5 * sizes.dropout, keys[2])
        return _one_hot_loss(parts.dense(w, "f", x), y), averages

    return Model(shapes, {}, parts.sgd(0.01), loss)


def _one_hot_loss(logits: Any, y: Any) -> Any:
    return -(y * jax.nn.log_softmax(logits.astype(jnp.float32))).sum(-1).mean()


def _resnet(sizes: ResNet) -> Model:
    groups, strides, channels = _resnet_plan(sizes)
    shapes: Shapes = {}
    averages: Arrays = {}
    for group in groups:
        for name, (kernel, before, after) in group.items():
            shapes[f"{name}/kernel"] = (kernel, kernel, before, after)
        for name, (_, _, after) in group.items():
            shapes |= {f"{name}/scale": (after,), f"{name}/bias": (after,)}
            averages[f"{name}/mean"] = np.zeros(after, "float32")
            averages[f"{name}/variance"] = np.ones(after, "float32")
    shapes |= {"head/kernel": (channels, sizes.classes), "head/bias": (sizes.classes,)}

    def loss(w: Arrays, averages: Arrays, x: Any, y: Any, key: Any) -> Any:
        del key
        new: Arrays = {}

        def convolved(name: str, x: Any, stride: int = 1) -> Any:
            kernel = w[f"{name}/kernel"]
            x = parts.convolution(x, kernel, stride, kernel.shape[0] // 2)
            return _batch_norm(w, averages, new, name, x)

        x = jax.nn.relu(convolved("stem", x, 2))
        x = parts.max_pool(x, 3, 2, 1)
        for name, stride in strides.items():
            before = x
            x = jax.nn.relu(convolved(f"{name}/1", x))
            x = jax.nn.relu(convolved(f"{name}/2", x, stride))
            x = convolved(f"{name}/3", x)
            if f"{name}/shortcut/kernel" in w:
                before = convolved(f"{name}/shortcut", before, stride)
            x = jax.nn.relu(x + before)
        return parts.cross_entropy(parts.dense(w, "head", x.mean((1, 2))), y), new

    return Model(shapes, averages, parts.sgd(0.1), loss)


def _resnet_plan(
    sizes: ResNet,
) -> tuple[list[dict[str, tuple[int, int, int]]], dict[str, int], int]:
    """(kernel, channels in, channels out) of convolutions, strides of blocks, last channels."""
    # Those that stand side by side share a group: Keras orders weights by depth in the graph.
    groups = [{"stem": (7, 3, sizes.width)}]
    strides: dict[str, int] = {}
    channels = sizes.width
    for stage, (width, stride, count) in enumerate(sizes.stages()):
        for number in range(count):
            name = f"{stage}.{number}"
            strides[name] = 1 if number else stride
            groups += [{f"{name}/1": (1, channels, width)}, {f"{name}/2": (3, width, width)}]
            groups.append({f"{name}/3": (1, width, 4 * width)})
            if number == 0:
                groups[-1][f"{name}/shortcut"] = (1, channels, 4 * width)
            channels = 4 * width
    return groups, strides, channels


def _batch_norm(w: Arrays, averages: Arrays, new: Arrays, name: str, x: Any) -> Any:
    """With the moments of the batch, in float32; moving averages go into `new`."""
    wide = x.astype(jnp.float32)
    moments = {"mean": wide.mean((0, 1, 2)), "variance": wide.var((0, 1, 2))}
    for part, value in moments.items():
        new[f"{name}/{part}"] = 0.9 * averages[f"{name}/{part}"] + 0.1 * value
    scale, bias = (w[f"{name}/{part}"].astype(jnp.float32) for part in ("scale", "bias"))
    scale = scale * jax.lax.rsqrt(moments["variance"] + 1e-5)
    return ((wide - moments["mean"]) * scale + bias).astype(x.dtype)


def _bert(sizes: Transformer) -> Model:
    shapes = _embedding_shapes(sizes) | _norm_shapes("first", sizes.width)
    for i in range(sizes.layers):
        shapes |= _attention_shapes(f"{i}/attention", sizes)
        shapes |= _norm_shapes(f"{i}/norm1", sizes.width) | _dense_pair_shapes(i, sizes)
        shapes |= _norm_shapes(f"{i}/norm2", sizes.width)
    shapes |= {"pooler/kernel": (sizes.width, sizes.width), "pooler/bias": (sizes.width,)}
    shapes |= {"head/kernel": (sizes.width, sizes.classes), "head/bias": (sizes.classes,)}

    def loss(w: Arrays, averages: Arrays, x: Any, y: Any, key: Any) -> Any:
        keys = iter(jax.random.split(key, 1 + 2 * sizes.layers))

        def dropped(x: Any) -> Any:
            return parts.dropout(x, sizes.dropout, next(keys))

        x = w["tokens"][x] + w["positions"]
        x = dropped(parts.layer_norm(w, "first", x, 1e-12))
        for i in range(sizes.layers):
            y_own = dropped(parts.attention(w, f"{i}/attention", x, causal=False))
            x = parts.layer_norm(w, f"{i}/norm1", x + y_own, 1e-12)
            y_own = jax.nn.gelu(parts.dense(w, f"{i}/up", x), approximate=False)
            y_own = dropped(parts.dense(w, f"{i}/down", y_own))
            x = parts.layer_norm(w, f"{i}/norm2", x + y_own, 1e-12)
        x = jnp.tanh(parts.dense(w, "pooler", x[:, 0]))
        return parts.cross_entropy(parts.dense(w, "head", x), y), averages

    return Model(shapes, {}, parts.adamw(1e-4, 0.01), loss)


def _gpt2(sizes: Transformer) -> Model:
    shapes = _embedding_shapes(sizes)
    for i in range(sizes.layers):
        shapes |= _norm_shapes(f"{i}/norm1", sizes.width)
        shapes |= _attention_shapes(f"{i}/attention", sizes)
        shapes |= _norm_shapes(f"{i}/norm2", sizes.width) | _dense_pair_shapes(i, sizes)
    shapes |= _norm_shapes("last", sizes.width)

    def loss(w: Arrays, averages: Arrays, x: Any, y: Any, key: Any) -> Any:
        keys = iter(jax.random.split(key, 1 + 2 * sizes.layers))

        def dropped(x: Any) -> Any:
            return parts.dropout(x, sizes.dropout, next(keys))

        x = dropped(w["tokens"][x] + w["positions"])
        for i in range(sizes.layers):
            normal = parts.layer_norm(w, f"{i}/norm1", x, 1e-5)
            x = x + dropped(parts.attention(w, f"{i}/attention", normal, causal=True))
            normal = parts.layer_norm(w, f"{i}/norm2", x, 1e-5)
            hidden = jax.nn.gelu(parts.dense(w, f"{i}/up", normal), approximate=True)
            x = x + dropped(parts.dense(w, f"{i}/down", hidden))
        x = parts.layer_norm(w, "last", x, 1e-5)
        return parts.cross_entropy(x @ w["tokens"].T, y), averages

    return Model(shapes, {}, parts.adamw(1e-4, 0.01), loss)


def _embedding_shapes(sizes: Transformer) -> Shapes:
    return {
        "tokens": (sizes.vocabulary, sizes.width),
        "positions": (sizes.length, sizes.width),
    }


def _norm_shapes(name: str, width: int) -> Shapes:
    return {f"{name}/scale": (width,), f"{name}/bias": (width,)}


def _attention_shapes(name: str, sizes: Transformer) -> Shapes:
    head = sizes.width // sizes.heads
    shapes: Shapes = {}
    for part in ("query", "key", "value"):
        shapes[f"{name}/{part}/kernel"] = (sizes.width, sizes.heads, head)
        shapes[f"{name}/{part}/bias"] = (sizes.heads, head)
    shapes[f"{name}/output/kernel"] = (sizes.heads, head, sizes.width)
    shapes[f"{name}/output/bias"] = (sizes.width,)
    return shapes


def _dense_pair_shapes(i: int, sizes: Transformer) -> Shapes:
    return {
        f"{i}/up/kernel": (sizes.width, 4 * sizes.width),
        f"{i}/up/bias": (4 * sizes.width,),
        f"{i}/down/kernel": (4 * sizes.width, sizes.width),
        f"{i}/down/bias": (sizes.width,),
    }


_BUILDERS: dict[str, Callable[[Any], Model]] = {
    "mlp": _mlp,
    "vgg": _vgg,
    "resnet": _resnet,
    "bert": _bert,
    "gpt2": _gpt2,
}
