"""`keras.mixed_precision`: names only; policies live in `dtype_policies`."""

from typing import TYPE_CHECKING

from cornu.dtype_policies import DTypePolicy as DTypePolicy
from cornu.dtype_policies import dtype_policy as dtype_policy
from cornu.dtype_policies import set_dtype_policy as set_dtype_policy
from cornu.errors import explain_missing_names
from cornu.optimizers import LossScaleOptimizer as LossScaleOptimizer

Policy = DTypePolicy
global_policy = dtype_policy
set_global_policy = set_dtype_policy

if not TYPE_CHECKING:
    __getattr__ = explain_missing_names(__name__)
