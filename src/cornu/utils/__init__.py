"""What Keras offers beside models: labels, sequences, data sources, seeds, registering classes."""

from typing import TYPE_CHECKING

from cornu.callbacks.progress import Progbar as Progbar
from cornu.config import disable_interactive_logging as disable_interactive_logging
from cornu.config import enable_interactive_logging as enable_interactive_logging
from cornu.config import is_interactive_logging_enabled as is_interactive_logging_enabled
from cornu.core import dtypes
from cornu.core.random import set_random_seed as set_random_seed
from cornu.core.session import clear_session as clear_session
from cornu.core.symbolic import is_keras_tensor as is_keras_tensor
from cornu.errors import explain_missing_names
from cornu.ops.function import get_source_inputs as get_source_inputs
from cornu.serialization.objects import deserialize_keras_object as deserialize_keras_object
from cornu.serialization.objects import serialize_keras_object as serialize_keras_object
from cornu.serialization.registry import CustomObjectScope as CustomObjectScope
from cornu.serialization.registry import get_custom_objects as get_custom_objects
from cornu.serialization.registry import get_registered_name as get_registered_name
from cornu.serialization.registry import get_registered_object as get_registered_object
from cornu.serialization.registry import register_keras_serializable as register_keras_serializable
from cornu.training.feed.batch import pack_x_y_sample_weight as pack_x_y_sample_weight
from cornu.training.feed.batch import unpack_x_y_sample_weight as unpack_x_y_sample_weight
from cornu.training.feed.py_dataset import PyDataset as PyDataset
from cornu.utils import bounding_boxes as bounding_boxes
from cornu.utils import legacy as legacy
from cornu.utils import sequence as sequence
from cornu.utils.config import Config as Config
from cornu.utils.download import get_file as get_file
from cornu.utils.numerical import normalize as normalize
from cornu.utils.numerical import to_categorical as to_categorical
from cornu.utils.pictures import array_to_img as array_to_img
from cornu.utils.pictures import img_to_array as img_to_array
from cornu.utils.pictures import load_img as load_img
from cornu.utils.pictures import save_img as save_img
from cornu.utils.samples import split_dataset as split_dataset
from cornu.utils.sequence import pad_sequences as pad_sequences
from cornu.utils.timeseries import timeseries_dataset_from_array as timeseries_dataset_from_array

Sequence = PyDataset
standardize_dtype = dtypes.standardize
custom_object_scope = CustomObjectScope

if not TYPE_CHECKING:
    __getattr__ = explain_missing_names(__name__)
