"""Files written by real Keras 1.2, in its own spellings; see `keras2_files.py`.

KERAS_BACKEND=theano python tests/saving/keras1_files.py
"""

from __future__ import annotations

import importlib
import sys

import keras2_files


def dense(k):
    layers = k.layers
    model = k.models.Sequential(name="stack")
    model.add(layers.Dense(4, input_dim=3, init="glorot_normal", activation="tanh", name="first",
                           W_regularizer=k.regularizers.l2(0.01), bias=False))  # fmt: skip
    model.add(layers.BatchNormalization(name="norm"))
    model.add(layers.Activation("hard_sigmoid", name="squash"))
    model.add(layers.Dropout(0.3, name="drop"))
    model.add(layers.Dense(2, init="uniform", b_constraint=k.constraints.maxnorm(2), name="last"))
    return model


def images(k, ordering="tf"):
    """Convolution and pooling in the order of dimensions of TensorFlow or Theano."""
    layers = k.layers
    shape = (5, 4, 2) if ordering == "tf" else (2, 5, 4)
    order = {"dim_ordering": ordering}
    model = k.models.Sequential()
    model.add(layers.Convolution2D(3, 3, 3, border_mode="same", activation="relu", name="first",
                                   input_shape=shape, **order))  # fmt: skip
    model.add(layers.MaxPooling2D((2, 2), strides=(1, 1), name="pooled", **order))
    model.add(layers.Convolution2D(2, 2, 3, subsample=(2, 1), bias=False, name="second", **order))
    if ordering == "tf":  # these two do not write theirs
        model.add(layers.ZeroPadding2D((1, 1), name="padded"))
        model.add(layers.UpSampling2D((2, 2), name="wide"))
    model.add(layers.AveragePooling2D((2, 1), border_mode="valid", name="mean", **order))
    model.add(layers.Flatten(name="flat"))
    model.add(layers.Dense(2, name="last"))
    return model


def images_th(k):
    return images(k, "th")


def rows(k):
    layers = k.layers
    model = k.models.Sequential()
    model.add(layers.Convolution1D(3, 2, border_mode="valid", input_shape=(6, 2), name="first"))
    model.add(layers.MaxPooling1D(pool_length=2, stride=1, name="pooled"))
    model.add(layers.Convolution1D(2, 2, border_mode="same", subsample_length=2, name="second"))
    model.add(layers.TimeDistributed(layers.Dense(3), name="each"))
    model.add(layers.GlobalAveragePooling1D(name="mean"))
    model.add(layers.RepeatVector(2, name="repeated"))
    model.add(layers.Permute((2, 1), name="turned"))
    model.add(layers.Reshape((6,), name="flat"))
    return model


def recurrent(k):
    layers = k.layers
    x = layers.Input(shape=(4, 3), name="x")
    both = layers.Bidirectional(layers.LSTM(2), merge_mode="concat", name="both")
    outputs = [
        layers.SimpleRNN(2, name="simple")(x),
        layers.LSTM(3, name="lstm", inner_activation="sigmoid", forget_bias_init="zero")(x),
        layers.LSTM(2, name="rows", return_sequences=True, consume_less="gpu", go_backwards=True)(
            x
        ),
        layers.GRU(3, name="gru", inner_init="glorot_uniform")(x),
        layers.GRU(2, name="gru_rows", return_sequences=True, activation="relu")(x),
        both(x),
    ]
    return k.models.Model(input=x, output=outputs)


def words(k):
    model = k.models.Sequential()
    model.add(k.layers.Embedding(7, 3, input_length=4, mask_zero=True, name="ids"))
    model.add(k.layers.LSTM(2, name="lstm"))
    model.add(k.layers.Dense(2, activation="softmax", name="scores"))
    return model


def merged(k):
    """The layer `Merge` in its modes, a shared layer and a nested model."""
    layers = k.layers
    a, b = (layers.Input(shape=(3,), name=name) for name in "ab")
    shared = layers.Dense(2, activation="tanh", name="shared")
    left, right = shared(a), shared(b)
    outputs = [
        layers.merge([left, right], mode=mode, name=mode) for mode in ("sum", "mul", "ave", "max")
    ]
    outputs.append(layers.merge([left, b], mode="concat", concat_axis=1, name="joined"))
    inner = k.models.Sequential(name="inner")
    inner.add(layers.Dense(2, input_dim=2, name="deep"))
    outputs.append(inner(left))
    return k.models.Model(input=[a, b], output=outputs)


def advanced(k):
    x = k.layers.Input(shape=(3,), name="x")
    outputs = [
        k.layers.LeakyReLU(alpha=0.2, name="leaky")(x),
        k.layers.ELU(alpha=0.7, name="elu")(x),
        k.layers.PReLU(name="prelu")(x),
        k.layers.ThresholdedReLU(theta=0.4, name="thresholded")(x),
        k.layers.GaussianNoise(0.1, name="noise")(x),
        k.layers.Activation("softplus", name="softplus")(x),
    ]
    return k.models.Model(input=x, output=outputs)


MODELS = (dense, images, images_th, rows, recurrent, words, merged, advanced)
RANDOM = ("dense", "advanced")
OPTIMIZERS = {
    "sgd": ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True, "decay": 0.1}),
    "rmsprop": ("RMSprop", {"lr": 0.05}),
    "adam": ("Adam", {"lr": 0.05, "clipnorm": 0.1}),
    "adamax": ("Adamax", {"lr": 0.05}),
    "adagrad": ("Adagrad", {"lr": 0.05}),
    "adadelta": ("Adadelta", {"lr": 0.5}),
}


class Writer(keras2_files.Writer):
    def as_h5(self):
        return {}


def main():
    k = importlib.import_module("keras")
    importlib.import_module("keras.models")
    if k.backend.backend() == "theano":
        importlib.import_module("theano.ifelse")  # which Keras uses without importing it
    name = f"keras-{k.__version__}-{k.backend.backend()}"
    with keras2_files.archive(name) as folder:
        writer = Writer(k, folder)
        for build in MODELS:
            print(build.__name__)
            model = build(k)
            model.compile(optimizer="adam", loss="mse")
            formats = ("h5", "weights", "json")
            writer.case(build.__name__, model, formats=formats, random=build.__name__ in RANDOM)
        for title, (cls, arguments) in OPTIMIZERS.items():
            print(title)
            model = k.models.Sequential()
            model.add(k.layers.Dense(3, activation="tanh", input_dim=2))
            model.add(k.layers.Dense(2))
            model.compile(getattr(k.optimizers, cls)(**arguments), loss="mse", metrics=["mae"])
            writer.case("optimizer_" + title, model)
    keras2_files.note(name, writer.cases)


if __name__ == "__main__":
    sys.exit(main())
