"""Multilinear functions with one form for every processor, and faster ones for CPU or GPU.

Which form is used is decided where a program is lowered for its processor, so tracing does not
depend on the machine. All of JAX's transformations hold: such a function is linear in each of its
arguments, so its derivative is itself, and its transposes are given.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax
from jax.interpreters import ad, batching, mlir

from cornu.core import compiled

if TYPE_CHECKING:
    from jax.extend.core import Primitive
else:
    Primitive = type(jax.lax.neg_p)  # the same class; `jax.extend` brings all of Pallas with it

Function = Callable[..., jax.Array]


def primitive(
    name: str, plain: Function, on_cpu: Function | None = None, on_gpu: Function | None = None
) -> Primitive:
    """A JAX primitive that computes `plain`, on CPU by `on_cpu`, on NVIDIA's GPUs by `on_gpu`.

    Args:
        name: as it stands in traced programs.
        plain: (*arrays, **static parameters) -> array, of JAX operations.
        on_cpu: the same function in operations that suit CPUs; default: `plain`.
        on_gpu: the same function in operations that suit GPUs; default: `plain`.
    """
    made = Primitive(name)

    @functools.cache
    def program(parameters: tuple[tuple[str, Any], ...]) -> Function:
        return compiled.jit(functools.partial(made.bind, **dict(parameters)))

    def evaluate(*arrays: Any, **parameters: Any) -> jax.Array:
        return program(tuple(sorted(parameters.items())))(*arrays)

    def describe(*arrays: Any, **parameters: Any) -> Any:
        (result,) = jax.make_jaxpr(functools.partial(plain, **parameters))(*arrays).out_avals
        return result

    def map_over(arrays: Any, axes: Any, **parameters: Any) -> tuple[jax.Array, int]:
        return jax.vmap(functools.partial(plain, **parameters), axes)(*arrays), 0

    made.def_impl(evaluate)
    made.def_abstract_eval(describe)
    batching.primitive_batchers[made] = map_over
    mlir.register_lowering(made, mlir.lower_fun(plain, multiple_results=False))
    for platform, function in (("cpu", on_cpu), ("cuda", on_gpu)):
        if function is not None:
            lowered = mlir.lower_fun(function, multiple_results=False)
            mlir.register_lowering(made, lowered, platform=platform)
    return made


def differentiate(made: Primitive, *transposes: Function) -> None:
    """Say what the transposes of a linear or bilinear primitive are.

    Args:
        made: from `primitive`.
        transposes: for each argument, (cotangent of the result, *other arguments, **static
            parameters) -> cotangent of that argument.
    """
    if len(transposes) == 1:
        (only,) = transposes
        ad.deflinear2(made, lambda ct, _, **parameters: [only(ct, **parameters)])
        return
    left, right = transposes
    ad.defbilinear(
        made,
        lambda ct, x, y, **parameters: left(ct, y, **parameters),
        lambda ct, x, y, **parameters: right(ct, x, **parameters),
    )


def join(product: Primitive, back: Primitive, outer: Primitive) -> None:
    """Make three bilinear primitives each other's transposes, all being one trilinear form.

    Args:
        product: (x, k, **static parameters) -> y.
        back: (y, k, ...) -> x.
        outer: (x, y, ...) -> k.
    """
    differentiate(
        product,
        lambda change, k, **parameters: back.bind(change, k, **parameters),
        lambda change, x, **parameters: outer.bind(x, change, **parameters),
    )
    differentiate(
        back,
        lambda change, k, **parameters: product.bind(change, k, **parameters),
        lambda change, y, **parameters: outer.bind(change, y, **parameters),
    )
    differentiate(
        outer,
        lambda change, y, **parameters: back.bind(y, change, **parameters),
        lambda change, x, **parameters: product.bind(x, change, **parameters),
    )
