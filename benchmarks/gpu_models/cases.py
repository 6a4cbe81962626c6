"""What is measured: models, their sizes, data and FLOPs. Knows NumPy only.

FLOPs are those of matrix products and convolutions, 2 for each multiply-add; a training step
counts as three forward passes. Everything else (normalization, softmax, dropout, optimizer) counts
nothing, and nothing is taken off for the first layer, whose input needs no gradient.

- dense layer, k to n, on m rows: 2 m k n
- convolution: 2 (rows of output) k_h k_w (channels in) (channels out)
- transformer block of width D on T tokens: 24 T D^2 for its six products, 4 T^2 D for attention,
  which is counted in full where it is causal too (as by Chowdhery et al., "PaLM", appendix B)
- GPT-2's head over V words: 2 T D V; BERT's pooler: 2 D^2
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


@dataclasses.dataclass(frozen=True)
class Plain:
    """Sizes of the MLP and of the VGG-like network, which `mlp.py` and `vgg.py` fix."""

    classes: int = 10
    dropout: bool = True


@dataclasses.dataclass(frozen=True)
class ResNet:
    """Sizes of a residual network of bottleneck blocks (He et al., 2015), strides in the 3x3."""

    side: int = 224
    width: int = 64
    blocks: tuple[int, ...] = (3, 4, 6, 3)
    classes: int = 1000

    def stages(self) -> list[tuple[int, int, int]]:
        """(width, stride, number) of the blocks of each stage."""
        return [(self.width << i, 1 + (i > 0), count) for i, count in enumerate(self.blocks)]


@dataclasses.dataclass(frozen=True)
class Transformer:
    """Sizes of BERT-base (Devlin et al., 2018) or of GPT-2's smallest (Radford et al., 2019)."""

    vocabulary: int
    length: int
    width: int = 768
    heads: int = 12
    layers: int = 12
    dropout: float = 0.0
    classes: int = 2


class Convolution(NamedTuple):
    """One convolution: sides of kernel and output, channels in and out."""

    kernel: int
    output: int
    channels: int
    filters: int

    def flops(self) -> int:
        """Of the forward pass on one image."""
        return 2 * (self.kernel * self.output) ** 2 * self.channels * self.filters


@dataclasses.dataclass(frozen=True)
class Case:
    """A row of the table.

    Attributes:
        name: in the table.
        model: key of the builders.
        batch: rows a step.
        batches: steps an epoch; each has data of its own, which lie on the device.
        sizes: of the model.
        dtype: of the products; weights are float32 always.
        unit: what is counted a second.
        forward: sizes -> FLOPs of a forward pass on one row.
    """

    name: str
    model: str
    batch: int
    batches: int
    sizes: Any
    dtype: str
    unit: str
    forward: Callable[[Any], int]

    def flops(self) -> int:
        """Of one training step."""
        return 3 * self.batch * self.forward(self.sizes)

    def units(self) -> int:
        """Examples or tokens of one step."""
        return self.batch * (self.sizes.length if self.unit == "tokens" else 1)


def mlp_flops(sizes: Plain) -> int:
    """20-64-64-classes."""
    return 2 * (20 * 64 + 64 * 64 + 64 * sizes.classes)


def vgg_flops(sizes: Plain) -> int:
    """Four unpadded 3x3 convolutions on 100x100x3, a pooling after each two, two dense layers."""
    layers = ((3, 98, 3, 32), (3, 96, 32, 32), (3, 46, 32, 64), (3, 44, 64, 64))
    dense = 2 * (22 * 22 * 64 * 256 + 256 * sizes.classes)
    return sum(Convolution(*layer).flops() for layer in layers) + dense


def resnet_flops(sizes: ResNet) -> int:
    """The stem, all blocks with their shortcuts, the last dense layer."""
    side = math.ceil(sizes.side / 2)
    total = Convolution(7, side, 3, sizes.width).flops()
    side = math.ceil(side / 2)
    channels = sizes.width
    for width, stride, count in sizes.stages():
        for number in range(count):
            before, side = side, math.ceil(side / stride) if number == 0 else side
            total += Convolution(1, before, channels, width).flops()
            total += Convolution(3, side, width, width).flops()
            total += Convolution(1, side, width, 4 * width).flops()
            if number == 0:
                total += Convolution(1, side, channels, 4 * width).flops()
            channels = 4 * width
    return total + 2 * channels * sizes.classes


def blocks_flops(sizes: Transformer) -> int:
    """All blocks on one text."""
    products, attention = 24 * sizes.length * sizes.width**2, 4 * sizes.length**2 * sizes.width
    return sizes.layers * (products + attention)


def bert_flops(sizes: Transformer) -> int:
    """The blocks, and a classifier on the first token."""
    return blocks_flops(sizes) + 2 * sizes.width**2 + 2 * sizes.width * sizes.classes


def gpt2_flops(sizes: Transformer) -> int:
    """The blocks, and logits of every word for each token."""
    return blocks_flops(sizes) + 2 * sizes.length * sizes.width * sizes.vocabulary


_BERT = Transformer(30522, 512, dropout=0.1)
_GPT2 = Transformer(50257, 1024)
CASES = (
    Case("mlp", "mlp", 128, 100, Plain(), "float32", "examples", mlp_flops),
    Case("vgg", "vgg", 32, 100, Plain(), "float32", "examples", vgg_flops),
    Case("bert-tf32", "bert", 32, 20, _BERT, "float32", "tokens", bert_flops),
    Case("bert-bf16", "bert", 32, 20, _BERT, "bfloat16", "tokens", bert_flops),
    Case("gpt2-bf16", "gpt2", 16, 20, _GPT2, "bfloat16", "tokens", gpt2_flops),
    Case("resnet50-bf16", "resnet", 256, 8, ResNet(), "bfloat16", "examples", resnet_flops),
)

_TINY = {
    "mlp": Plain(),
    "vgg": Plain(),
    "resnet": ResNet(side=16, width=4, blocks=(1, 1), classes=5),
    "bert": Transformer(50, 6, width=8, heads=2, layers=1, dropout=0.1),
    "gpt2": Transformer(50, 6, width=8, heads=2, layers=1),
}


def tiny(case: Case) -> Case:
    """The same model small enough for a test on a CPU."""
    return dataclasses.replace(case, batch=4, batches=2, sizes=_TINY[case.model])


def without_dropout(case: Case) -> Case:
    """The same case without chance, to compare libraries number by number."""
    if not hasattr(case.sizes, "dropout"):
        return case
    return dataclasses.replace(case, sizes=dataclasses.replace(case.sizes, dropout=0))


def data(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Random inputs and targets of one epoch."""
    random = np.random.default_rng(0)
    rows = case.batch * case.batches
    sizes = case.sizes
    if isinstance(sizes, Transformer):
        x = random.integers(sizes.vocabulary, size=(rows, sizes.length)).astype("int32")
        if case.model == "gpt2":
            return x, np.roll(x, -1, axis=1)
        return x, random.integers(sizes.classes, size=rows).astype("int32")
    shapes = {"mlp": (20,), "vgg": (100, 100, 3)}
    shape = shapes.get(case.model) or (sizes.side, sizes.side, 3)
    x = random.random((rows, *shape), dtype="float32")
    labels = random.integers(sizes.classes, size=rows).astype("int32")
    if isinstance(sizes, Plain):  # the notes' models take one-hot targets
        return x, np.eye(sizes.classes, dtype="float32")[labels]
    return x, labels
