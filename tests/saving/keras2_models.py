"""Models that every Keras since 2.0, and Cornu, can make: what `keras2_files.py` writes.

A builder takes the library. Each branch of a model is one layer and one output, so that an output
that differs names its layer. Runs on Python 3.7; nothing here imports a library.
"""

from __future__ import annotations


def branches(k, inputs, *layers):
    """One layer of each (class, arguments) on `inputs`, those that the library has."""
    found = []
    for number, (name, arguments) in enumerate(layers):
        cls = getattr(k.layers, name, None)
        if cls is None:
            continue
        label = f"{name.lower()}_{number}"
        try:
            layer = cls(name=label, **arguments)
            found.append(layer(inputs))
        except (TypeError, ValueError, AttributeError) as error:
            if hasattr(k, "ops"):  # Cornu makes all of them
                raise
            print("  left out:", label, arguments, str(error).splitlines()[0][:80])
    return found


def is_late(k):
    """Whether it is Keras 2.12 or later: earlier ones lack some things on CPUs."""
    return hasattr(k, "saving")


def is_in_tensorflow(k):
    """Whether it is no Keras of its own, as up to 2.3.

    That one did not divide the penalty on outputs by the number of rows, and its bilinear
    interpolation had other points.
    """
    return hasattr(k.optimizers, "schedules")


def model(k, inputs, outputs, name=None):
    return k.models.Model(inputs, outputs, name=name)


# -- layers ----------------------------------------------------------------------------------------


def dense(k):
    layers = k.layers
    on_outputs = k.regularizers.L1L2(l1=0.001, l2=0.002) if is_in_tensorflow(k) else None
    return k.models.Sequential(
        [
            layers.Dense(4, activation="tanh", input_shape=(3,), name="first", use_bias=False,
                         kernel_regularizer=k.regularizers.l2(0.01),
                         kernel_constraint=k.constraints.MaxNorm(2.0)),
            layers.BatchNormalization(name="norm"),
            layers.Activation("sigmoid", name="squash"),
            layers.Dense(3, use_bias=False, kernel_initializer="he_normal", name="second",
                         activity_regularizer=on_outputs),
            layers.Dense(2, bias_initializer=k.initializers.Constant(0.5), name="last",
                         kernel_initializer=k.initializers.RandomNormal(0.0, 0.2, seed=3)),
        ],
        name="stack",
    )  # fmt: skip


def convolutions_1d(k):
    x = k.layers.Input((6, 2), name="x")
    same = {"filters": 2, "kernel_size": 3, "padding": "same"}
    return model(k, x, branches(
        k, x,
        ("Conv1D", {"filters": 3, "kernel_size": 2, "activation": "relu"}),
        ("Conv1D", {**same, "padding": "causal", "dilation_rate": 2}),
        ("Conv1D", {**same, "strides": 2, "use_bias": False}),
        *[("Conv1D", {**same, "groups": 2})] * is_late(k),
        ("SeparableConv1D", {**same, "depth_multiplier": 2}),
        ("DepthwiseConv1D", {"kernel_size": 3, "depth_multiplier": 2}),
        ("Conv1DTranspose", {**same, "strides": 2}),
        ("Conv1DTranspose", {"filters": 2, "kernel_size": 3, "strides": 2, "output_padding": 1}),
    ))  # fmt: skip


def convolutions_2d(k):
    x = k.layers.Input((5, 4, 2), name="x")
    same = {"filters": 2, "kernel_size": (3, 2), "padding": "same"}
    return model(k, x, branches(
        k, x,
        ("Conv2D", {"filters": 3, "kernel_size": (2, 3), "activation": "relu"}),
        ("Conv2D", {**same, "dilation_rate": 2}),
        ("Conv2D", {**same, "strides": 2, "use_bias": False}),
        *[("Conv2D", {**same, "groups": 2})] * is_late(k),
        ("SeparableConv2D", {**same, "depth_multiplier": 2}),
        ("DepthwiseConv2D", {"kernel_size": (3, 2), "depth_multiplier": 2}),
        ("DepthwiseConv2D", {"kernel_size": 2, "strides": 2, "padding": "same"}),
        ("Conv2DTranspose", {**same, "strides": 2}),
        ("Conv2DTranspose", {**same, "padding": "valid", "strides": 2, "output_padding": 1}),
    ))  # fmt: skip


