"""Many calls in one compiled program: a hundred programs of one call each take far longer."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import jax

FAST = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


def run(functions: list[Callable[..., Any]], arguments: list[Any]) -> list[Any]:
    """What each function gives for its argument."""

    def together(given: list[Any]) -> list[Any]:
        return [function(x) for function, x in zip(functions, given, strict=True)]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = jax.jit(together).lower(arguments).compile(compiler_options=FAST)
    return jax.device_get(program(arguments))
