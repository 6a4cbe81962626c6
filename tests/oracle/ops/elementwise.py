"""Ops that act on each element by itself, or on the bits, and comparisons."""

import numpy as np

from oracle.ops.row import (
    BITS,
    COMPLEX,
    CUBE,
    HOLES,
    MATRIX,
    POSITIVE,
    VECTOR,
    fractions,
    random,
    row,
    rows,
)

UNARY = (
    "abs absolute angle arcsinh arctan cbrt ceil conj conjugate copy cos cosh deg2rad erf erfc exp "
    "exp2 expm1 fabs floor i0 imag isfinite isinf isnan isneginf isposinf isreal logical_not "
    "negative rad2deg real reciprocal round sign signbit sin sinc sinh square tan tanh "
    "trunc nan_to_num"
)
INSIDE = "arccos arcsin arctanh erfinv log log10 log1p log2 rsqrt sqrt"
BINARY = (
    "add subtract multiply divide true_divide divide_no_nan floor_divide power maximum minimum "
    "fmax fmin fmod mod arctan2 heaviside hypot logaddexp logaddexp2 nextafter ldexp equal "
    "not_equal greater greater_equal less less_equal logical_and logical_or logical_xor "
    "isclose allclose"
)
BITWISE = (
    "bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift left_shift "
    "right_shift gcd lcm"
)
SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-40, 3e38], "float32")
SMALL = np.array([[3, 5, 7, 9], [12, 0, 1, 2], [6, 4, 8, 10]], "int32")

ROWS = [
    *rows(UNARY, MATRIX),
    *rows(INSIDE, POSITIVE),
    row("arccosh", POSITIVE + 1),
    *[r.but(dtypes=False) for r in rows(f"{UNARY} {INSIDE} arccosh", SPECIAL) if r.op != "i0"],
    *rows("abs exp sign isnan", random(0, 3)),
    *rows("square negative", np.float32(2.5).reshape(())),
    *[r.but(dtypes=False) for r in rows(
        "abs angle conj conjugate imag real isreal negative square exp view_as_real isnan", COMPLEX
    )],
    row("view_as_complex", CUBE[..., :2]),
    row("polar", POSITIVE, MATRIX),
    row("round", MATRIX * 100, 1),
    row("round", MATRIX * 100, decimals=-1),
    row("nan_to_num", SPECIAL, nan=7.0, posinf=1.0, neginf=-2.0),
    row("clip", MATRIX, -0.5, 0.5),
    row("clip", MATRIX, -VECTOR[:4] - 1, 1),
    row("clip", CUBE, np.float32(-0.1).reshape(()), POSITIVE),
    *rows(BINARY, MATRIX, random(3, 4, seed=9)),
    *rows(BINARY, POSITIVE, fractions(4, seed=9)),
    *rows("add divide maximum equal", random(3, 1), random(2, 1, 4)),
    *rows("add multiply power", random(0, 4), random(4)),
    *[r.but(dtypes=False) for r in rows(BINARY, SPECIAL, SPECIAL[::-1].copy())],
    *rows(BITWISE, MATRIX, MATRIX),
    *rows(BITWISE, SMALL, SMALL[::-1].copy()),
    *rows("bitwise_and add less", BITS, np.int8(3).reshape(())),
    *rows("bitwise_invert bitwise_not", SMALL),
    *[r.but(dtypes=False) for r in rows("add multiply equal", COMPLEX, MATRIX)],
    row("ldexp", MATRIX, SMALL),
    row("isclose", MATRIX, MATRIX + np.float32(1e-6), rtol=1e-4),
    row("isclose", HOLES, HOLES, equal_nan=True),
    row("allclose", MATRIX, MATRIX, atol=1.0),
    row("isin", BITS, np.array([1, 7])),
    row("isin", MATRIX, MATRIX[0], invert=True),
    row("where", BITS > 0, MATRIX, POSITIVE),
    row("where", BITS, MATRIX, 0),
    row("where", BITS > 0, 1, 0.5),
    row("where", MATRIX > 0),
    row("cast", MATRIX * 3, "int32"),
    row("cast", MATRIX, "bfloat16"),
    row("cast", MATRIX, "bool"),
    row("cast", MATRIX, "float64"),
    row("saturate_cast", MATRIX * 300, "uint8"),
    row("saturate_cast", np.array([-300, 300]), "int8"),
    row("saturate_cast", MATRIX, "float16"),
    row("saturate_cast", MATRIX * 3, "bool"),
    row("saturate_cast", MATRIX * np.float32(1e38), "int32"),
    row("view", MATRIX, "int32"),
    row("view", MATRIX, "uint8"),
    row("view", MATRIX),
    row("view", SMALL, "int16"),
    row("stop_gradient", MATRIX),
    row("convert_to_tensor", MATRIX),
    row("convert_to_tensor", MATRIX, "float16"),
    row("convert_to_tensor", [1, 2]),
    row("convert_to_tensor", [1, 2.5]),
    row("convert_to_tensor", True),
    row("convert_to_tensor", [MATRIX, MATRIX]).but(symbolic=False),
    row("array", MATRIX),
    row("array", [[1, 2], [3, 4]], "float32"),
    row("array", 3),
    row("convert_to_numpy", MATRIX).but(symbolic=False),
    row("is_tensor", MATRIX),
    row("is_tensor", [1, 2]),
    row("dtype", MATRIX).but(symbolic=False),
    row("shape", CUBE),
    row("ndim", CUBE),
    row("size", CUBE),
]  # fmt: skip
