"""`keras.legacy.saving`: names only."""

from cornu.utils.legacy import deserialize_keras_object as deserialize_keras_object
from cornu.utils.legacy import serialize_keras_object as serialize_keras_object