def convolutions_3d(k):
    x = k.layers.Input((4, 3, 4, 2), name="x")
    same = {"filters": 2, "kernel_size": 2, "padding": "same"}
    return model(k, x, branches(
        k, x,
        ("Conv3D", {"filters": 2, "kernel_size": (2, 3, 2)}),
        ("Conv3D", {**same, "strides": 2}),
        ("Conv3DTranspose", {**same, "strides": 2}),
    ))  # fmt: skip


def grids(k):
    """Pooling, padding, cropping and repeating in one, two and three dimensions."""
    inputs, found = [], []
    for dimensions, shape in enumerate([(6, 2), (5, 4, 2), (4, 3, 4, 2)], 1):
        x = k.layers.Input(shape, name=f"x{dimensions}")
        inputs.append(x)
        end = f"{dimensions}D"
        pairs = tuple((1, 0) for _ in range(dimensions))
        found += branches(
            k, x,
            ("MaxPooling" + end, {}),
            ("MaxPooling" + end, {"pool_size": 3, "strides": 2, "padding": "same"}),
            ("AveragePooling" + end, {"pool_size": 2, "strides": 1}),
            ("AveragePooling" + end, {"pool_size": 3, "padding": "same"}),
            ("GlobalMaxPooling" + end, {}),
            ("GlobalAveragePooling" + end, {}),
            ("GlobalAveragePooling" + end, {"keepdims": True}),
            ("ZeroPadding" + end, {"padding": 1}),
            ("ZeroPadding" + end, {"padding": (2, 1) if dimensions == 1 else pairs}),
            ("Cropping" + end, {"cropping": 1}),
            ("Cropping" + end, {"cropping": (2, 1) if dimensions == 1 else pairs}),
            ("UpSampling" + end, {"size": 2}),
            ("SpatialDropout" + end, {"rate": 0.3}),
        )  # fmt: skip
        if dimensions == 2:
            found += branches(k, x, *[
                ("UpSampling2D", {"size": (2, 3), "interpolation": kind})
                for kind in ("nearest", *["bilinear"] * is_in_tensorflow(k))
            ])  # fmt: skip
    return model(k, inputs, found)


def shapes(k):
    x = k.layers.Input((4, 6), name="x")
    row = k.layers.Input((4,), name="row")
    return model(k, [x, row], [
        *branches(
            k, x,
            ("Reshape", {"target_shape": (3, -1)}),
            ("Permute", {"dims": (2, 1)}),
            ("Flatten", {}),
            ("Masking", {"mask_value": 0.0}),
            ("Dropout", {"rate": 0.5, "noise_shape": (None, 1, 6), "seed": 3}),
            ("GaussianNoise", {"stddev": 0.1}),
            ("GaussianDropout", {"rate": 0.2}),
            ("AlphaDropout", {"rate": 0.2}),
            *[("ActivityRegularization", {"l1": 0.001, "l2": 0.002})] * is_in_tensorflow(k),
            ("Identity", {}),
        ),
        k.layers.RepeatVector(3, name="repeated")(row),
        k.layers.Dropout(0.5, name="dropped")(row),
    ])  # fmt: skip


NAMES = ("elu", "exponential", "gelu", "hard_sigmoid", "leaky_relu", "linear", "mish", "relu",
         "relu6", "selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "swish",
         "tanh")  # fmt: skip


def activations(k):
    x = k.layers.Input((3,), name="x")
    known = [name for name in NAMES if hasattr(k.activations, name)]
    return model(k, x, [
        *branches(k, x, *[("Dense", {"units": 2, "activation": name}) for name in known]),
        *branches(
            k, x,
            ("ReLU", {}),
            ("ReLU", {"max_value": 0.5, "negative_slope": 0.1, "threshold": 0.2}),
            ("LeakyReLU", {"alpha": 0.2}),
            ("LeakyReLU", {}),
            ("PReLU", {}),
            ("ELU", {"alpha": 0.7}),
            ("Softmax", {}),
            ("Softmax", {"axis": 1}),
            ("Activation", {"activation": "elu"}),
        ),
    ])  # fmt: skip


