"""Activations, normalizations, cross-entropies, attention and encodings."""

import numpy as np

from oracle.ops.row import BITS, CUBE, MATRIX, POSITIVE, VECTOR, fractions, random, row, rows

SIMPLE = (
    "hard_sigmoid hard_silu hard_swish hard_tanh log_sigmoid relu relu6 selu sigmoid silu swish "
    "softplus softsign sparse_plus sparse_sigmoid tanh_shrink celu elu gelu hard_shrink "
    "soft_shrink leaky_relu squareplus softmax log_softmax sparsemax"
)
OF_THEIR_OWN = "relu gelu exponential linear mish"  # activations that are no ops
THE_SAME = [name for name in f"{SIMPLE} tanh glu".split() if name not in OF_THEIR_OWN.split()]
EXTREME = np.array([[-1e4, -80.0, -1.0, 0.0], [1.0, 80.0, 1e4, 1e-30]], "float32")
LABELS = np.array([1, 0, 3], "int32")
HOT = np.eye(4, dtype="float32")[LABELS]
QUERY, KEY = random(2, 5, 4, 3), random(2, 6, 2, 3, seed=8)
KEEP = fractions(2, 1, 5, 6) > 0.3
SCALE, OFFSET = random(4, seed=6), random(4, seed=7)
LOGITS = random(3, 7, 5) * 2
TARGET = np.array([[1, 2, 2], [3, 1, 1], [4, 1, 2]], "int32")
LENGTHS = (np.array([3, 1, 2], "int32"), np.array([7, 4, 6], "int32"))

