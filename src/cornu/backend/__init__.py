"""`keras.backend`: Keras 3's names, and the functions of Keras 2 that scripts call as `K`."""

import builtins as _builtins
from typing import TYPE_CHECKING

from cornu.config import backend as backend
from cornu.config import epsilon as epsilon
from cornu.config import floatx as floatx
from cornu.config import image_data_format as image_data_format
from cornu.config import set_epsilon as set_epsilon
from cornu.config import set_floatx as set_floatx
from cornu.config import set_image_data_format as set_image_data_format
from cornu.core import dtypes as _dtypes
from cornu.core import naming as _naming
from cornu.core.dtypes import result_type as result_type
from cornu.core.naming import get_uid as get_uid
from cornu.core.naming import name_scope as name_scope
from cornu.core.session import clear_session as clear_session
from cornu.core.symbolic import is_keras_tensor as is_keras_tensor
from cornu.errors import explain_missing_names
from cornu.legacy.backend.arguments import has_arg as has_arg
from cornu.legacy.backend.arguments import transpose_shape as transpose_shape
from cornu.legacy.backend.connectionist import ctc_batch_cost as ctc_batch_cost
from cornu.legacy.backend.connectionist import ctc_decode as ctc_decode
from cornu.legacy.backend.connectionist import (
    ctc_label_dense_to_sparse as ctc_label_dense_to_sparse,
)
from cornu.legacy.backend.contraction import batch_dot as batch_dot
from cornu.legacy.backend.contraction import dot as dot
from cornu.legacy.backend.control import foldl as foldl
from cornu.legacy.backend.control import foldr as foldr
from cornu.legacy.backend.control import in_test_phase as in_test_phase
from cornu.legacy.backend.control import in_train_phase as in_train_phase
from cornu.legacy.backend.control import map_fn as map_fn
from cornu.legacy.backend.control import rnn as rnn
from cornu.legacy.backend.control import switch as switch
from cornu.legacy.backend.convolution import conv1d as conv1d
from cornu.legacy.backend.convolution import conv2d as conv2d
from cornu.legacy.backend.convolution import conv2d_transpose as conv2d_transpose
from cornu.legacy.backend.convolution import conv3d as conv3d
from cornu.legacy.backend.convolution import conv3d_transpose as conv3d_transpose
from cornu.legacy.backend.convolution import depthwise_conv2d as depthwise_conv2d
from cornu.legacy.backend.convolution import pool2d as pool2d
from cornu.legacy.backend.convolution import pool3d as pool3d
from cornu.legacy.backend.convolution import resize_images as resize_images
from cornu.legacy.backend.convolution import resize_volumes as resize_volumes
from cornu.legacy.backend.convolution import separable_conv1d as separable_conv1d
from cornu.legacy.backend.convolution import separable_conv2d as separable_conv2d
from cornu.legacy.backend.convolution import spatial_2d_padding as spatial_2d_padding
from cornu.legacy.backend.convolution import spatial_3d_padding as spatial_3d_padding
from cornu.legacy.backend.convolution import temporal_padding as temporal_padding
from cornu.legacy.backend.creation import arange as arange
from cornu.legacy.backend.creation import cast_to_floatx as cast_to_floatx
from cornu.legacy.backend.creation import constant as constant
from cornu.legacy.backend.creation import eye as eye
from cornu.legacy.backend.creation import is_placeholder as is_placeholder
from cornu.legacy.backend.creation import is_sparse as is_sparse
from cornu.legacy.backend.creation import is_tensor as is_tensor
from cornu.legacy.backend.creation import ones as ones
from cornu.legacy.backend.creation import ones_like as ones_like
from cornu.legacy.backend.creation import placeholder as placeholder
from cornu.legacy.backend.creation import to_dense as to_dense
from cornu.legacy.backend.creation import variable as variable
from cornu.legacy.backend.creation import zeros as zeros
from cornu.legacy.backend.creation import zeros_like as zeros_like
from cornu.legacy.backend.draws import dropout as dropout
from cornu.legacy.backend.draws import random_bernoulli as random_bernoulli
from cornu.legacy.backend.draws import random_binomial as random_binomial
from cornu.legacy.backend.draws import random_normal as random_normal
from cornu.legacy.backend.draws import random_normal_variable as random_normal_variable
from cornu.legacy.backend.draws import random_uniform as random_uniform
from cornu.legacy.backend.draws import random_uniform_variable as random_uniform_variable
from cornu.legacy.backend.draws import truncated_normal as truncated_normal
from cornu.legacy.backend.elementwise import abs as abs
from cornu.legacy.backend.elementwise import cast as cast
from cornu.legacy.backend.elementwise import clip as clip
from cornu.legacy.backend.elementwise import cos as cos
from cornu.legacy.backend.elementwise import equal as equal
from cornu.legacy.backend.elementwise import exp as exp
from cornu.legacy.backend.elementwise import greater as greater
from cornu.legacy.backend.elementwise import greater_equal as greater_equal
from cornu.legacy.backend.elementwise import identity as identity
from cornu.legacy.backend.elementwise import less as less
from cornu.legacy.backend.elementwise import less_equal as less_equal
from cornu.legacy.backend.elementwise import log as log
from cornu.legacy.backend.elementwise import maximum as maximum
from cornu.legacy.backend.elementwise import minimum as minimum
from cornu.legacy.backend.elementwise import not_equal as not_equal
from cornu.legacy.backend.elementwise import pow as pow
from cornu.legacy.backend.elementwise import round as round
from cornu.legacy.backend.elementwise import sign as sign
from cornu.legacy.backend.elementwise import sin as sin
from cornu.legacy.backend.elementwise import sqrt as sqrt
from cornu.legacy.backend.elementwise import square as square
from cornu.legacy.backend.elementwise import stop_gradient as stop_gradient
from cornu.legacy.backend.graphs import Function as Function
from cornu.legacy.backend.graphs import function as function
from cornu.legacy.backend.graphs import gradients as gradients
from cornu.legacy.backend.local import local_conv1d as local_conv1d
from cornu.legacy.backend.local import local_conv2d as local_conv2d
from cornu.legacy.backend.neural import batch_normalization as batch_normalization
from cornu.legacy.backend.neural import bias_add as bias_add
from cornu.legacy.backend.neural import binary_crossentropy as binary_crossentropy
from cornu.legacy.backend.neural import categorical_crossentropy as categorical_crossentropy
from cornu.legacy.backend.neural import elu as elu
from cornu.legacy.backend.neural import hard_sigmoid as hard_sigmoid
from cornu.legacy.backend.neural import in_top_k as in_top_k
from cornu.legacy.backend.neural import l2_normalize as l2_normalize
from cornu.legacy.backend.neural import normalize_batch_in_training as normalize_batch_in_training
from cornu.legacy.backend.neural import relu as relu
from cornu.legacy.backend.neural import sigmoid as sigmoid
from cornu.legacy.backend.neural import softmax as softmax
from cornu.legacy.backend.neural import softplus as softplus
from cornu.legacy.backend.neural import softsign as softsign
from cornu.legacy.backend.neural import (
    sparse_categorical_crossentropy as sparse_categorical_crossentropy,
)
from cornu.legacy.backend.neural import tanh as tanh
from cornu.legacy.backend.reduction import all as all
from cornu.legacy.backend.reduction import any as any
from cornu.legacy.backend.reduction import argmax as argmax
from cornu.legacy.backend.reduction import argmin as argmin
from cornu.legacy.backend.reduction import cumprod as cumprod
from cornu.legacy.backend.reduction import cumsum as cumsum
from cornu.legacy.backend.reduction import logsumexp as logsumexp
from cornu.legacy.backend.reduction import max as max
from cornu.legacy.backend.reduction import mean as mean
from cornu.legacy.backend.reduction import min as min
from cornu.legacy.backend.reduction import prod as prod
from cornu.legacy.backend.reduction import std as std
from cornu.legacy.backend.reduction import sum as sum
from cornu.legacy.backend.reduction import var as var
from cornu.legacy.backend.shaping import batch_flatten as batch_flatten
from cornu.legacy.backend.shaping import concatenate as concatenate
from cornu.legacy.backend.shaping import count_params as count_params
from cornu.legacy.backend.shaping import dtype as dtype
from cornu.legacy.backend.shaping import expand_dims as expand_dims
from cornu.legacy.backend.shaping import flatten as flatten
from cornu.legacy.backend.shaping import gather as gather
from cornu.legacy.backend.shaping import int_shape as int_shape
from cornu.legacy.backend.shaping import known_sizes as known_sizes
from cornu.legacy.backend.shaping import ndim as ndim
from cornu.legacy.backend.shaping import one_hot as one_hot
from cornu.legacy.backend.shaping import permute_dimensions as permute_dimensions
from cornu.legacy.backend.shaping import repeat as repeat
from cornu.legacy.backend.shaping import repeat_elements as repeat_elements
from cornu.legacy.backend.shaping import reshape as reshape
from cornu.legacy.backend.shaping import reverse as reverse
from cornu.legacy.backend.shaping import shape as shape
from cornu.legacy.backend.shaping import slice as slice
from cornu.legacy.backend.shaping import squeeze as squeeze
from cornu.legacy.backend.shaping import stack as stack
from cornu.legacy.backend.shaping import tile as tile
from cornu.legacy.backend.shaping import transpose as transpose
from cornu.legacy.backend.values import batch_get_value as batch_get_value
from cornu.legacy.backend.values import batch_set_value as batch_set_value
from cornu.legacy.backend.values import eval as eval
from cornu.legacy.backend.values import get_session as get_session
from cornu.legacy.backend.values import get_value as get_value
from cornu.legacy.backend.values import get_variable_shape as get_variable_shape
from cornu.legacy.backend.values import image_dim_ordering as image_dim_ordering
from cornu.legacy.backend.values import learning_phase as learning_phase
from cornu.legacy.backend.values import (
    manual_variable_initialization as manual_variable_initialization,
)
from cornu.legacy.backend.values import moving_average_update as moving_average_update
from cornu.legacy.backend.values import normalize_data_format as normalize_data_format
from cornu.legacy.backend.values import print_tensor as print_tensor
from cornu.legacy.backend.values import release_learning_phase as release_learning_phase
from cornu.legacy.backend.values import set_image_dim_ordering as set_image_dim_ordering
from cornu.legacy.backend.values import set_learning_phase as set_learning_phase
from cornu.legacy.backend.values import set_session as set_session
from cornu.legacy.backend.values import set_value as set_value
from cornu.legacy.backend.values import update as update
from cornu.legacy.backend.values import update_add as update_add
from cornu.legacy.backend.values import update_sub as update_sub

is_float_dtype = _dtypes.is_float
is_int_dtype = _dtypes.is_int
standardize_dtype = _dtypes.standardize
reset_uids = _naming.reset

# The Python functions that `all`, `any`, `sum` and `slice` hide.
py_all = _builtins.all
py_any = _builtins.any
py_sum = _builtins.sum
py_slice = _builtins.slice

if not TYPE_CHECKING:
    __getattr__ = explain_missing_names(__name__)
