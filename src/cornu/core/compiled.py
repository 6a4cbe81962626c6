"""`jit` with the options that suit the processor at hand, and with the compile cache."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
from jax.experimental.xla_metadata import set_xla_metadata

from cornu.core import compile_cache

_VERIFIED = ((0, 10), (0, 11))  # versions of JAX, from and before, that know the first of these

# What XLA's CPU compiler may give to YNNPACK; the first value that it knows. Left to itself it
# sends unpadded float32 convolutions there, a slow path (13 against 117 GFLOP/s at 98x98x32->32).
# Small products gain: 11.0 against 13.3 us for 128 rows of 64 by a kernel of 64x64, 9 against 27 us
# for 2 rows by the transpose of 512x128. Large ones lose: 36 of 968 rows by 64x64 run at 94 GFLOP/s
# there, at 159 without; so the first is for small programs. For these, too, LLVM's first level in
# place of its third: 60 of 490 ms less to compile an MLP's step, which is as fast as before.
_YNN = "xla_cpu_experimental_ynn_fusion_type"
_CPU_OPTIONS = (
    {_YNN: "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT", "xla_backend_optimization_level": 1},
    {_YNN: ""},
)


@functools.cache
def options(small: bool = False) -> dict[str, Any] | None:
    """Compiler options for the default backend; None where there are none to give.

    Args:
        small: whether they are for a program whose time goes by in small products.
    """
    if jax.default_backend() != "cpu":
        return None
    choices: tuple[dict[str, Any], ...] = _CPU_OPTIONS if small else _CPU_OPTIONS[1:]
    if _VERIFIED[0] <= jax.__version_info__ < _VERIFIED[1]:
        return choices[0]
    return next(filter(_are_known, choices), None)


def _are_known(options: dict[str, Any]) -> bool:
    """Whether the compiler takes these options."""
    try:
        jax.jit(lambda x: x, compiler_options=options).lower(0.0).compile()
    except Exception:
        # An unknown option is reported with an error type that differs between versions.
        return False
    return True


def jit(function: Callable[..., Any], *, small: bool = False, **kwargs: Any) -> Any:
    """`jax.jit` with `options(small)`."""
    _start_cache()
    return jax.jit(function, compiler_options=options(small), **kwargs)


def apart(function: Callable[..., Any], static: tuple[str, ...] = ()) -> Callable[..., Any]:
    """`function` within a larger program, but compiled as if it stood alone.

    XLA's CPU compiler otherwise joins a chain of sums to one, whose beginning is computed again
    for each use of it: 49 in place of 7 ms for two transforms of 38 MB.

    Args:
        function: (*arrays, **static keyword arguments) -> array, of JAX operations.
        static: names of the keyword arguments that are no arrays.
    """
    inner = jax.jit(function, static_argnames=static)

    @functools.wraps(function)
    def call(*arrays: Any, **options: Any) -> Any:
        with set_xla_metadata(inlineable="false"):
            return inner(*arrays, **options)

    return call


@functools.cache
def keeps_apart() -> bool:
    """Whether the compiler at hand heeds `apart`; if not, results are the same and come later."""
    if _VERIFIED[0] <= jax.__version_info__ < _VERIFIED[1]:
        return True
    part = apart(jax.numpy.negative)
    program = jax.jit(lambda x: part(x) + 1).lower(0.0).compile()
    return " call(" in (program.as_text() or "")


@functools.cache
def _start_cache() -> bool:
    return compile_cache.start()


def stop_cache() -> None:
    """Forget the compile cache, if it is ours; the next program starts it as the settings say."""
    if _start_cache.cache_info().currsize and _start_cache():
        compile_cache.stop()
    _start_cache.cache_clear()