ROWS = [
    *rows(SIMPLE, MATRIX * 3),
    *[r.but(dtypes=False) for r in rows(SIMPLE, EXTREME)],
    *rows("relu softmax gelu log_softmax", random(0, 4)),
    *rows(" ".join(f"activations.{name}" for name in OF_THEIR_OWN.split()), CUBE * 2),
    *rows(" ".join(f"activations.{name}" for name in THE_SAME), CUBE * 2),
    *[row("activations.relu", MATRIX, *args) for args in (
        (0.1,), (0.0, 0.5), (0.0, None, 0.3), (0.2, 0.6, 0.1), (0.0, 0.0),
    )],
    row("activations.threshold", MATRIX, 0.1, 7.0),
    row("activations.gelu", MATRIX, approximate=True),
    row("activations.leaky_relu", MATRIX, negative_slope=0.5),
    row("activations.elu", MATRIX, alpha=0.5),
    row("activations.softmax", CUBE, axis=1),
    row("activations.softmax", VECTOR),
    row("celu", MATRIX, alpha=0.5),
    row("elu", MATRIX, alpha=0.5),
    *[row("gelu", MATRIX, approximate=flag) for flag in (True, False)],
    row("glu", CUBE),
    row("glu", CUBE, axis=0).but(unknown=((1,),)),
    row("glu", CUBE, axis=1),
    row("hard_shrink", MATRIX, threshold=0.3),
    row("soft_shrink", MATRIX, threshold=0.3),
    row("threshold", MATRIX, 0.1, 7.0),
    row("threshold", MATRIX, threshold=0, default_value=1),
    row("leaky_relu", MATRIX, negative_slope=0.3),
    row("squareplus", MATRIX, b=2),
    row("softmax", CUBE, axis=(1, 2)),
    row("softmax", CUBE, axis=None),
    row("softmax", CUBE, axis=0),
    row("log_softmax", CUBE, axis=1),
    row("log_softmax", CUBE, axis=(0, 2)),
    row("sparsemax", CUBE, axis=1),
    *[row("moments", CUBE, axes=axes, keepdims=k) for axes, k in (([0, 2], True), ([1], False))],
    row("moments", random(0, 3), axes=[0]),
    row("batch_normalization", CUBE, OFFSET, SCALE**2, -1, SCALE, OFFSET).but(
        unknown=((0,), (), (), (), ())
    ),
    row("batch_normalization", CUBE, MATRIX[:, 0].copy(), POSITIVE[:, 0].copy(), axis=1).but(
        unknown=((0,), (), ())
    ),
    row("batch_normalization", CUBE, OFFSET, SCALE**2, axis=1),
    *[row("normalize", CUBE, axis=a, order=o)
      for a, o in ((-1, 2), (1, 1), (0, 3), ((1, 2), 2), (None, 2), (-1, 0), (-1, -1), (1, 2.5))],
    row("normalize", np.zeros((2, 3), "float32")),
    row("normalize", MATRIX, epsilon=5.0),
    row("layer_normalization", CUBE),
    row("layer_normalization", CUBE, gamma=SCALE, beta=OFFSET).but(unknown=((0,), (), ())),
    row("layer_normalization", CUBE, axis=(1, 2), epsilon=0.1, gamma=MATRIX).but(
        unknown=((0,), ())
    ),
    row("layer_normalization", CUBE, axis=1, gamma=MATRIX[:, 0].copy()).but(unknown=((0,), ())),
    row("rms_normalization", CUBE),
    row("rms_normalization", CUBE, scale=SCALE).but(unknown=((0,), ())),
    row("rms_normalization", CUBE, axis=1, epsilon=0.1),
    row("dot_product_attention", QUERY, KEY, KEY),
    row("dot_product_attention", QUERY, KEY, KEY, mask=KEEP, scale=0.3),
    row("dot_product_attention", QUERY, QUERY, QUERY, is_causal=True),
    row("dot_product_attention", QUERY, KEY, KEY, bias=KEEP.astype("float32")),
    row("dot_product_attention", QUERY, KEY, KEY, attn_logits_soft_cap=0.5),
    row("dot_product_attention", QUERY[0], KEY[0], KEY[0]),
    row("one_hot", LABELS, 4, axis=0),
    row("one_hot", np.array([[-1, 1, 5]]), 4, dtype="int32"),
    row("one_hot", LABELS, num_classes=3, dtype="bool"),
    row("one_hot", np.zeros((0, 2), "int32"), 3),
    row("multi_hot", np.array([[1, 2], [0, 0]]), 4),
    row("multi_hot", LABELS, num_classes=4).but(unknown=((),)),
    row("multi_hot", BITS),
    *[row("binary_crossentropy", HOT, x, from_logits=flag) for x, flag in (
        (POSITIVE, False), (np.round(POSITIVE), False), (30 * MATRIX, True), (1e5 * MATRIX, True),
    )],
    row("binary_crossentropy", HOT, POSITIVE[:2].copy()),
    row("categorical_crossentropy", HOT, POSITIVE),
    row("categorical_crossentropy", HOT, 30 * MATRIX, from_logits=True),
    row("categorical_crossentropy", HOT, POSITIVE, axis=0).but(unknown=((1,), (1,))),
    row("categorical_crossentropy", HOT, VECTOR).but(unknown=((), ())),
    row("sparse_categorical_crossentropy", LABELS, POSITIVE),
    row("sparse_categorical_crossentropy", LABELS[:, None].copy(), 30 * MATRIX, from_logits=True),
    row("sparse_categorical_crossentropy", LABELS, POSITIVE[:2].copy()),
    row("sparse_categorical_crossentropy", np.array([1, 0, 2, 1]), POSITIVE, axis=0).but(
        unknown=((), ())
    ),
    row("psnr", MATRIX, POSITIVE, 2.0),
    row("psnr", MATRIX, CUBE, 2.0),
    row("ctc_loss", TARGET, LOGITS, *LENGTHS),
    row("ctc_loss", TARGET - 1, LOGITS, *LENGTHS, mask_index=4),
    row("ctc_decode", LOGITS, LENGTHS[1]),
    row("ctc_decode", LOGITS, LENGTHS[1], merge_repeated=False, mask_index=4),
    row("ctc_decode", LOGITS, LENGTHS[1], strategy="beam_search", beam_width=10, top_paths=3).but(
        dtypes=False, gradient=False
    ),
]  # fmt: skip
# The activations that are ops are asked for their values and symbolic shapes only.
ALIKE = {f"activations.{name}" for name in [*THE_SAME, "threshold"]}
ROWS = [one.but(dtypes=False, gradient=False) if one.op in ALIKE else one for one in ROWS]
