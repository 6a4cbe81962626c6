"""Convolutions, pooling, blocks and windows."""

import numpy as np

from oracle.ops.row import random, row

IMAGE = random(2, 7, 6, 4)
FIRST = np.moveaxis(IMAGE, -1, 1).copy()
LINE, VOLUME = random(2, 9, 4), random(1, 5, 4, 5, 2)
KERNEL = random(3, 2, 4, 6, seed=5)
GROUPED = random(3, 2, 2, 6, seed=6)
DEEP = random(3, 2, 4, 2, seed=7)
POINT = random(1, 1, 8, 3, seed=8)
TURNED = random(3, 2, 5, 4, seed=9)
BLOCKS = random(2, 6, 4, 8)
LAST, CHANNELS_FIRST = {"data_format": "channels_last"}, {"data_format": "channels_first"}
X = (0,), (), ()
WHOLE_IMAGE = ((0, 1, 2), (), ())
UNFOLDS = (
    {"kernel_size": 2},
    {"kernel_size": (3, 2), "stride": (2, 1)},
    {"kernel_size": 2, "dilation": (2, 1), "padding": (1, 2)},
)

ROWS = [
    *[row("conv", IMAGE, KERNEL, padding=p, strides=s, dilation_rate=d).but(unknown=X)
      for p, s, d in (("valid", 1, 1), ("same", (2, 1), 1), ("same", 1, 2), ("valid", 2, 1))],
    row("conv", IMAGE, KERNEL, padding="same", strides=2).but(unknown=WHOLE_IMAGE),
    row("conv", IMAGE, KERNEL, 1, "valid", None, (1, 2)).but(unknown=WHOLE_IMAGE),
    row("conv", FIRST, KERNEL, padding="same", **CHANNELS_FIRST).but(unknown=X),
    row("conv", IMAGE, GROUPED).but(unknown=X),
    row("conv", LINE, KERNEL[:, 0].copy(), strides=2, padding="same").but(unknown=X),
    row("conv", LINE, KERNEL[:, 0].copy()).but(unknown=X),
    row("conv", VOLUME, random(2, 2, 2, 2, 3)).but(unknown=X),
    row("conv", IMAGE, KERNEL[:, :, :3].copy()).but(unknown=X),
    row("conv", IMAGE, KERNEL, padding="full").but(unknown=X),
    row("conv", IMAGE, KERNEL, strides=(1, 2, 3)).but(unknown=X),
    row("conv", IMAGE[:0], KERNEL).but(unknown=((), ())),
    row("depthwise_conv", IMAGE, DEEP, padding="same", strides=2).but(unknown=X),
    row("depthwise_conv", FIRST, DEEP, dilation_rate=2, **CHANNELS_FIRST).but(unknown=X),
    row("depthwise_conv", LINE, DEEP[:, 0].copy()).but(unknown=X),
    row("separable_conv", IMAGE, DEEP, POINT, padding="same").but(unknown=X),
    row("separable_conv", LINE, DEEP[:, 0].copy(), POINT[0], strides=2).but(unknown=X),
    *[row("conv_transpose", IMAGE, TURNED, s, p, output_padding=o, dilation_rate=d).but(unknown=X)
      for p in ("valid", "same")
      for s, o, d in ((1, None, 1), (2, None, 1), (3, None, 1), (2, 1, 1), (1, None, 2))],
    row("conv_transpose", IMAGE, TURNED, 2, "same").but(unknown=WHOLE_IMAGE),
    row("conv_transpose", FIRST, TURNED, strides=2, **CHANNELS_FIRST).but(unknown=X),
    row("conv_transpose", LINE, TURNED[:, 0].copy(), 2).but(unknown=X),
    *[row(name, IMAGE, size, strides=s, padding=p) for name in ("max_pool", "average_pool")
      for p in ("valid", "same") for size, s in ((2, None), (3, 2), ((3, 2), (1, 2)))],
    *[row(name, IMAGE, 2, padding="same").but(unknown=WHOLE_IMAGE)
      for name in ("max_pool", "average_pool")],
    row("max_pool", FIRST, 2, 2, **CHANNELS_FIRST),
    row("average_pool", FIRST, 4, 4, padding="same", **CHANNELS_FIRST),
    row("max_pool", LINE, 3, 3, padding="same"),
    row("average_pool", VOLUME, 2, 2),
    row("max_pool", VOLUME, 2),
    row("max_pool", IMAGE, (1, 2, 3)),
    row("max_pool", IMAGE, 2, padding="full"),
    *[row(name, BLOCKS, size, **LAST)
      for name in ("adaptive_average_pool", "adaptive_max_pool") for size in (1, (4, 3), (6, 4))],
    *[row(name, BLOCKS, (4, 3), **CHANNELS_FIRST)
      for name in ("adaptive_average_pool", "adaptive_max_pool")],
    row("adaptive_average_pool", LINE, 3),
    row("adaptive_max_pool", VOLUME, (2, 1, 3)),
    *[row(name, BLOCKS, 2, **LAST) for name in ("space_to_depth", "depth_to_space")],
    *[row(name, BLOCKS[:, :4].copy(), 2, **CHANNELS_FIRST)
      for name in ("space_to_depth", "depth_to_space")],
    row("space_to_depth", BLOCKS, 5),
    row("depth_to_space", BLOCKS, 3),
    *[row("unfold", IMAGE, **options) for options in UNFOLDS],
    row("fold", random(2, 12, 30), (7, 6), 2),
    row("fold", random(2, 12, 9), (7, 5), 2, 2, 0, (2, 1)),
]  # fmt: skip
