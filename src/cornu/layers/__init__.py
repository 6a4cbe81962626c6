"""Layers: `keras.layers`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cornu import faces
from cornu.errors import explain_missing_names
from cornu.layers.activation import ELU as ELU
from cornu.layers.activation import Activation as Activation
from cornu.layers.activation import LeakyReLU as LeakyReLU
from cornu.layers.activation import PReLU as PReLU
from cornu.layers.activation import ReLU as ReLU
from cornu.layers.activation import Softmax as Softmax
from cornu.layers.attention.dot import AdditiveAttention as AdditiveAttention
from cornu.layers.attention.dot import Attention as Attention
from cornu.layers.attention.grouped_query import GroupQueryAttention as GroupQueryAttention
from cornu.layers.attention.multi_head import MultiHeadAttention as MultiHeadAttention
from cornu.layers.audio.mel_spectrogram import MelSpectrogram as MelSpectrogram
from cornu.layers.audio.stft_spectrogram import STFTSpectrogram as STFTSpectrogram
from cornu.layers.base.input_spec import InputSpec as InputSpec
from cornu.layers.base.layer import Layer as Layer
from cornu.layers.base.wrapper import Wrapper as Wrapper
from cornu.layers.convolution.conv import Conv1D as Conv1D
from cornu.layers.convolution.conv import Conv2D as Conv2D
from cornu.layers.convolution.conv import Conv3D as Conv3D
from cornu.layers.convolution.depthwise import DepthwiseConv1D as DepthwiseConv1D
from cornu.layers.convolution.depthwise import DepthwiseConv2D as DepthwiseConv2D
from cornu.layers.convolution.separable import SeparableConv1D as SeparableConv1D
from cornu.layers.convolution.separable import SeparableConv2D as SeparableConv2D
from cornu.layers.convolution.transpose import Conv1DTranspose as Conv1DTranspose
from cornu.layers.convolution.transpose import Conv2DTranspose as Conv2DTranspose
from cornu.layers.convolution.transpose import Conv3DTranspose as Conv3DTranspose
from cornu.layers.core.dense import Dense as Dense
from cornu.layers.core.einsum_dense import EinsumDense as EinsumDense
from cornu.layers.core.embedding import Embedding as Embedding
from cornu.layers.core.embedding import ReversibleEmbedding as ReversibleEmbedding
from cornu.layers.core.identity import Identity as Identity
from cornu.layers.core.input_layer import Input as Input
from cornu.layers.core.input_layer import InputLayer as InputLayer
from cornu.layers.core.lambda_ import Lambda as Lambda
from cornu.layers.core.masking import Masking as Masking
from cornu.layers.dropout import AlphaDropout as AlphaDropout
from cornu.layers.dropout import Dropout as Dropout
from cornu.layers.dropout import GaussianDropout as GaussianDropout
from cornu.layers.dropout import GaussianNoise as GaussianNoise
from cornu.layers.dropout import SpatialDropout1D as SpatialDropout1D
from cornu.layers.dropout import SpatialDropout2D as SpatialDropout2D
from cornu.layers.dropout import SpatialDropout3D as SpatialDropout3D
from cornu.layers.merging import Add as Add
from cornu.layers.merging import Average as Average
from cornu.layers.merging import Concatenate as Concatenate
from cornu.layers.merging import Dot as Dot
from cornu.layers.merging import Maximum as Maximum
from cornu.layers.merging import Minimum as Minimum
from cornu.layers.merging import Multiply as Multiply
from cornu.layers.merging import Subtract as Subtract
from cornu.layers.merging import add as add
from cornu.layers.merging import average as average
from cornu.layers.merging import concatenate as concatenate
from cornu.layers.merging import dot as dot
from cornu.layers.merging import maximum as maximum
from cornu.layers.merging import minimum as minimum
from cornu.layers.merging import multiply as multiply
from cornu.layers.merging import subtract as subtract
from cornu.layers.normalization.batch import BatchNormalization as BatchNormalization
from cornu.layers.normalization.layer import GroupNormalization as GroupNormalization
from cornu.layers.normalization.layer import LayerNormalization as LayerNormalization
from cornu.layers.normalization.layer import RMSNormalization as RMSNormalization
from cornu.layers.normalization.layer import UnitNormalization as UnitNormalization
from cornu.layers.normalization.spectral import SpectralNormalization as SpectralNormalization
from cornu.layers.pooling.adaptive import AdaptiveAveragePooling1D as AdaptiveAveragePooling1D
from cornu.layers.pooling.adaptive import AdaptiveAveragePooling2D as AdaptiveAveragePooling2D
from cornu.layers.pooling.adaptive import AdaptiveAveragePooling3D as AdaptiveAveragePooling3D
from cornu.layers.pooling.adaptive import AdaptiveMaxPooling1D as AdaptiveMaxPooling1D
from cornu.layers.pooling.adaptive import AdaptiveMaxPooling2D as AdaptiveMaxPooling2D
from cornu.layers.pooling.adaptive import AdaptiveMaxPooling3D as AdaptiveMaxPooling3D
from cornu.layers.pooling.global_ import GlobalAveragePooling1D as GlobalAveragePooling1D
from cornu.layers.pooling.global_ import GlobalAveragePooling2D as GlobalAveragePooling2D
from cornu.layers.pooling.global_ import GlobalAveragePooling3D as GlobalAveragePooling3D
from cornu.layers.pooling.global_ import GlobalMaxPooling1D as GlobalMaxPooling1D
from cornu.layers.pooling.global_ import GlobalMaxPooling2D as GlobalMaxPooling2D
from cornu.layers.pooling.global_ import GlobalMaxPooling3D as GlobalMaxPooling3D
from cornu.layers.pooling.local import AveragePooling1D as AveragePooling1D
from cornu.layers.pooling.local import AveragePooling2D as AveragePooling2D
from cornu.layers.pooling.local import AveragePooling3D as AveragePooling3D
from cornu.layers.pooling.local import MaxPooling1D as MaxPooling1D
from cornu.layers.pooling.local import MaxPooling2D as MaxPooling2D
from cornu.layers.pooling.local import MaxPooling3D as MaxPooling3D
from cornu.layers.preprocessing.category_encoding import CategoryEncoding as CategoryEncoding
from cornu.layers.preprocessing.discretization import Discretization as Discretization
from cornu.layers.preprocessing.normalization import Normalization as Normalization
from cornu.layers.preprocessing.rescaling import Rescaling as Rescaling
from cornu.layers.recurrent.bidirectional import Bidirectional as Bidirectional
from cornu.layers.recurrent.conv_lstm import ConvLSTM1D as ConvLSTM1D
from cornu.layers.recurrent.conv_lstm import ConvLSTM2D as ConvLSTM2D
from cornu.layers.recurrent.conv_lstm import ConvLSTM3D as ConvLSTM3D
from cornu.layers.recurrent.gru import GRU as GRU
from cornu.layers.recurrent.gru import GRUCell as GRUCell
from cornu.layers.recurrent.lstm import LSTM as LSTM
from cornu.layers.recurrent.lstm import LSTMCell as LSTMCell
from cornu.layers.recurrent.rnn import RNN as RNN
from cornu.layers.recurrent.simple import SimpleRNN as SimpleRNN
from cornu.layers.recurrent.simple import SimpleRNNCell as SimpleRNNCell
from cornu.layers.recurrent.stacked import StackedRNNCells as StackedRNNCells
from cornu.layers.recurrent.time_distributed import TimeDistributed as TimeDistributed
from cornu.layers.regularization import ActivityRegularization as ActivityRegularization
from cornu.layers.reshaping.crop_pad import Cropping1D as Cropping1D
from cornu.layers.reshaping.crop_pad import Cropping2D as Cropping2D
from cornu.layers.reshaping.crop_pad import Cropping3D as Cropping3D
from cornu.layers.reshaping.crop_pad import ZeroPadding1D as ZeroPadding1D
from cornu.layers.reshaping.crop_pad import ZeroPadding2D as ZeroPadding2D
from cornu.layers.reshaping.crop_pad import ZeroPadding3D as ZeroPadding3D
from cornu.layers.reshaping.reshape import Flatten as Flatten
from cornu.layers.reshaping.reshape import Permute as Permute
from cornu.layers.reshaping.reshape import RepeatVector as RepeatVector
from cornu.layers.reshaping.reshape import Reshape as Reshape
from cornu.layers.reshaping.upsampling import UpSampling1D as UpSampling1D
from cornu.layers.reshaping.upsampling import UpSampling2D as UpSampling2D
from cornu.layers.reshaping.upsampling import UpSampling3D as UpSampling3D
from cornu.serialization import codec, registry

# Names of earlier versions, and short ones.
AvgPool1D = AveragePooling1D
AvgPool2D = AveragePooling2D
AvgPool3D = AveragePooling3D
Convolution1D = Conv1D
Convolution1DTranspose = Conv1DTranspose
Convolution2D = Conv2D
Convolution2DTranspose = Conv2DTranspose
Convolution3D = Conv3D
Convolution3DTranspose = Conv3DTranspose
GlobalAvgPool1D = GlobalAveragePooling1D
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalAvgPool3D = GlobalAveragePooling3D
GlobalMaxPool1D = GlobalMaxPooling1D
GlobalMaxPool2D = GlobalMaxPooling2D
GlobalMaxPool3D = GlobalMaxPooling3D
MaxPool1D = MaxPooling1D
MaxPool2D = MaxPooling2D
MaxPool3D = MaxPooling3D
SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D


def serialize(layer: Any) -> dict[str, Any]:
    """A JSON-ready form of a layer.

    Args:
        layer: a layer.
    """
    return codec.serialize(layer)


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
    """The layer behind such a form, with new weights.

    Args:
        config: of `serialize`.
        custom_objects: names of the user's classes and functions.

    Raises:
        ValueError: if it is none, or names an unknown class.
    """
    if not isinstance(config, dict) or "class_name" not in config:
        raise ValueError("the config of a layer is a dict with 'class_name' and 'config'")
    return codec.deserialize(config, custom_objects)


registry.register_own(
    "keras.layers",
    (
        Activation,
        ELU,
        LeakyReLU,
        PReLU,
        ReLU,
        Softmax,
        AdditiveAttention,
        Attention,
        GroupQueryAttention,
        MultiHeadAttention,
        MelSpectrogram,
        STFTSpectrogram,
        Layer,
        Wrapper,
        Conv1D,
        Conv2D,
        Conv3D,
        DepthwiseConv1D,
        DepthwiseConv2D,
        SeparableConv1D,
        SeparableConv2D,
        Conv1DTranspose,
        Conv2DTranspose,
        Conv3DTranspose,
        Dense,
        EinsumDense,
        Embedding,
        ReversibleEmbedding,
        Identity,
        InputLayer,
        Lambda,
        Masking,
        AlphaDropout,
        Dropout,
        GaussianDropout,
        GaussianNoise,
        SpatialDropout1D,
        SpatialDropout2D,
        SpatialDropout3D,
        Add,
        Average,
        Concatenate,
        Dot,
        Maximum,
        Minimum,
        Multiply,
        Subtract,
        BatchNormalization,
        GroupNormalization,
        LayerNormalization,
        RMSNormalization,
        UnitNormalization,
        SpectralNormalization,
        AdaptiveAveragePooling1D,
        AdaptiveAveragePooling2D,
        AdaptiveAveragePooling3D,
        AdaptiveMaxPooling1D,
        AdaptiveMaxPooling2D,
        AdaptiveMaxPooling3D,
        GlobalAveragePooling1D,
        GlobalAveragePooling2D,
        GlobalAveragePooling3D,
        GlobalMaxPooling1D,
        GlobalMaxPooling2D,
        GlobalMaxPooling3D,
        AveragePooling1D,
        AveragePooling2D,
        AveragePooling3D,
        MaxPooling1D,
        MaxPooling2D,
        MaxPooling3D,
        CategoryEncoding,
        Discretization,
        Normalization,
        Rescaling,
        Bidirectional,
        ConvLSTM1D,
        ConvLSTM2D,
        ConvLSTM3D,
        GRU,
        GRUCell,
        LSTM,
        LSTMCell,
        RNN,
        SimpleRNN,
        SimpleRNNCell,
        StackedRNNCells,
        TimeDistributed,
        ActivityRegularization,
        Cropping1D,
        Cropping2D,
        Cropping3D,
        ZeroPadding1D,
        ZeroPadding2D,
        ZeroPadding3D,
        Flatten,
        Permute,
        RepeatVector,
        Reshape,
        UpSampling1D,
        UpSampling2D,
        UpSampling3D,
    ),
)

if not TYPE_CHECKING:
    __getattr__ = explain_missing_names(__name__)

faces.opened(__name__)
