"""The names of `keras.ops.linalg`."""

from __future__ import annotations

from cornu.ops.control import jvp as jvp
from cornu.ops.decomposition import cholesky as cholesky
from cornu.ops.decomposition import cholesky_inverse as cholesky_inverse
from cornu.ops.decomposition import det as det
from cornu.ops.decomposition import eig as eig
from cornu.ops.decomposition import eigh as eigh
from cornu.ops.decomposition import inv as inv
from cornu.ops.decomposition import lstsq as lstsq
from cornu.ops.decomposition import lu_factor as lu_factor
from cornu.ops.decomposition import matrix_rank as matrix_rank
from cornu.ops.decomposition import norm as norm
from cornu.ops.decomposition import pinv as pinv
from cornu.ops.decomposition import qr as qr
from cornu.ops.decomposition import solve as solve
from cornu.ops.decomposition import solve_triangular as solve_triangular
from cornu.ops.decomposition import svd as svd
