"""The models by hand in PyTorch, channels last, with fused optimizers. Needs `torch`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from gpu_models.cases import Case, Plain, ResNet, Transformer


def build(
    case: Case, weights: list[np.ndarray] | None = None, compile: bool = True
) -> Callable[[Tensor, Tensor], Tensor]:
    """The training step of a case: (x, y) -> loss.

    Args:
        case: what to build.
        weights: to start from, in the order and shapes of Cornu's; else drawn.
        compile: whether to run forward and backward through `torch.compile`.
    """
    # Float32 products in TF32, as JAX has them by default on such a GPU.
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(0)
    model, make_optimizer = _BUILDERS[case.model](case.sizes)
    if weights is not None:
        load(model, weights)
    model = model.to(device(), memory_format=torch.channels_last).train()
    optimizer = make_optimizer(model.parameters())
    # Small models wait for launches: CUDA graphs are what a user would turn on.
    mode = "reduce-overhead" if isinstance(case.sizes, Plain) else "default"
    loss_of = torch.compile(model, mode=mode) if compile else model
    half = case.dtype == "bfloat16"

    def step(x: Tensor, y: Tensor) -> Tensor:
        with torch.autocast(device(), dtype=torch.bfloat16, enabled=half):
            loss = loss_of(x, y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss.detach()

    return step


def device() -> str:
    """Where to run."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def batches(case: Case, x: np.ndarray, y: np.ndarray) -> list[tuple[Tensor, Tensor]]:
    """The data of an epoch on the device, images in channels-last layout."""
    inputs, targets = torch.from_numpy(x).to(device()), torch.from_numpy(y).to(device())
    if inputs.ndim == 4:
        inputs = inputs.permute(0, 3, 1, 2)  # NCHW in name, NHWC in memory
    targets = targets if targets.is_floating_point() else targets.long()
    inputs = inputs if inputs.is_floating_point() else inputs.long()
    size = case.batch
    return [(inputs[i : i + size], targets[i : i + size]) for i in range(0, len(x), size)]


def synchronize() -> None:
    """Wait for the device."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


class Loss(nn.Module):
    """Logits of a model, and their cross-entropy with labels or one-hot targets."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        logits = self.model(x).float()
        if y.is_floating_point():
            return functional.cross_entropy(logits, y)
        return functional.cross_entropy(logits.flatten(0, -2), y.flatten())


class FlattenLast(nn.Module):
    """Rows from images, in the order of channels last."""

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(0, 2, 3, 1).flatten(1)


def _mlp(sizes: Plain) -> tuple[nn.Module, Any]:
    rate = 0.5 * sizes.dropout
    model = nn.Sequential(
        *(nn.Linear(20, 64), nn.ReLU(), nn.Dropout(rate)),
        *(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(rate)),
        nn.Linear(64, sizes.classes),
    )
    return Loss(model), _sgd(0.01)


