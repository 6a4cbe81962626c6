"""Arrays of older Keras as today's layers want them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Arrays = list[np.ndarray]


def convert(layer: Any, arrays: Arrays, major: int, theano: bool) -> Arrays:
    """The arrays of a layer of a file, in number, order and shape those of `layer`.

    Args:
        layer: today's layer.
        arrays: as in the file.
        major: version of Keras that wrote it: 1, 2 or 3.
        theano: whether its kernels are those of Theano, which flips them.
    """
    name = type(layer).__name__
    if major == 1 and name in _OF_KERAS_1:
        arrays = _OF_KERAS_1[name](layer, arrays, theano)
    if name in _RECURRENT:
        arrays = _recurrent(layer, arrays)
    if name == "Bidirectional" and len(arrays) % 2 == 0:
        half = len(arrays) // 2
        parts = ((layer.forward_layer, arrays[:half]), (layer.backward_layer, arrays[half:]))
        arrays = [a for part, own in parts for a in convert(part, own, major, theano)]
    return arrays


_RECURRENT = ("GRU", "LSTM")


def _recurrent(layer: Any, arrays: Arrays) -> Arrays:
    """CuDNN's two biases: LSTM takes their sum, GRU the pair; its kernels lie transposed."""
    if len(arrays) != 3:
        return arrays
    kernel, recurrent, bias = arrays
    units = recurrent.shape[0]
    gates = kernel.shape[-1] // max(units, 1)
    if bias.ndim != 1 or bias.size != 2 * gates * units or kernel.ndim != 2:
        return arrays

    def transposed(matrix: np.ndarray) -> np.ndarray:
        pieces = np.hsplit(matrix, gates)
        return np.hstack([p.T.reshape(p.shape) for p in pieces])

    kernel = transposed(kernel)
    recurrent = np.hstack([piece.T for piece in np.hsplit(recurrent, gates)])
    both = bias.reshape(2, -1)
    if type(layer).__name__ == "LSTM":
        return [kernel, recurrent, both.sum(axis=0)]
    return [kernel, recurrent, both]


# -- Keras 1 ---------------------------------------------------------------------------------------


def _lstm_1(layer: Any, arrays: Arrays, theano: bool) -> Arrays:
    """W, U, b of the gates i, c, f, o, each by itself; today's order is i, f, c, o."""
    del layer, theano
    return _joined_gates(arrays, (0, 2, 1, 3)) if len(arrays) == 12 else arrays


def _gru_1(layer: Any, arrays: Arrays, theano: bool) -> Arrays:
    del layer, theano
    return _joined_gates(arrays, (0, 1, 2)) if len(arrays) == 9 else arrays


def _joined_gates(arrays: Arrays, order: tuple[int, ...]) -> Arrays:
    return [np.concatenate([arrays[3 * g + kind] for g in order], axis=-1) for kind in range(3)]


def _conv_1d_1(layer: Any, arrays: Arrays, theano: bool) -> Arrays:
    del theano
    kernel = arrays[0]
    if kernel.ndim == 4:
        if kernel.shape[:2] != (layer.kernel_size[0], 1):
            kernel = np.transpose(kernel, (2, 3, 1, 0))
        kernel = kernel[:, 0]
    return [kernel, *arrays[1:]]


def _conv_2d_1(layer: Any, arrays: Arrays, theano: bool) -> Arrays:
    kernel = arrays[0]
    if kernel.ndim == 4 and getattr(layer, "data_format", "") == "channels_first":
        kernel = np.transpose(kernel, (2, 3, 1, 0))
    if theano and kernel.ndim == 4:
        kernel = kernel[::-1, ::-1]
    return [kernel, *arrays[1:]]


_OF_KERAS_1: dict[str, Callable[[Any, Arrays, bool], Arrays]] = {
    "Conv1D": _conv_1d_1,
    "Conv2D": _conv_2d_1,
    "GRU": _gru_1,
    "LSTM": _lstm_1,
}
