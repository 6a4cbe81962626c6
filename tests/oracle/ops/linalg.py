"""Products that sum over axes, and linear algebra."""

import numpy as np

from oracle.ops.row import BITS, CUBE, MATRIX, POSITIVE, VECTOR, random, row, rows

SQUARE = random(2, 3, 3, seed=5)
DEFINITE = SQUARE @ SQUARE.swapaxes(1, 2) + np.eye(3, dtype="float32")
BYTES = BITS.astype("int8")
LOWER = np.tril(DEFINITE)
RIGHT = random(2, 3, 2)

ROWS = [
    row("matmul", MATRIX, MATRIX.T.copy()).but(unknown=((0,), ())),
    row("matmul", CUBE, MATRIX.T.copy()).but(unknown=((0,), ())),
    row("matmul", CUBE, CUBE.swapaxes(1, 2).copy()),
    row("matmul", MATRIX, VECTOR[:4]).but(unknown=((0,), ())),
    row("matmul", VECTOR[:3], MATRIX).but(unknown=((), (1,))),
    row("matmul", VECTOR, VECTOR).but(unknown=((), ())),
    row("matmul", BYTES, BYTES.T.copy()).but(unknown=((0,), ())),
    row("matmul", MATRIX, MATRIX).but(unknown=((), ())),
    row("matmul", random(0, 4), MATRIX.T.copy()).but(unknown=((), ())),
    row("dot", MATRIX, MATRIX.T.copy()).but(unknown=((0,), ())),
    row("dot", CUBE, MATRIX.T.copy()).but(unknown=((0,), ())),
    row("dot", VECTOR, VECTOR).but(unknown=((), ())),
    row("dot", MATRIX, 2.0),
    row("dot", MATRIX, VECTOR[:4]).but(unknown=((0,), ())),
    row("vdot", MATRIX, POSITIVE).but(unknown=((), ())),
    row("inner", MATRIX, POSITIVE).but(unknown=((0,), ())),
    row("inner", VECTOR, VECTOR).but(unknown=((), ())),
    row("outer", VECTOR, VECTOR[:3]).but(unknown=((0,), ())),
    row("outer", MATRIX, VECTOR).but(unknown=((0,), ())),
    row("kron", MATRIX, POSITIVE).but(unknown=((0,), ())),
    row("kron", VECTOR, MATRIX).but(unknown=((0,), ())),
    row("tensordot", CUBE, MATRIX, axes=[[2], [1]]).but(unknown=((0,), ())),
    row("tensordot", CUBE, MATRIX, axes=2).but(unknown=((0,), ())),
    row("tensordot", CUBE, MATRIX, axes=0).but(unknown=((0,), ())),
    row("tensordot", CUBE, MATRIX, axes=(2, 1)).but(unknown=((0,), ())),
    row("einsum", "bij,kj->bik", CUBE, MATRIX).but(unknown=((0,), ())),
    row("einsum", "...ij->...ji", CUBE),
    row("einsum", "ij,ij", MATRIX, POSITIVE),
    row("einsum", "ij->", MATRIX),
    row("einsum", "ij,kj->ik", BYTES, BYTES).but(unknown=((0,), ())),
    row("cross", MATRIX[:, :3].copy(), POSITIVE[:, :3].copy()),
    row("cross", MATRIX[:, :2].copy(), POSITIVE[:, :2].copy()),
    row("cross", MATRIX, POSITIVE, axis=0).but(unknown=((1,), (1,))),
    row("cross", MATRIX, POSITIVE),
    row("cdist", MATRIX, POSITIVE).but(unknown=((0,), ())),
    row("cdist", CUBE, CUBE[:, :2].copy()),
    *rows("cholesky det inv eigh slogdet logdet lu_factor pinv matrix_rank", DEFINITE),
    *rows("qr svd", DEFINITE),
    *[r.but(unknown=((),))
      for r in rows("det inv slogdet lu_factor pinv matrix_rank", SQUARE[0])],
    row("eig", DEFINITE).but(gradient=False),
    *[r.but(unknown=((),)) for r in rows("cholesky det inv eigh eig slogdet lu_factor", MATRIX)],
    *rows("cholesky det inv qr svd pinv", VECTOR),
    row("cholesky", DEFINITE, upper=True),
    row("cholesky_inverse", LOWER[0]),
    row("cholesky_inverse", LOWER),
    row("cholesky_inverse", LOWER[0].T.copy(), upper=True),
    row("qr", CUBE, mode="complete"),
    row("qr", CUBE.swapaxes(1, 2).copy()),
    row("qr", MATRIX, mode="raw"),
    row("svd", CUBE, compute_uv=False),
    row("svd", CUBE, full_matrices=False),
    row("pinv", CUBE),
    row("pinv", MATRIX, rcond=0.5),
    row("matrix_rank", CUBE),
    row("matrix_rank", MATRIX, tol=1.0),
    row("matrix_rank", np.zeros((3, 3), "float32")),
    row("solve", DEFINITE, RIGHT),
    row("solve", DEFINITE[0], RIGHT[0, :, 0].copy()).but(unknown=((), ())),
    row("solve", DEFINITE, RIGHT[..., 0].copy()),
    row("solve", MATRIX, VECTOR),
    row("solve_triangular", LOWER, RIGHT, lower=True),
    row("solve_triangular", LOWER.swapaxes(1, 2).copy(), RIGHT),
    row("solve_triangular", LOWER[0], RIGHT[0, :, 0].copy(), lower=True).but(unknown=((), ())),
    row("lstsq", MATRIX.T.copy(), VECTOR[:4]).but(unknown=((), ())),
    row("lstsq", MATRIX.T.copy(), random(4, 2)).but(unknown=((), ())),
    row("lstsq", MATRIX, VECTOR[:3], rcond=0.1).but(unknown=((), ())),
    *[row("norm", MATRIX, ord=o, axis=a) for o, a in (
        (None, None), (1, 0), (2, -1), (np.inf, 1), (-np.inf, 1), (3, 1), (0, 1), (-2, 0),
        ("fro", None), ("fro", (0, 1)), ("nuc", (0, 1)), (1, (0, 1)), (2, (0, 1)), (-1, (1, 0)),
        (np.inf, None), ("bad", None),
    )],
    row("norm", CUBE, axis=(0, 2), keepdims=True),
    row("norm", CUBE),
    row("norm", VECTOR, ord=1, keepdims=True),
]  # fmt: skip
PRODUCTS = {
    *("matmul", "dot", "vdot", "inner", "outer", "kron", "tensordot", "einsum", "cross", "cdist"),
    "norm",
}
# LAPACK has no bfloat16.
ROWS = [one.but(half=one.op in PRODUCTS) for one in ROWS]