def _vgg(sizes: Plain) -> tuple[nn.Module, Any]:
    parts: list[nn.Module] = []
    for before, after in ((3, 32), (32, 64)):
        parts += [nn.Conv2d(before, after, 3), nn.ReLU(), nn.Conv2d(after, after, 3), nn.ReLU()]
        parts += [nn.MaxPool2d(2), nn.Dropout(0.25 * sizes.dropout)]
    parts += [FlattenLast(), nn.Linear(22 * 22 * 64, 256), nn.ReLU()]
    parts += [nn.Dropout(0.5 * sizes.dropout), nn.Linear(256, sizes.classes)]
    return Loss(nn.Sequential(*parts)), _sgd(0.01)


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1, and a shortcut; the stride is in the 3x3."""

    def __init__(self, channels: int, width: int, stride: int, changes: bool) -> None:
        super().__init__()
        self.first = _convolved(channels, width, 1)
        self.second = _convolved(width, width, 3, stride)
        self.third = _convolved(width, 4 * width, 1)
        self.shortcut = _convolved(channels, 4 * width, 1, stride) if changes else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.first(x))
        y = functional.relu(self.second(y))
        return functional.relu(self.third(y) + self.shortcut(x))


def _convolved(before: int, after: int, kernel: int, stride: int = 1) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(before, after, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(after)
    )


def _resnet(sizes: ResNet) -> tuple[nn.Module, Any]:
    parts: list[nn.Module] = [_convolved(3, sizes.width, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    channels = sizes.width
    for width, stride, count in sizes.stages():
        for number in range(count):
            parts.append(Bottleneck(channels, width, 1 if number else stride, number == 0))
            channels = 4 * width
    parts += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, sizes.classes)]
    return Loss(nn.Sequential(*parts)), _sgd(0.1)


class Embedding(nn.Module):
    """Tokens and positions to vectors."""

    def __init__(self, sizes: Transformer) -> None:
        super().__init__()
        self.tokens = nn.Parameter(0.02 * torch.randn(sizes.vocabulary, sizes.width))
        self.positions = nn.Parameter(0.02 * torch.randn(sizes.length, sizes.width))

    def forward(self, x: Tensor) -> Tensor:
        return functional.embedding(x, self.tokens) + self.positions


class Attention(nn.Module):
    """Multi-head attention of a sequence with itself, one product for query, key and value."""

    def __init__(self, sizes: Transformer, causal: bool) -> None:
        super().__init__()
        self.heads, self.causal = sizes.heads, causal
        self.inward = nn.Linear(sizes.width, 3 * sizes.width)
        self.outward = nn.Linear(sizes.width, sizes.width)

    def forward(self, x: Tensor) -> Tensor:
        shape = (*x.shape[:2], self.heads, -1)
        query, key, value = (
            part.view(shape).transpose(1, 2) for part in self.inward(x).chunk(3, dim=-1)
        )
        found = functional.scaled_dot_product_attention(query, key, value, is_causal=self.causal)
        return self.outward(found.transpose(1, 2).reshape(x.shape))


class BertBlock(nn.Module):
    """Attention and two dense layers, normalized after each sum."""

    def __init__(self, sizes: Transformer) -> None:
        super().__init__()
        self.attention = Attention(sizes, causal=False)
        self.norm1 = nn.LayerNorm(sizes.width, 1e-12)
        self.up = nn.Linear(sizes.width, 4 * sizes.width)
        self.down = nn.Linear(4 * sizes.width, sizes.width)
        self.norm2 = nn.LayerNorm(sizes.width, 1e-12)
        self.dropout = nn.Dropout(sizes.dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm1(x + self.dropout(self.attention(x)))
        return self.norm2(x + self.dropout(self.down(functional.gelu(self.up(x)))))


class Gpt2Block(nn.Module):
    """Causal attention and two dense layers, normalized before each."""

    def __init__(self, sizes: Transformer) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(sizes.width, 1e-5)
        self.attention = Attention(sizes, causal=True)
        self.norm2 = nn.LayerNorm(sizes.width, 1e-5)
        self.up = nn.Linear(sizes.width, 4 * sizes.width)
        self.down = nn.Linear(4 * sizes.width, sizes.width)
        self.dropout = nn.Dropout(sizes.dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.dropout(self.attention(self.norm1(x)))
        hidden = functional.gelu(self.up(self.norm2(x)), approximate="tanh")
        return x + self.dropout(self.down(hidden))


class Bert(nn.Module):
    """Logits from the first token."""

    def __init__(self, sizes: Transformer) -> None:
        super().__init__()
        self.embedding = Embedding(sizes)
        self.first = nn.Sequential(nn.LayerNorm(sizes.width, 1e-12), nn.Dropout(sizes.dropout))
        self.blocks = nn.Sequential(*(BertBlock(sizes) for _ in range(sizes.layers)))
        self.pooler = nn.Linear(sizes.width, sizes.width)
        self.head = nn.Linear(sizes.width, sizes.classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.blocks(self.first(self.embedding(x)))
        return self.head(torch.tanh(self.pooler(x[:, 0])))


class Gpt2(nn.Module):
    """Logits of each next token, with the weights of the embedding."""

    def __init__(self, sizes: Transformer) -> None:
        super().__init__()
        self.embedding = Embedding(sizes)
        self.dropout = nn.Dropout(sizes.dropout)
        self.blocks = nn.Sequential(*(Gpt2Block(sizes) for _ in range(sizes.layers)))
        self.last = nn.LayerNorm(sizes.width, 1e-5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.last(self.blocks(self.dropout(self.embedding(x))))
        return functional.linear(x, self.embedding.tokens)


def _sgd(rate: float) -> Any:
    return lambda weights: torch.optim.SGD(
        weights, lr=rate, momentum=0.9, nesterov=True, fused=True
    )


def _adamw(weights: Any) -> Any:
    return torch.optim.AdamW(weights, lr=1e-4, eps=1e-7, weight_decay=0.01, fused=True)


_BUILDERS: dict[str, Callable[[Any], tuple[nn.Module, Any]]] = {
    "mlp": _mlp,
    "vgg": _vgg,
    "resnet": _resnet,
    "bert": lambda sizes: (Loss(Bert(sizes)), _adamw),
    "gpt2": lambda sizes: (Loss(Gpt2(sizes)), _adamw),
}


# -- weights of Cornu, to compare ------------------------------------------------------------------


def load(model: nn.Module, weights: list[np.ndarray]) -> None:
    """Give a model the weights of Cornu's, in the order that Cornu has them."""
    rest = iter(weights)
    with torch.no_grad():
        _load(model, rest)
    if next(rest, None) is not None:
        raise ValueError("more weights were given than the model has")