def merges(k):
    a, b = (k.layers.Input((2, 3), name=name) for name in "ab")
    return model(k, [a, b], branches(
        k, [a, b],
        ("Add", {}), ("Subtract", {}), ("Multiply", {}), ("Average", {}), ("Maximum", {}),
        ("Minimum", {}), ("Concatenate", {}), ("Concatenate", {"axis": 1}), ("Dot", {"axes": 2}),
        ("Dot", {"axes": (1, 1), "normalize": True}),
    ))  # fmt: skip


def normalizations(k):
    x = k.layers.Input((4, 6), name="x")
    image = k.layers.Input((3, 3, 4), name="image")
    plain = {"epsilon": 0.01, "center": False, "scale": False}
    return model(k, [x, image], [
        *branches(
            k, x,
            ("BatchNormalization", {}),
            ("BatchNormalization", {"axis": 1, "momentum": 0.8, "epsilon": 0.01}),
            ("BatchNormalization", plain),
            ("LayerNormalization", {}),
            ("LayerNormalization", {"axis": [1, 2], "epsilon": 1e-6}),
            ("LayerNormalization", plain),
            ("GroupNormalization", {"groups": 2}),
            ("UnitNormalization", {}),
        ),
        k.layers.BatchNormalization(name="of_image")(image),
    ])  # fmt: skip


def recurrent(k):
    x = k.layers.Input((4, 3), name="x")
    rows = {"units": 2, "return_sequences": True}
    return model(k, x, branches(
        k, x,
        ("SimpleRNN", {"units": 2}),
        ("SimpleRNN", {**rows, "activation": "relu", "go_backwards": True}),
        ("LSTM", {"units": 3}),
        ("LSTM", {**rows, "unit_forget_bias": False, "recurrent_activation": "hard_sigmoid"}),
        ("LSTM", {**rows, "use_bias": False, "unroll": True}),
        ("GRU", {"units": 3, "reset_after": False}),
        ("GRU", {"units": 3, "reset_after": True}),
        ("GRU", {**rows, "use_bias": False, "reset_after": True, "go_backwards": True}),
        ("GRU", {**rows, "implementation": 1, "dropout": 0.1, "recurrent_dropout": 0.1}),
    ))  # fmt: skip


def wrappers(k):
    layers = k.layers
    x = layers.Input((4, 3), name="x")
    pair = layers.StackedRNNCells([layers.LSTMCell(2), layers.GRUCell(3), layers.SimpleRNNCell(2)])
    alone = layers.RNN(layers.LSTMCell(2), return_sequences=True, name="alone")(x)
    both = [
        layers.Bidirectional(
            getattr(layers, kind)(2, return_sequences=rows), merge_mode=mode, name=kind + mode
        )(x)
        for kind, rows, mode in (
            ("LSTM", False, "concat"), ("GRU", True, "sum"), ("SimpleRNN", True, "mul"),
            ("LSTM", True, "ave"),
        )
    ]  # fmt: skip
    inner = k.models.Sequential([layers.Dense(3, input_shape=(3,)), layers.ELU()])
    return model(k, x, [
        layers.RNN(pair, name="stacked")(x), alone, *both,
        layers.TimeDistributed(layers.Dense(2), name="dense_each")(x),
        layers.TimeDistributed(inner, name="model_each")(x),
    ])  # fmt: skip


def two_ways(k):
    """A bidirectional layer of two different ones (Keras 2.3)."""
    layers = k.layers
    back = layers.GRU(2, go_backwards=True, reset_after=False, return_sequences=True)
    x = layers.Input((4, 3), name="x")
    both = layers.Bidirectional(layers.LSTM(3, return_sequences=True), backward_layer=back)
    return model(k, x, both(x))


def translation(k):
    """States of one recurrent layer start another; words are masked."""
    layers = k.layers
    source, target = (layers.Input((4,), name="ids_" + name) for name in ("source", "target"))
    embed = layers.Embedding(7, 3, mask_zero=True, name="words")
    _, h, c = layers.LSTM(2, return_state=True, name="encoder")(embed(source))
    decoder = layers.LSTM(2, return_sequences=True, name="decoder")
    rows = decoder(embed(target), initial_state=[h, c])
    out = layers.TimeDistributed(layers.Dense(7, activation="softmax"), name="scores")(rows)
    last = layers.Bidirectional(layers.GRU(2, reset_after=True), name="last")(embed(target))
    return model(k, [source, target], [out, last])


