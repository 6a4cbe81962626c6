"""`optimizers.legacy`: the old names; the optimizers of today take the old arguments."""

from __future__ import annotations

from cornu.optimizers.adagrad import Adagrad as Adagrad
from cornu.optimizers.adam import Adam as Adam
from cornu.optimizers.ftrl import Ftrl as Ftrl
from cornu.optimizers.optimizer import Optimizer as Optimizer
from cornu.optimizers.rmsprop import RMSprop as RMSprop
from cornu.optimizers.sgd import SGD as SGD
