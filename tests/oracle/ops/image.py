"""Images: colour, size, frames, patches, filters and warps."""

import numpy as np

from oracle.ops.row import fractions, row

IMAGES = fractions(2, 9, 12, 3)
FIRST = np.moveaxis(IMAGES, -1, 1).copy()
BYTES = np.round(IMAGES * 255).astype("uint8")
VOLUMES = fractions(2, 5, 6, 7, 2)
# No place comes out in the middle between two pixels, where rounding decides which is nearest.
TURNS = np.array(
    [[0.91, 0.29, -1.03, -0.21, 1.07, 0.53, 0, 0], [1, 0, 2, 0, 1, -3, 0, 0]], "float32"
)
CORNERS = np.array([[[0, 0], [0, 8], [11, 0], [11, 8]]] * 2, "float32")
MOVED = CORNERS + fractions(2, 4, 2)
PLACES = fractions(3, 2, 20) * 22 - 6
GRAY = fractions(2, 9, 12)
FILLS = ("constant", "nearest", "wrap", "mirror", "reflect")
METHODS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
CHANNELS_FIRST = {"data_format": "channels_first"}
CROP, PAD = {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True, "fill_value": 0.5}
STRETCH = (np.array([0.7, 1.5], "float32"), np.array([-0.3, 2.0], "float32"), (1, 2))


def both(name, *args, **kwargs):
    """The call in both formats, of a batch and of one image."""
    return [
        row(f"image.{name}", IMAGES, *args, **kwargs),
        row(f"image.{name}", FIRST, *args, **kwargs, **CHANNELS_FIRST),
        row(f"image.{name}", IMAGES[0], *args, **kwargs).but(unknown=((), (), ()), dtypes=False),
        row(f"image.{name}", IMAGES[0, 0], *args, **kwargs).but(unknown=((), (), ())),
    ]


ROWS = [
    *both("rgb_to_grayscale"),
    *both("rgb_to_hsv"),
    *both("hsv_to_rgb"),
    row("image.rgb_to_grayscale", VOLUMES[0]),
    *both("pad_images", 1, 2, 3, 4),
    row("image.pad_images", IMAGES, 1, 2, target_height=12, target_width=17),
    row("image.pad_images", IMAGES, 1, 2, target_height=5, target_width=17),
    row("image.pad_images", IMAGES, 1),
    *both("crop_images", 1, 2, 3, 4),
    row("image.crop_images", IMAGES, 1, 2, target_height=5, target_width=7),
    row("image.crop_images", IMAGES, 5, 2, 5, 2),
    row("image.crop_images", IMAGES, 1),
    *both("resize", (5, 20)),
    *[row("image.resize", IMAGES, (13, 6), interpolation=method, antialias=antialias)
      for method, antialias in (*((m, False) for m in METHODS), ("bicubic", True))],
    *[row("image.resize", IMAGES, size, **how)
      for size in ((5, 5), (3, 11)) for how in (CROP, PAD)],
    row("image.resize", FIRST, (5, 5), **PAD, **CHANNELS_FIRST),
    row("image.resize", BYTES, (5, 20)),
    row("image.resize", BYTES, (5, 20), interpolation="bicubic"),
    row("image.resize", BYTES.astype("int32"), (20, 5), interpolation="nearest"),
    row("image.resize", IMAGES, (5, 5), interpolation="cubic"),
    row("image.resize", IMAGES, (5,)),
    row("image.resize", IMAGES, (5, 5), **CROP, pad_to_aspect_ratio=True),
    *both("extract_patches", 3),
    row("image.extract_patches", IMAGES, (2, 4), (1, 3)),
    row("image.extract_patches", IMAGES, (3, 2), 1, dilation_rate=2),
    row("image.extract_patches", IMAGES, (4, 5), (2, 3), padding="same"),
    row("image.extract_patches", VOLUMES, (2, 3, 2)),
    row("image.extract_patches_3d", VOLUMES, 2, strides=(1, 2, 3)),
    row("image.extract_patches_3d", VOLUMES[0], (2, 3, 2), padding="same").but(unknown=((),)),
    # Keras takes the default format for channels_first here.
    row("image.gaussian_blur", IMAGES, data_format="channels_last"),
    row("image.gaussian_blur", FIRST, **CHANNELS_FIRST),
    row("image.gaussian_blur", IMAGES[0], data_format="channels_last").but(unknown=((),)),
    row("image.gaussian_blur", IMAGES, (5, 5), (1.3, 1.3), "channels_last"),
    *[row("image.affine_transform", IMAGES, TURNS, fill_mode=fill, fill_value=0.3)
      for fill in FILLS],
    row("image.affine_transform", IMAGES, TURNS, "nearest", "reflect"),
    row("image.affine_transform", FIRST, TURNS, **CHANNELS_FIRST),
    row("image.affine_transform", IMAGES[0], TURNS[0]).but(unknown=((), ())),
    row("image.affine_transform", IMAGES, TURNS, interpolation="cubic"),
    row("image.affine_transform", IMAGES, TURNS, fill_mode="edge"),
    *[row("image.perspective_transform", IMAGES, CORNERS, MOVED, interpolation=order,
          fill_value=0.3) for order in ("bilinear", "nearest")],
    row("image.perspective_transform", FIRST, CORNERS, MOVED, **CHANNELS_FIRST),
    row("image.perspective_transform", IMAGES[0], CORNERS[0], MOVED[0]).but(unknown=((), (), ())),
    *[row("image.map_coordinates", GRAY, PLACES, order, fill_mode=fill, fill_value=0.3).but(
          unknown=((), ())) for order, fill in (*((1, fill) for fill in FILLS), (0, "mirror"))],
    row("image.map_coordinates", GRAY, PLACES, 2).but(unknown=((), ())),
    row("image.map_coordinates", GRAY, PLACES[:2], 1).but(unknown=((), ())),
    row("image.sobel_edges", IMAGES),
    row("image.sobel_edges", FIRST, **CHANNELS_FIRST),
    row("image.sobel_edges", IMAGES[0]).but(unknown=((),)),
    row("image.ssim", IMAGES, IMAGES[:, ::-1].copy(), filter_size=5),
    row("image.ssim", IMAGES[0] * 255, IMAGES[1] * 255, max_val=255.0, filter_size=7).but(
        unknown=((), ()), tolerance=1e-3
    ),
    row("image.ssim", IMAGES, IMAGES[:, :8].copy(), filter_size=5).but(unknown=((), ())),
    *[row("image.scale_and_translate", IMAGES, (2, 6, 20, 3), *STRETCH, method, antialias=flag).but(
          unknown=((), (), ()))
      for method in ("linear", "bicubic", "lanczos3") for flag in (True, False)],
]  # fmt: skip