def attentions(k):
    layers = k.layers
    query, value = layers.Input((3, 4), name="query"), layers.Input((5, 4), name="value")
    found = branches(
        k, [query, value],
        ("Attention", {}), ("Attention", {"use_scale": True}), ("AdditiveAttention", {}),
    )  # fmt: skip
    if hasattr(layers, "MultiHeadAttention"):
        heads = layers.MultiHeadAttention(2, 3, name="heads")
        wide = layers.MultiHeadAttention(2, 3, value_dim=2, output_shape=5, use_bias=False)
        found += [heads(query, value), wide(query, value, key=value)]
    return model(k, [query, value], found)


def einsums(k):
    x = k.layers.Input((3, 4), name="x")
    return model(k, x, branches(
        k, x,
        ("EinsumDense", {"equation": "abc,cd->abd", "output_shape": (None, 5), "bias_axes": "d"}),
        ("EinsumDense", {"equation": "...x,xy->...y", "output_shape": 2, "activation": "relu"}),
    ))  # fmt: skip


# -- graphs ----------------------------------------------------------------------------------------


def nested(k):
    """A graph in a graph used twice, a stack in a graph, a shared layer, two inputs and outputs."""
    layers = k.layers
    start = layers.Input((3,), name="start")
    deep = layers.Dense(4, use_bias=False, name="deep")(start)
    deep = layers.BatchNormalization(name="deep_norm")(deep)
    graph = model(k, start, [deep, layers.Dense(2, name="side")(deep)], "graph")
    stack = k.models.Sequential(name="stack")
    stack.add(layers.Dense(3, activation="relu", input_shape=(4,), name="stacked"))
    stack.add(graph_of_one(k))
    a, b = layers.Input((3,), name="a"), layers.Input((3,), name="b")
    shared = layers.Dense(3, activation="tanh", name="shared")
    (left, left_side), (right, right_side) = graph(shared(a)), graph(shared(b))
    joined = layers.add([stack(left), stack(right)], name="joined")
    sides = layers.concatenate([left_side, right_side], name="sides")
    frozen = layers.Dense(2, name="frozen", trainable=False)(joined)
    return model(k, [a, b], [layers.Dense(1, name="out")(frozen), sides], "whole")


def graph_of_one(k):
    x = k.layers.Input((3,), name="x")
    return model(k, x, k.layers.Dense(2, name="one")(x), "graph_of_one")


def stack_of_models(k):
    """Models as members of a stack, one of them without its own input."""
    first = k.models.Sequential([k.layers.Dense(3, input_shape=(2,), name="a")], name="first")
    second = k.models.Sequential([k.layers.Dense(2, name="b"), k.layers.Dropout(0.5)], name="then")
    members = [first, second, k.layers.Dense(1, name="c")]
    if hasattr(k, "ops"):  # Keras 2 finds the shape in the first member
        members = [k.layers.Input((2,)), *members]
    return k.models.Sequential(members, name="outer")


def same_output_twice(k):
    """An input that is an output, one output given twice, one layer called three times."""
    x = k.layers.Input((3,), name="x")
    layer = k.layers.Dense(3, activation="tanh", name="again")
    deep = layer(layer(layer(x)))
    first = [x] * is_late(k)  # Keras 2.2 cannot run it
    return model(k, x, [*first, deep, k.layers.Dense(1, name="out")(deep)])


def mixed_precision(k):
    x = k.layers.Input((3,), name="x")
    half = k.layers.Dense(4, dtype=_policy(k, "mixed_float16"), name="half")(x)
    return model(k, x, k.layers.Dense(2, dtype="float32", name="full")(half))


def _policy(k, name):
    """A policy object where the library has them; plain Keras 2 knows dtypes only."""
    places = (k, getattr(k, "mixed_precision", None),
              getattr(getattr(k, "mixed_precision", None), "experimental", None))  # fmt: skip
    for place in places:
        for cls in ("DTypePolicy", "Policy"):
            if place is not None and hasattr(place, cls):
                return getattr(place, cls)(name)
    return "float32"


MODELS = {
    function.__name__: function
    for function in (
        dense, convolutions_1d, convolutions_2d, convolutions_3d, grids, shapes, activations,
        merges, normalizations, recurrent, wrappers, two_ways, translation, attentions, einsums,
        nested, stack_of_models, same_output_twice, mixed_precision,
    )
}  # fmt: skip
# Random in training, so that no next step can be compared.
RANDOM = ("grids", "shapes", "recurrent", "stack_of_models")
