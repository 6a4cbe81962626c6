"""Arithmetic and functions that act on each element by itself."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from cornu.ops.declare import binary, op, unary
from cornu.ops.promotion import as_array, as_float, float_pair, pair, several
from cornu.types import Array, Tensor

# -- of one tensor ---------------------------------------------------------------------------------

absolute = unary("absolute", jnp.absolute, "Absolute value; of complex numbers the modulus.")
abs = unary("abs", jnp.absolute, "Absolute value; shorthand of `absolute`.")
angle = unary("angle", jnp.angle, "Angle of a complex number, in radians.", floats=True)
conjugate = unary("conjugate", jnp.conjugate, "Complex conjugate.")
conj = unary("conj", jnp.conjugate, "Complex conjugate; shorthand of `conjugate`.")
copy = unary("copy", jnp.copy, "A copy of `x`.")
fabs = unary("fabs", jnp.abs, "Absolute value, as floats.", floats=True)
imag = unary("imag", jnp.imag, "Imaginary part.")
negative = unary("negative", jnp.negative, "`-x`.")
positive = unary("positive", jnp.positive, "`+x`.")
real = unary("real", jnp.real, "Real part.")
sign = unary("sign", jnp.sign, "-1, 0 or 1, by the sign.")
square = unary("square", jnp.square, "`x * x`.")

cbrt = unary("cbrt", jnp.cbrt, "Cube root.", floats=True)
ceil = unary("ceil", jnp.ceil, "Smallest whole number not below `x`.", floats=True)
deg2rad = unary("deg2rad", jnp.deg2rad, "Degrees to radians.", floats=True)
exp = unary("exp", jnp.exp, "Exponential function.", floats=True)
exp2 = unary("exp2", jnp.exp2, "`2 ** x`.", floats=True)
expm1 = unary("expm1", jnp.expm1, "`exp(x) - 1`, precise near 0.", floats=True)
floor = unary("floor", jnp.floor, "Largest whole number not above `x`.", floats=True)
i0 = unary("i0", jnp.i0, "Modified Bessel function of the first kind, order 0.", floats=True)
log = unary("log", jnp.log, "Natural logarithm.", floats=True)
log10 = unary("log10", jnp.log10, "Logarithm to base 10.", floats=True)
log1p = unary("log1p", jnp.log1p, "`log(1 + x)`, precise near 0.", floats=True)
log2 = unary("log2", jnp.log2, "Logarithm to base 2.", floats=True)
rad2deg = unary("rad2deg", jnp.rad2deg, "Radians to degrees.", floats=True)
reciprocal = unary("reciprocal", jnp.reciprocal, "`1 / x`.", floats=True)
rsqrt = unary("rsqrt", lax.rsqrt, "`1 / sqrt(x)`.", floats=True, home="math")
sinc = unary("sinc", jnp.sinc, "`sin(pi x) / (pi x)`, 1 at 0.", floats=True)
sqrt = unary("sqrt", jnp.sqrt, "Square root of a non-negative number.", floats=True)
trunc = unary("trunc", jnp.trunc, "Whole part, towards 0.")

arccos = unary("arccos", jnp.arccos, "Inverse cosine, in [0, pi].", floats=True)
arccosh = unary("arccosh", jnp.arccosh, "Inverse hyperbolic cosine.", floats=True)
arcsin = unary("arcsin", jnp.arcsin, "Inverse sine, in [-pi/2, pi/2].", floats=True)
arcsinh = unary("arcsinh", jnp.arcsinh, "Inverse hyperbolic sine.", floats=True)
arctan = unary("arctan", jnp.arctan, "Inverse tangent, in [-pi/2, pi/2].", floats=True)
arctanh = unary("arctanh", jnp.arctanh, "Inverse hyperbolic tangent.", floats=True)
cos = unary("cos", jnp.cos, "Cosine; `x` in radians.", floats=True)
cosh = unary("cosh", jnp.cosh, "Hyperbolic cosine.", floats=True)
sin = unary("sin", jnp.sin, "Sine; `x` in radians.", floats=True)
sinh = unary("sinh", jnp.sinh, "Hyperbolic sine.", floats=True)
tan = unary("tan", jnp.tan, "Tangent; `x` in radians.", floats=True)
tanh = unary("tanh", jnp.tanh, "Hyperbolic tangent.", floats=True)

erf = unary("erf", jax.scipy.special.erf, "Error function.", floats=True, home="math")
erfc = unary("erfc", jax.scipy.special.erfc, "`1 - erf(x)`.", floats=True, home="math")
erfinv = unary("erfinv", jax.scipy.special.erfinv, "Inverse of `erf`.", floats=True, home="math")

# -- of two tensors --------------------------------------------------------------------------------

add = binary("add", jnp.add, "`x1 + x2`.")
subtract = binary("subtract", jnp.subtract, "`x1 - x2`.")
multiply = binary("multiply", jnp.multiply, "`x1 * x2`.")
divide = binary("divide", jnp.divide, "`x1 / x2`; of integers a float.", floats=True)
true_divide = binary("true_divide", jnp.divide, "`x1 / x2`; same as `divide`.", floats=True)
floor_divide = binary("floor_divide", jnp.floor_divide, "`x1 // x2`: the quotient rounded down.")
power = binary("power", jnp.power, "`x1 ** x2`.")
maximum = binary("maximum", jnp.maximum, "The larger one; NaN where either is NaN.")
minimum = binary("minimum", jnp.minimum, "The smaller one; NaN where either is NaN.")
fmax = binary("fmax", jnp.fmax, "The larger one; a NaN loses against a number.")
fmin = binary("fmin", jnp.fmin, "The smaller one; a NaN loses against a number.")
fmod = binary("fmod", jnp.fmod, "Remainder with the sign of `x1`.")
gcd = binary("gcd", jnp.gcd, "Greatest common divisor of integers.")
lcm = binary("lcm", jnp.lcm, "Least common multiple of integers.")
ldexp = binary("ldexp", jnp.ldexp, "`x1 * 2 ** x2`, with `x2` an integer.")

arctan2 = binary("arctan2", jnp.arctan2, "Angle of the point (x2, x1), in [-pi, pi].", floats=True)
heaviside = binary("heaviside", jnp.heaviside, "0 below 0, 1 above, `x2` at 0.", floats=True)
hypot = binary("hypot", jnp.hypot, "`sqrt(x1**2 + x2**2)` without overflow.", floats=True)
logaddexp = binary("logaddexp", jnp.logaddexp, "`log(exp(x1) + exp(x2))`.", floats=True)
logaddexp2 = binary("logaddexp2", jnp.logaddexp2, "`log2(2**x1 + 2**x2)`.", floats=True)
nextafter = binary("nextafter", jnp.nextafter, "The float after `x1` towards `x2`.", floats=True)


@op("numpy")
def mod(x1: Tensor, x2: Tensor) -> Array:
    """Remainder of the division, with the sign of `x2`."""
    x1, x2 = pair(x1, x2)
    if jnp.result_type(x1, x2) == jnp.bool_:
        x1 = jnp.asarray(x1, "int32")
    return jnp.mod(x1, x2)


@op("numpy")
def divide_no_nan(x1: Tensor, x2: Tensor) -> Array:
    """`x1 / x2`, and 0 where `x2` is 0; gradients are 0 there too."""
    x1, x2 = float_pair(x1, x2)
    x2 = jnp.asarray(x2)
    is_zero = x2 == 0
    return jnp.where(is_zero, 0, jnp.divide(x1, jnp.where(is_zero, 1, x2)))


@op("numpy")
def clip(x: Tensor, x_min: Tensor, x_max: Tensor) -> Array:
    """`x` limited to [x_min, x_max].

    Args:
        x: any shape.
        x_min: lower bound, broadcast to `x`.
        x_max: upper bound, broadcast to `x`.
    """
    x = as_array(x) if isinstance(x, bool) else x
    x, x_min, x_max = several([x, x_min, x_max])
    return jnp.clip(x.astype("int32") if x.dtype == jnp.bool_ else x, x_min, x_max)


@op("numpy")
def round(x: Tensor, decimals: int = 0) -> Array:
    """Rounded to `decimals` places, halves to the even neighbour.

    Args:
        x: any shape.
        decimals: digits kept after the point; negative ones round before it.
    """
    x = as_array(x)
    if jnp.issubdtype(x.dtype, jnp.integer) or x.dtype == jnp.bool_:
        # Integers are whole already; only places before the point change them.
        x = x.astype("int32") if x.dtype == jnp.bool_ else x
        return jnp.round(x.astype("float32"), decimals).astype(x.dtype) if decimals < 0 else x
    return jnp.round(x, decimals)


@op("numpy")
def nan_to_num(
    x: Tensor, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Array:
    """`x` with NaN and infinities replaced.

    Args:
        x: any shape.
        nan: stands in for NaN.
        posinf: stands in for infinity; default: the largest number of the dtype.
        neginf: stands in for minus infinity; default: the lowest number of the dtype.
    """
    return jnp.nan_to_num(as_array(x), nan=nan, posinf=posinf, neginf=neginf)


@op("numpy")
def polar(abs_: Tensor, angle: Tensor) -> Array:
    """Complex numbers of modulus `abs_` and angle `angle` (radians)."""
    modulus, angle = _complex_part(abs_), _complex_part(angle)
    return lax.complex(modulus * jnp.cos(angle), modulus * jnp.sin(angle))


def _complex_part(x: Tensor) -> Array:
    """In a dtype of which complex numbers are made: at least float32."""
    x = as_array(x)
    return x.astype(jnp.promote_types(x.dtype, "float32"))


@op("math")
def logdet(x: Tensor) -> Array:
    """Natural logarithm of the determinant of a Hermitian positive definite matrix (..., M, M)."""
    return jnp.linalg.slogdet(as_float(x))[1]


@op("core")
def view_as_complex(x: Tensor) -> Array:
    """Complex numbers from a real tensor whose last axis holds (real, imaginary)."""
    x = as_array(x)
    if x.shape[-1:] != (2,):
        raise ValueError(
            f"x must have a last axis of size 2 (real, imaginary). Received: shape {x.shape}"
        )
    x = _complex_part(x)
    return lax.complex(x[..., 0], x[..., 1])


@op("core")
def view_as_real(x: Tensor) -> Array:
    """(real, imaginary) as a new last axis of size 2."""
    x = as_array(x)
    return jnp.stack([jnp.real(x), jnp.imag(x)], axis=-1)
