"""Cornu: the Keras API on one engine, JAX/XLA.

`import cornu as keras`, or run any Keras script with `cornu run script.py`.
"""

from typing import TYPE_CHECKING

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
from cornu.core.naming import name_scope as name_scope
from cornu.core.symbolic import KerasTensor as KerasTensor
from cornu.core.variable import Variable as Variable
from cornu.dtype_policies import DTypePolicy as DTypePolicy
from cornu.dtype_policies import FloatDTypePolicy as FloatDTypePolicy
from cornu.errors import explain_missing_names
from cornu.initializers import Initializer as Initializer
from cornu.layers.base.layer import InputSpec as InputSpec
from cornu.layers.base.layer import Layer as Layer
from cornu.layers.core.input_layer import Input as Input
from cornu.legacy import adoption as _adoption
from cornu.legacy.install import install_as_keras as install_as_keras
from cornu.losses import Loss as Loss
from cornu.metrics import Metric as Metric
from cornu.models import Model as Model
from cornu.models import Sequential as Sequential
from cornu.ops.operation import Operation as Operation
from cornu.optimizers import Optimizer as Optimizer
from cornu.regularizers import Regularizer as Regularizer

__version__ = "0.1.0"

_adoption.adopt(layers, callbacks, Layer, Model)


def version() -> str:
    """The version of Cornu."""
    return __version__


if not TYPE_CHECKING:
    __getattr__ = explain_missing_names(__name__)
