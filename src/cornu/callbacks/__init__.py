"""Callbacks: objects that are told what happens while a model is trained, evaluated or run."""

from typing import TYPE_CHECKING

from cornu import faces
from cornu.callbacks.backup import BackupAndRestore as BackupAndRestore
from cornu.callbacks.callback import Callback as Callback
from cornu.callbacks.callback_list import CallbackList as CallbackList
from cornu.callbacks.checkpoint import ModelCheckpoint as ModelCheckpoint
from cornu.callbacks.csv_remote import CSVLogger as CSVLogger
from cornu.callbacks.csv_remote import RemoteMonitor as RemoteMonitor
from cornu.callbacks.early_stopping import EarlyStopping as EarlyStopping
from cornu.callbacks.ema import SwapEMAWeights as SwapEMAWeights
from cornu.callbacks.history import History as History
from cornu.callbacks.lambda_callback import LambdaCallback as LambdaCallback
from cornu.callbacks.learning_rate import LearningRateScheduler as LearningRateScheduler
from cornu.callbacks.learning_rate import ReduceLROnPlateau as ReduceLROnPlateau
from cornu.callbacks.nan import TerminateOnNaN as TerminateOnNaN
from cornu.callbacks.progress import ProgbarLogger as ProgbarLogger
from cornu.errors import explain_missing_names

if not TYPE_CHECKING:
    __getattr__ = explain_missing_names(__name__)

faces.opened(__name__)
