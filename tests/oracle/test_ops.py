"""Ops against the real Keras: values, shapes and dtypes, over tables of calls."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cornu import ops, random
from cornu.core.symbolic import KerasTensor

keras = pytest.importorskip("keras")

RNG = np.random.default_rng(3)
DTYPES = ("uint8", "bfloat16", "float32")
ONES = np.array([[1, 0, 1, 1], [0, 1, 1, 0], [1, 1, 0, 1]])
REAL = RNG.normal(size=(3, 4)).astype("float32")
POSITIVE = RNG.uniform(0.1, 0.9, size=(3, 4)).astype("float32")
CUBE = RNG.normal(size=(2, 3, 4)).astype("float32")
HOLES = np.where(REAL > 0.5, np.nan, REAL)
SQUARE = RNG.normal(size=(2, 3, 3)).astype("float32")
DEFINITE = SQUARE @ SQUARE.swapaxes(1, 2) + np.eye(3, dtype="float32")
COMPLEX = (REAL + 1j * POSITIVE).astype("complex64")


def same(ours, theirs, tolerance=2e-5):
    ours, theirs = jax.tree.leaves(ours), jax.tree.leaves(theirs)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        if hasattr(b, "dtype"):
            assert str(a.dtype) == str(b.dtype)
            if "16" in str(b.dtype):
                tolerance = 2e-2
        a, b = np.asarray(a), np.asarray(b)
        assert a.shape == b.shape
        if a.dtype.kind not in "biufc":
            a, b = a.astype("float32"), b.astype("float32")
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def names_with(*parameters):
    """Ops of Keras that need just these arguments."""
    for name in sorted(vars(keras.ops)):
        function = getattr(keras.ops, name)
        if not callable(function) or not hasattr(ops, name) or name in ELSEWHERE:
            continue
        given = inspect.signature(function).parameters.values()
        needed = [p.name for p in given if p.default is p.empty and p.kind != p.VAR_KEYWORD]
        if needed == list(parameters) and not any(p.kind == p.VAR_POSITIONAL for p in given):
            yield name


# Asked about in other tables, or better in Cornu: Keras's sparsemax does not sum to 1, its
# cross-entropies and normalizations refuse or truncate integers.
ELSEWHERE = {
    *("bartlett", "blackman", "hamming", "hanning", "cholesky", "cholesky_inverse", "inv", "det"),
    *(
        "eig",
        "eigh",
        "slogdet",
        "logdet",
        "unstack",
        "view",
        "view_as_complex",
        "dtype",
        "is_tensor",
    ),
    *("convert_to_numpy", "stack", "sparsemax", "histogram", "bincount", "qr", "svd", "lu_factor"),
    *("matmul", "dot", "cross", "kron", "tensordot", "correlate", "pinv", "matrix_rank", "array"),
    *("hard_tanh",),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", list(names_with("x")))
def test_one_tensor(name, dtype):
    x = jnp.asarray(ONES, dtype)
    if np.dtype(dtype).kind in "bui" and name in INTEGERS_BETTER:
        assert getattr(ops, name)(x).dtype == "float32"
        return
    try:
        theirs = getattr(keras.ops, name)(x)
    except (TypeError, ValueError) as error:
        pytest.skip(f"Keras refuses: {type(error).__name__}")
    same(getattr(ops, name)(x), theirs)


# Where Keras computes with wrapped-around unsigned integers or truncates the result.
INTEGERS_BETTER = (
    "log_sigmoid",
    "log_softmax",
    "softmax",
    "layer_normalization",
    "rms_normalization",
)


# Each compiles ~60 small programs twice, so only the pairs that tell rules apart.
PAIRS = [
    ("bool", "int32"),
    ("uint8", "int8"),
    ("int32", "float16"),
    ("bfloat16", 1.5),
    ("int32", 1.5),
]


@pytest.mark.parametrize(("dtype", "other"), PAIRS, ids=str)
def test_two_tensors(dtype, other):
    x = jnp.asarray(ONES, dtype)
    y = jnp.asarray(ONES[::-1], other) if isinstance(other, str) else other
    wrong = []
    for name in (*names_with("x1", "x2"), *names_with("x", "y")):
        if isinstance(other, float) and name in ("arctan2", "logaddexp", "logaddexp2"):
            continue  # Keras forgets there that Python numbers adapt
        try:
            theirs = getattr(keras.ops, name)(x, y)
        except (TypeError, ValueError):
            continue
        try:
            same(getattr(ops, name)(x, y), theirs)
        except (AssertionError, TypeError, ValueError) as error:
            wrong.append(f"{name}: {error}")
    assert not wrong, "\n".join(wrong)


IMAGE = RNG.normal(size=(2, 7, 6, 4)).astype("float32")
FIRST = np.moveaxis(IMAGE, -1, 1).copy()
LINE = RNG.normal(size=(2, 9, 4)).astype("float32")
VOLUME = RNG.normal(size=(1, 5, 4, 5, 2)).astype("float32")
KERNEL = RNG.normal(size=(3, 2, 4, 6)).astype("float32")
GROUPED = RNG.normal(size=(3, 2, 2, 6)).astype("float32")
DEEP = RNG.normal(size=(3, 2, 4, 2)).astype("float32")
POINT = RNG.normal(size=(1, 1, 8, 3)).astype("float32")
TURNED = RNG.normal(size=(3, 2, 5, 4)).astype("float32")
QUERY = RNG.normal(size=(2, 5, 4, 3)).astype("float32")
KEY = RNG.normal(size=(2, 6, 2, 3)).astype("float32")
KEEP = RNG.uniform(size=(2, 1, 5, 6)) > 0.3
LABELS = np.array([1, 0, 3])
HOT = np.eye(4, dtype="float32")[LABELS]
SIGNAL = RNG.normal(size=(2, 40)).astype("float32")

CALLS = [
    *[("sum", (CUBE,), {"axis": axis, "keepdims": k})
      for axis in (0, -1, (0, 2), [1]) for k in (0, 1)],
    *[(name, (HOLES,), {"axis": 1}) for name in (
        "nansum", "nanprod", "nanmean", "nanmedian", "nanstd", "nanvar", "nanmax", "nanmin",
        "nanargmax", "nanargmin", "nancumsum", "nancumprod",
    )],
    *[(name, (CUBE,), {"axis": 1, "keepdims": True}) for name in (
        "mean", "std", "var", "median", "max", "min", "prod", "ptp", "amax", "logsumexp", "argmax",
    )],
    ("max", (CUBE,), {"axis": 0, "initial": 1.0}),
    ("prod", (CUBE,), {"dtype": "float16"}),
    ("count_nonzero", (ONES,), {"axis": 0}),
    ("average", (REAL,), {"axis": 1, "weights": POSITIVE}),
    ("average", (REAL,), {"axis": 1, "weights": [1, 2, 3, 4]}),
    ("cumsum", (REAL,), {"axis": 1}),
    ("cumsum", (ONES > 0,), {}),
    ("cumprod", (REAL,), {"axis": 0, "dtype": "float16"}),
    ("quantile", (REAL, [0.2, 0.7]), {"axis": 1}),
    ("quantile", (CUBE, 0.3), {"axis": (0, 1), "keepdims": True, "method": "nearest"}),
    ("percentile", (REAL, 30.0), {}),
    ("nanquantile", (HOLES, 0.5), {"axis": 0}),
    ("nanpercentile", (HOLES, 50.0), {"axis": 0}),
    ("histogram", (REAL[0],), {"bins": 4, "range": (-1.0, 1.0)}),
    ("bincount", (np.array([1, 2, 2, 5]),), {"minlength": 8}),
    ("bincount", (np.array([[1, 3], [2, 3]]),), {"weights": POSITIVE[:2, :2]}),
    ("corrcoef", (REAL,), {}),
    ("correlate", (REAL[0], REAL[1, :2]), {"mode": "full"}),
    ("diff", (REAL,), {"n": 2, "axis": 0}),
    ("trapezoid", (REAL,), {"dx": 0.5}),
    ("divide_no_nan", (REAL, np.where(REAL > 0, REAL, 0)), {}),
    ("clip", (REAL, -0.5, 0.5), {}),
    ("clip", (ONES, 0.5, np.ones(4, "float32")), {}),
    ("round", (REAL,), {"decimals": 1}),
    ("nan_to_num", (HOLES,), {"nan": 7.0}),
    ("isclose", (REAL, REAL + 1e-6), {"rtol": 1e-4}),
    ("isin", (ONES, [1, 7]), {"invert": True}),
    ("reshape", (CUBE, (4, -1)), {}),
    ("squeeze", (CUBE[:1],), {"axis": 0}),
    ("expand_dims", (REAL,), {"axis": (0, 2)}),
    ("transpose", (CUBE,), {"axes": (2, 0, 1)}),
    ("moveaxis", (CUBE, [0, 1], [2, 0]), {}),
    ("swapaxes", (CUBE, 0, 2), {}),
    ("flip", (CUBE,), {"axis": 1}),
    ("roll", (REAL, 2), {"axis": 1}),
    ("rot90", (REAL,), {"k": 3}),
    ("repeat", (REAL, 2), {"axis": 1}),
    ("repeat", (REAL, np.array([1, 0, 2])), {"axis": 0}),
    ("tile", (REAL, (2, 1, 2)), {}),
    ("pad", (REAL, ((1, 0), (2, 1))), {"constant_values": 3}),
    ("pad", (REAL, 1), {"mode": "reflect"}),
    ("broadcast_to", (REAL, (2, 3, 4)), {}),
    ("rearrange", (CUBE, "a b (c d) -> c (b a) d"), {"d": 2}),
    ("concatenate", ([REAL, ONES],), {"axis": 1}),
    ("stack", ([REAL, POSITIVE],), {"axis": -1}),
    ("hstack", ([REAL, POSITIVE],), {}),
    ("vstack", ([REAL, POSITIVE],), {}),
    ("dstack", ([REAL, POSITIVE],), {}),
    ("split", (CUBE, 2), {"axis": 2}),
    ("split", (CUBE, (1, 3)), {"axis": 2}),
    ("array_split", (CUBE, 3), {"axis": 2}),
    ("unstack", (CUBE,), {"axis": 1}),
    ("meshgrid", (np.arange(3), np.arange(2)), {"indexing": "ij"}),
    ("take", (CUBE, [[0, 2], [1, -1]]), {"axis": 1}),
    ("take_along_axis", (REAL, np.array([[0, 3], [1, 1], [2, -1]])), {"axis": 1}),
    ("where", (REAL > 0, REAL, 0), {}),
    ("where", (REAL > 0,), {}),
    ("nonzero", (ONES,), {}),
    ("select", ([REAL > 0.5, REAL < 0], [REAL, ONES]), {"default": 7}),
    ("unravel_index", ([1, 7], (3, 4)), {}),
    ("slice", (CUBE, [0, 1, 1], (2, 2, 3)), {}),
    ("slice_update", (CUBE, [0, 1, 1], np.ones((1, 2, 2), "float32")), {}),
    ("scatter", (np.array([[0, 1], [2, 3], [0, 1]]), REAL[0, :3], (3, 4)), {}),
    ("scatter_update", (REAL, [[1], [0]], REAL[1:]), {}),
    *[("scatter_update", (REAL, [[1, 2], [0, 0]], [3.0, -2.0]), {"reduction": r})
      for r in ("add", "max", "min", "mul")],
    ("get_item", (CUBE, (slice(None), 1, None)), {}),
    ("diagonal", (CUBE,), {"offset": 1, "axis1": 1, "axis2": 2}),
    ("diag", (REAL[0],), {"k": 1}),
    ("diagflat", (REAL,), {}),
    ("tril", (CUBE,), {"k": 1}),
    ("triu", (CUBE,), {"k": -1}),
    ("cast", (REAL * 3, "int32"), {}),
    ("cast", (REAL, "bfloat16"), {}),
    ("saturate_cast", (REAL * 300, "uint8"), {}),
    ("saturate_cast", (np.array([-300, 300]), "int8"), {}),
    ("view", (REAL, "int32"), {}),
    ("view_as_complex", (CUBE[..., :2],), {}),
    ("view_as_real", (COMPLEX,), {}),
    ("polar", (POSITIVE, REAL), {}),
    ("angle", (COMPLEX,), {}),
    ("matmul", (CUBE, REAL.T), {}),
    ("matmul", (ONES.astype("int8"), ONES.T.astype("int8")), {}),
    ("dot", (CUBE, REAL.T), {}),
    ("tensordot", (CUBE, REAL), {"axes": [[2], [1]]}),
    ("einsum", ("bij,kj->bik", CUBE, REAL), {}),
    ("cross", (REAL[:, :3], POSITIVE[:, :3]), {}),
    ("kron", (REAL, POSITIVE), {}),
    ("cdist", (REAL, POSITIVE), {}),
    ("arange", (5,), {}),
    ("arange", (1, 3, 0.5), {}),
    ("linspace", (0, 2), {"num": 5, "retstep": True}),
    ("logspace", (0, 2), {"num": 5}),
    ("geomspace", (1, 100), {"num": 5}),
    ("full", ((2, 3), 7), {}),
    ("full_like", (ONES, 7.5), {"dtype": "float32"}),
    ("eye", (3, 4), {"k": 1}),
    ("tri", (3, 4), {"k": -1}),
    ("vander", (np.arange(3),), {"increasing": True}),
    ("kaiser", (5, 3.0), {}),
    *[(name, (6,), {}) for name in ("bartlett", "blackman", "hamming", "hanning", "identity")],
    ("argmax", (REAL,), {"axis": 1}),
    ("argmin", (REAL,), {}),
    ("argsort", (REAL,), {"axis": None}),
    ("argpartition", (REAL, 2), {}),
    ("top_k", (REAL, 2), {}),
    ("in_top_k", (LABELS, REAL), {"k": 2}),
    ("searchsorted", ([1.0, 2, 3], REAL), {"side": "right"}),
    ("digitize", (REAL, [-1.0, 0.0, 1.0]), {}),
    ("unique", ([3, 1, 3, 2],), {"return_index": 1, "return_inverse": 1, "return_counts": 1}),
    *[(name, (DEFINITE,), {}) for name in (
        "cholesky", "det", "inv", "eigh", "slogdet", "logdet", "pinv", "matrix_rank", "lu_factor",
    )],
    ("cholesky", (DEFINITE,), {"upper": True}),
    ("cholesky_inverse", (np.tril(DEFINITE[0]),), {}),
    ("qr", (CUBE,), {"mode": "complete"}),
    ("svd", (CUBE,), {"compute_uv": False}),
    ("solve", (DEFINITE, CUBE[:, :3, :2]), {}),
    ("solve", (DEFINITE[0], CUBE[0, :, 0]), {}),
    ("solve_triangular", (np.tril(DEFINITE), CUBE[:, :3, :2]), {"lower": True}),
    ("lstsq", (REAL.T, REAL[0]), {}),
    *[("norm", (REAL,), {"ord": o, "axis": a}) for o, a in (
        (None, None), (1, 0), (np.inf, 1), (3, 1), ("fro", (0, 1)), ("nuc", (0, 1)),
    )],
    ("hard_tanh", (2 * REAL,), {}),
    ("hard_tanh", (ONES * 3,), {}),
    ("celu", (REAL,), {"alpha": 0.5}),
    ("elu", (REAL,), {"alpha": 0.5}),
    *[("gelu", (REAL,), {"approximate": flag}) for flag in (True, False)],
    ("glu", (CUBE,), {"axis": 0}),
    ("hard_shrink", (REAL,), {"threshold": 0.3}),
    ("soft_shrink", (REAL,), {"threshold": 0.3}),
    ("threshold", (REAL, 0.1, 7.0), {}),
    ("leaky_relu", (REAL,), {"negative_slope": 0.3}),
    ("squareplus", (REAL,), {"b": 2}),
    ("softmax", (CUBE,), {"axis": (1, 2)}),
    ("log_softmax", (CUBE,), {"axis": 1}),
    *[("conv", (IMAGE, KERNEL), {"padding": p, "strides": s, "dilation_rate": d})
      for p, s, d in (("valid", 1, 1), ("same", (2, 1), 1), ("same", 1, 2), ("valid", 2, (1, 2)))],
    ("conv", (FIRST, KERNEL), {"padding": "same", "data_format": "channels_first"}),
    ("conv", (IMAGE, GROUPED), {}),
    ("conv", (LINE, KERNEL[:, 0]), {"strides": 2, "padding": "same"}),
    ("conv", (VOLUME, RNG.normal(size=(2, 2, 2, 2, 3)).astype("float32")), {}),
    ("depthwise_conv", (IMAGE, DEEP), {"padding": "same", "strides": 2}),
    ("depthwise_conv", (FIRST, DEEP), {"data_format": "channels_first", "dilation_rate": 2}),
    ("separable_conv", (IMAGE, DEEP, POINT), {"padding": "same"}),
    *[("conv_transpose", (IMAGE, TURNED, s, p), {"output_padding": o, "dilation_rate": d})
      for p in ("valid", "same") for s, o, d in (
          (1, None, 1), (2, None, 1), (3, None, 1), (4, None, 1), (2, 1, 1), (3, 1, 1),
          (1, None, 2), (1, 1, 2),
      )],
    ("conv_transpose", (FIRST, TURNED), {"strides": 2, "data_format": "channels_first"}),
    *[(name, (IMAGE, size), {"padding": p, "strides": s})
      for name in ("max_pool", "average_pool") for p in ("valid", "same")
      for size, s in ((2, 2), (3, 2), ((3, 2), (1, 2)), ((7, 6), (7, 6)))],
    ("max_pool", (FIRST, 2, 2), {"data_format": "channels_first"}),
    ("average_pool", (FIRST, 4, 4), {"data_format": "channels_first", "padding": "same"}),
    ("max_pool", (LINE, 3, 3), {"padding": "same"}),
    ("average_pool", (VOLUME, 2, 2), {}),
    ("moments", (CUBE, (0, 2)), {"keepdims": True}),
    ("moments", (CUBE.astype("float16"), [1]), {}),
    ("batch_normalization", (CUBE, REAL[0], POSITIVE[0], -1, REAL[1], REAL[2]), {}),
    ("batch_normalization", (CUBE, REAL[0, :3], POSITIVE[0, :3]), {"axis": 1}),
    *[("normalize", (CUBE,), {"axis": a, "order": o}) for a, o in ((-1, 2), (1, 1), (0, 3))],
    ("layer_normalization", (CUBE,), {"gamma": REAL[0], "beta": REAL[1]}),
    ("layer_normalization", (CUBE,), {"axis": (1, 2), "epsilon": 0.1, "gamma": REAL}),
    ("rms_normalization", (CUBE,), {"scale": REAL[0]}),
    ("dot_product_attention", (QUERY, KEY, KEY), {}),
    ("dot_product_attention", (QUERY, KEY, KEY), {"mask": KEEP, "scale": 0.3}),
    ("dot_product_attention", (QUERY, QUERY, QUERY), {"is_causal": True}),
    ("dot_product_attention", (QUERY, KEY, KEY), {"bias": KEEP.astype("float32")}),
    ("one_hot", (LABELS, 4), {"axis": 0}),
    ("one_hot", ([-1, 1, 5], 4), {"dtype": "int32"}),
    ("multi_hot", ([[1, 2], [0, 0]], 4), {}),
    ("multi_hot", ([1, 2],), {"num_classes": 4}),
    ("binary_crossentropy", (HOT, POSITIVE), {}),
    ("binary_crossentropy", (HOT, np.round(POSITIVE)), {}),
    ("binary_crossentropy", (HOT, 30 * REAL), {"from_logits": True}),
    ("categorical_crossentropy", (HOT, POSITIVE), {}),
    ("categorical_crossentropy", (HOT, 30 * REAL), {"from_logits": True}),
    ("categorical_crossentropy", (HOT, POSITIVE), {"axis": 0}),
    ("sparse_categorical_crossentropy", (LABELS, POSITIVE), {}),
    ("sparse_categorical_crossentropy", (LABELS[:, None], 30 * REAL), {"from_logits": True}),
    *[(name, (REAL, np.array([0, 2, 0])), {"num_segments": 3})
      for name in ("segment_sum", "segment_max", "segment_min", "segment_prod")],
]  # fmt: skip


def label(call):
    name, _, arguments = call
    return (
        name
        + "".join(f"-{key}={value}" for key, value in arguments.items() if np.ndim(value) < 2)[:60]
    )


@pytest.mark.parametrize("call", CALLS, ids=label)
def test_call(call):
    name, args, kwargs = call
    same(getattr(ops, name)(*args, **kwargs), getattr(keras.ops, name)(*args, **kwargs), 1e-4)


SYMBOLIC = [
    ("add", ((None, 3), (3,)), {}),
    ("matmul", ((None, 4, 3), (3, 2)), {}),
    ("reshape", ((None, 4, 6), ), {"newshape": (-1, 24)}),
    ("sum", ((None, 4, 6), ), {"axis": 1}),
    ("conv", ((None, None, 9, 4), (3, 3, 4, 8)), {"strides": 2, "padding": "same"}),
    ("max_pool", ((None, 9, None, 4),), {"pool_size": 2}),
    ("conv_transpose", ((None, None, 9, 4), (3, 3, 8, 4)), {"strides": 2, "padding": "same"}),
    ("softmax", ((None, 4),), {}),
    ("one_hot", ((None, 4),), {"num_classes": 7}),
    ("transpose", ((None, 4, 5),), {}),
    ("top_k", ((None, 9),), {"k": 3}),
    ("sparse_categorical_crossentropy", ((None,), (None, 5)), {}),
    ("moments", ((None, 4, 5),), {"axes": [0, 1]}),
    ("argmax", ((None, 5),), {"axis": -1}),
    ("cast", ((None, 5),), {"dtype": "int32"}),
]  # fmt: skip


@pytest.mark.parametrize("call", SYMBOLIC, ids=label)
def test_symbolic_shapes_and_dtypes(call):
    name, shapes, kwargs = call
    ours = getattr(ops, name)(*(KerasTensor(shape) for shape in shapes), **kwargs)
    theirs = getattr(keras.ops, name)(*(keras.KerasTensor(shape) for shape in shapes), **kwargs)
    ours, theirs = (x if isinstance(x, tuple | list) else [x] for x in (ours, theirs))
    assert [(x.shape, x.dtype) for x in ours] == [(tuple(x.shape), x.dtype) for x in theirs]


DRAWS = [
    ("normal", ((5, 3),), {"mean": 2.0, "stddev": 0.5}),
    ("normal", ((5,),), {"dtype": "bfloat16"}),
    ("uniform", ((5, 3),), {"minval": -2.0, "maxval": 3.0}),
    ("truncated_normal", ((5, 3),), {"mean": 1.0, "stddev": 3.0}),
    ("randint", ((5, 3), -4, 9), {}),
    ("randint", ((5,), 0, 200), {"dtype": "uint8"}),
    ("categorical", (REAL, 6), {}),
    ("shuffle", (np.arange(12).reshape(4, 3),), {}),
    ("shuffle", (np.arange(12).reshape(4, 3),), {"axis": 1}),
    ("gamma", ((5,), 2.0), {}),
    ("beta", ((5,), 2.0, 3.0), {}),
    ("binomial", ((5,), 10.0, 0.3), {}),
]


@pytest.mark.parametrize("call", DRAWS, ids=label)
def test_equal_seeds_draw_equal_numbers(call):
    name, args, kwargs = call
    same(
        getattr(random, name)(*args, seed=7, **kwargs),
        getattr(keras.random, name)(*args, seed=7, **kwargs),
        1e-5,
    )
    ours, theirs = random.SeedGenerator(11), keras.random.SeedGenerator(11)
    for _ in range(2):
        same(
            getattr(random, name)(*args, seed=ours, **kwargs),
            getattr(keras.random, name)(*args, seed=theirs, **kwargs),
            1e-5,
        )
