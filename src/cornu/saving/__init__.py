"""Models and weights in files, and objects as configs: names only."""

from typing import TYPE_CHECKING

from cornu.errors import explain_missing_names
from cornu.saving.api import load_model as load_model
from cornu.saving.api import load_weights as load_weights
from cornu.saving.api import save_model as save_model
from cornu.saving.api import save_weights as save_weights
from cornu.saving.editor import KerasFileEditor as KerasFileEditor
from cornu.serialization.objects import deserialize_keras_object as deserialize_keras_object
from cornu.serialization.objects import serialize_keras_object as serialize_keras_object
from cornu.serialization.registry import CustomObjectScope as CustomObjectScope
from cornu.serialization.registry import get_custom_objects as get_custom_objects
from cornu.serialization.registry import get_registered_name as get_registered_name
from cornu.serialization.registry import get_registered_object as get_registered_object
from cornu.serialization.registry import (
    register_keras_serializable as register_keras_serializable,
)

custom_object_scope = CustomObjectScope

if not TYPE_CHECKING:
    __getattr__ = explain_missing_names(__name__)
