"""Cornu: the Keras API on one engine, JAX/XLA.

`import cornu as keras`, or run any Keras script with `cornu run script.py`.
"""

from typing import TYPE_CHECKING

from cornu import faces as _faces
from cornu.core import operators as _operators
from cornu.serialization import registry as _registry

__version__ = "0.1.0"


def version() -> str:
    """The version of Cornu."""
    return __version__


if TYPE_CHECKING:
    from cornu import activations as activations
    from cornu import backend as backend
    from cornu import callbacks as callbacks
    from cornu import config as config
    from cornu import constraints as constraints
    from cornu import dtype_policies as dtype_policies
    from cornu import initializers as initializers
    from cornu import layers as layers
    from cornu import losses as losses
    from cornu import metrics as metrics
    from cornu import mixed_precision as mixed_precision
    from cornu import models as models
    from cornu import ops as ops
    from cornu import optimizers as optimizers
    from cornu import random as random
    from cornu import regularizers as regularizers
    from cornu import saving as saving
    from cornu import tree as tree
    from cornu import utils as utils
    from cornu.core.devices import device as device
    from cornu.core.naming import name_scope as name_scope
    from cornu.core.remat import RematScope as RematScope
    from cornu.core.remat import remat as remat
    from cornu.core.stateless import StatelessScope as StatelessScope
    from cornu.core.stateless import SymbolicScope as SymbolicScope
    from cornu.core.symbolic import KerasTensor as KerasTensor
    from cornu.core.variable import Variable as Variable
    from cornu.dtype_policies import DTypePolicy as DTypePolicy
    from cornu.dtype_policies import FloatDTypePolicy as FloatDTypePolicy
    from cornu.initializers import Initializer as Initializer
    from cornu.layers.base.layer import InputSpec as InputSpec
    from cornu.layers.base.layer import Layer as Layer
    from cornu.layers.core.input_layer import Input as Input
    from cornu.legacy.install import install_as_keras as install_as_keras
    from cornu.losses import Loss as Loss
    from cornu.metrics import Metric as Metric
    from cornu.models import Model as Model
    from cornu.models import Sequential as Sequential
    from cornu.ops.function import Function as Function
    from cornu.ops.operation import Operation as Operation
    from cornu.optimizers import Optimizer as Optimizer
    from cornu.regularizers import Regularizer as Regularizer
else:
    __getattr__, __all__ = _faces.defer(
        __name__,
        {
            "cornu": (
                "activations",
                "backend",
                "callbacks",
                "config",
                "constraints",
                "dtype_policies",
                "initializers",
                "layers",
                "losses",
                "metrics",
                "mixed_precision",
                "models",
                "ops",
                "optimizers",
                "random",
                "regularizers",
                "saving",
                "tree",
                "utils",
            ),
            "cornu.core.devices": ("device",),
            "cornu.core.naming": ("name_scope",),
            "cornu.core.remat": ("RematScope", "remat"),
            "cornu.core.stateless": ("StatelessScope", "SymbolicScope"),
            "cornu.core.symbolic": ("KerasTensor",),
            "cornu.core.variable": ("Variable",),
            "cornu.dtype_policies": ("DTypePolicy", "FloatDTypePolicy"),
            "cornu.initializers": ("Initializer",),
            "cornu.layers.base.layer": ("InputSpec", "Layer"),
            "cornu.layers.core.input_layer": ("Input",),
            "cornu.legacy.install": ("install_as_keras",),
            "cornu.losses": ("Loss",),
            "cornu.metrics": ("Metric",),
            "cornu.models": ("Model", "Sequential"),
            "cornu.ops.function": ("Function",),
            "cornu.ops.operation": ("Operation",),
            "cornu.optimizers": ("Optimizer",),
            "cornu.regularizers": ("Regularizer",),
        },
    )
    __all__ += ["__version__", "version"]


def __dir__() -> list[str]:
    return sorted({*globals(), *globals()["__all__"]})


_operators.TABLE.filler = "cornu.ops"
_registry.COMPLETE.append(
    lambda: _faces.open_all(
        f"cornu.{name}"
        for name in ("layers", "losses", "metrics", "models", "optimizers", "callbacks")
    )
)

# The spellings of Keras 1 and 2 are put onto the classes of these packages when they are there.
for _package in ("layers", "callbacks", "models"):
    _faces.when_opened(f"cornu.{_package}", "cornu.legacy.adoption", f"adopt_{_package}")
