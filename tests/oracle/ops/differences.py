"""Where Cornu differs from Keras 3.15 on purpose: what differs, in which ops or rows, and why.

`REASONS[kind]` holds pairs (ops or rows, reason). A pair that no row needs any more fails the test
that asks for it.
"""

from __future__ import annotations

from oracle.ops.row import Row

INTEGERS = "integers"  # tensors of integers and booleans: dtype of the result, or error
HALVES = "halves"  # float16 and bfloat16
CALL = "call"  # the row as it stands: shape, dtype, or error
VALUES = "values"  # numbers
SYMBOLIC = "symbolic"  # shape and dtype of symbolic calls
GRADIENT = "gradient"

REFUSED = "Keras refuses; Cornu computes what it does for the floats that they stand for"
TRUNCATES = "Keras cuts the result to integers; means, roots and probabilities are floats"

REASONS: dict[str, dict[str, str]] = {
    INTEGERS: {
        "erf rsqrt sigmoid silu swish glu "
        "normalize image.gaussian_blur random.categorical": REFUSED,
        "round ldexp cdist softmax log_softmax log_sigmoid psnr "
        "adaptive_average_pool average_pool": (f"of booleans {REFUSED}"),
        "layer_normalization rms_normalization dot_product_attention image.ssim random.dropout": (
            TRUNCATES
        ),
        "conv depthwise_conv separable_conv conv_transpose": (
            "Keras convolves integers in their own dtype, which overflows in 8 bits; Cornu in "
            "floats, and two int8 in int32 as matmul does"
        ),
        "image.sobel_edges": "slopes are negative, which unsigned integers cannot be",
        "fold": "of booleans: a sum of overlapping windows is none",
    },
    HALVES: {
        "view_as_complex polar fft fft2 ifft2 istft": (
            "Keras refuses; complex numbers are made of float32 at least"
        ),
    },
    CALL: {
        "max_pool(float32[2,7,6,4], 2, strides=None, padding='valid') "
        "max_pool(float32[2,7,6,4], 2, strides=None, padding='same') "
        "average_pool(float32[2,7,6,4], 2, strides=None, padding='valid') "
        "average_pool(float32[2,7,6,4], 2, strides=None, padding='same') "
        "max_pool(float32[2,7,6,4], 2, padding='same') "
        "average_pool(float32[2,7,6,4], 2, padding='same') "
        "max_pool(float32[1,5,4,5,2], 2)": "Keras fails on one pool_size without strides",
        "random.uniform([5], 0, 10, dtype='int32', seed=7)": "Cornu draws integers, as K did",
        "random.dropout(float32[3,4], 1.5, seed=7)": "a rate is at most 1",
        "histogram": "Cornu counts arrays of any rank, as NumPy does",
        "cholesky_inverse(float32[2,3,3])": "Cornu takes batches, as its neighbours do",
        "solve(float32[2,3,3], float32[2,3])": "a batch of vectors for a batch of matrices",
        "segment_sum segment_max segment_min segment_prod": (
            "without num_segments Cornu counts the segments where values are there"
        ),
        "normalize(float32[2,3,4], axis=1, order=2.5)": "an order need not be whole",
        "dot_product_attention(float32[2,5,4,3], float32[2,6,2,3], float32[2,6,2,3], "
        "attn_logits_soft_cap=0.5)": "Keras has it for TPUs only",
        "sparse_categorical_crossentropy(int64[4], float32[3,4], axis=0)": (
            "Keras cannot take classes from another axis than the last"
        ),
        "array_split(float32[2,3,4], [1], axis=1)": "cuts may be given, as NumPy's",
        "repeat(float32[3,4], [1, 0, 2], axis=0)": "a list will do, as in NumPy",
        "extract_sequences(float32[2,50], 7, 0)": "a stride of 0 gives no sequences",
        "associative_scan(combine, float32[2,3,4], reverse=True, axis=-1)": (
            "Keras fails on negative axes from the end"
        ),
    },
    VALUES: {
        "sparsemax activations.sparsemax": "Keras's rows do not sum to 1",
        "separable_conv": "see `integers`",
    },
    SYMBOLIC: {
        "rearrange correlate": "Keras fails on unknown sizes",
    },
    GRADIENT: {
        "sparsemax activations.sparsemax": "Keras's rows do not sum to 1",
        "image.affine_transform": (
            "by c0 and c1, which move channels in Keras; the others are compared beside the op"
        ),
    },
}


def reason(kind: str, row: Row) -> tuple[str, str] | None:
    """The entry that covers a row: (kind, key); or None."""
    for key in REASONS[kind]:
        if str(row) in key if "(" in key else row.op in key.split():
            return kind, key
    return None


def concerns(key: str, ops: set[str]) -> bool:
    """Whether an entry is about one of these ops."""
    names = {name.split("(")[0] for name in key.split() if "(" in name or "(" not in key}
    return bool(names & ops)


class Found:
    """The differences of one theme: those on purpose are noted, the others are told."""

    def __init__(self, rows: list[Row]) -> None:
        self.ops = {row.op for row in rows}
        self.used: set[tuple[str, str]] = set()
        self.wrong: list[str] = []

    def note(self, kind: str, row: Row, difference: str, where: str = "") -> None:
        """Take note of a difference; an empty one is none."""
        if not difference:
            return
        known = reason(kind, row)
        if known:
            self.used.add(known)
        else:
            self.wrong.append(f"{row}{where}: {difference}")

    def check(self, *kinds: str) -> None:
        """Fails where a difference is not on purpose, or one on purpose is none any more."""
        assert not self.wrong, "\n".join(self.wrong)
        listed = {(kind, key) for kind in kinds for key in REASONS[kind]}
        unneeded = {entry for entry in listed - self.used if concerns(entry[1], self.ops)}
        assert not unneeded, f"no difference any more: {sorted(unneeded)}"