def _load(module: nn.Module, rest: Iterator[np.ndarray]) -> None:
    own = next((load for kind, load in _LOADERS.items() if isinstance(module, kind)), None)
    if own is not None:
        own(module, rest)
        return
    for child in module.children():
        _load(child, rest)


def _load_linear(module: Any, rest: Iterator[np.ndarray]) -> None:
    _copy(module.weight, next(rest).T)
    _copy(module.bias, next(rest))


def _load_convolution(module: Any, rest: Iterator[np.ndarray]) -> None:
    _copy(module.weight, next(rest).transpose(3, 2, 0, 1))
    if module.bias is not None:
        _copy(module.bias, next(rest))


def _load_as_they_are(module: Any, rest: Iterator[np.ndarray]) -> None:
    for parameter in module.parameters():
        _copy(parameter, next(rest))


def _load_attention(module: Any, rest: Iterator[np.ndarray]) -> None:
    width = module.outward.in_features
    parts = [(next(rest).reshape(width, width), next(rest).reshape(width)) for _ in range(3)]
    _copy(module.inward.weight, np.concatenate([kernel.T for kernel, _ in parts]))
    _copy(module.inward.bias, np.concatenate([bias for _, bias in parts]))
    _copy(module.outward.weight, next(rest).reshape(width, width).T)
    _copy(module.outward.bias, next(rest))


def _load_bottleneck(module: Any, rest: Iterator[np.ndarray]) -> None:
    _load(module.first, rest)
    _load(module.second, rest)
    # Keras orders what stands side by side kernels first.
    side = [part for part in (module.third, module.shortcut) if len(list(part.children()))]
    for i in range(2):
        for part in side:
            _load(part[i], rest)


def _copy(parameter: Any, value: np.ndarray) -> None:
    if parameter.shape != value.shape:
        raise ValueError(f"shape {value.shape} does not fit {tuple(parameter.shape)}")
    parameter.copy_(torch.from_numpy(np.array(value, order="C")))


_LOADERS: dict[Any, Callable[[Any, Iterator[np.ndarray]], None]] = {
    nn.Linear: _load_linear,
    nn.Conv2d: _load_convolution,
    nn.BatchNorm2d: _load_as_they_are,
    nn.LayerNorm: _load_as_they_are,
    Embedding: _load_as_they_are,
    Attention: _load_attention,
    Bottleneck: _load_bottleneck,
}
