"""Files of Keras 1 and 2: what they hold becomes today's model, value by value."""

from __future__ import annotations

import pathlib
from typing import Any

import h5py
import numpy as np
import pytest

import cornu
from cornu.saving.damage import FileError
from saving import keras2
from saving.keras2 import call, layer, node

NUMBERS = np.random.default_rng(11)
SIGMOID = {"activation": "sigmoid", "recurrent_activation": "hard_sigmoid"}


def array(*shape: int) -> np.ndarray:
    return NUMBERS.uniform(-1, 1, shape).astype("float32")


def glorot(**more: Any) -> dict[str, Any]:
    config = {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform", "seed": None, **more}
    return {"class_name": "VarianceScaling", "config": config}


def dense_2(name: str, units: int, **more: Any) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "units": units, "dtype": "float32", "use_bias": True, "kernel_initializer": glorot(),
        "bias_initializer": {"class_name": "Zeros", "config": {}}, "kernel_regularizer": None,
        "activation": "linear",
    }  # fmt: skip
    return layer(name, "Dense", **{**defaults, **more})


def test_a_sequential_of_keras_2(tmp_path: pathlib.Path) -> None:
    first, second = (array(4, 3), array(3)), (array(3, 2), array(2))
    l2 = {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.01}}
    config = {
        "class_name": "Sequential",
        "config": [  # as before 2.2.3: the list of layers itself
            dense_2("dense_1", 3, activation="tanh", batch_input_shape=[None, 4]),
            layer("dropout_1", "Dropout", rate=0.5, noise_shape=None, seed=None),
            dense_2("dense_2", 2, kernel_regularizer=l2),
        ],
    }
    layers = [
        ("dense_1", [("dense_1/kernel:0", first[0]), ("dense_1/bias:0", first[1])]),
        ("dropout_1", []),
        ("dense_2", [("dense_2/kernel:0", second[0]), ("dense_2/bias:0", second[1])]),
    ]
    training = {
        "optimizer_config": {
            "class_name": "Adam",
            "config": {"lr": 0.002, "beta_1": 0.8, "beta_2": 0.99, "decay": 0.0, "epsilon": 1e-7,
                       "amsgrad": False},
        },
        "loss": "mean_squared_error", "metrics": ["mae"], "sample_weight_mode": None,
        "loss_weights": None,
    }  # fmt: skip
    weights = [*first, *second]
    moments = [array(*w.shape) for w in weights], [np.abs(array(*w.shape)) for w in weights]
    optimizer = [("Adam/iterations:0", np.array(7, "int64"))]
    optimizer += [
        (f"training/Adam/Variable_{i}:0", m) for i, m in enumerate(moments[0] + moments[1])
    ]
    path = tmp_path / "model.h5"
    keras2.write(path, config, layers, version="2.1.6", training=training, optimizer=optimizer)
    model = cornu.models.load_model(path)
    for found, expected in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(found, expected)
    x = array(5, 4)
    expected = np.tanh(x @ first[0] + first[1]) @ second[0] + second[1]
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-6)
    assert int(model.optimizer.iterations) == 7
    assert float(model.optimizer.learning_rate) == pytest.approx(0.002)
    assert model.optimizer.beta_1 == 0.8
    slots = [v.numpy() for v in model.optimizer.variables[2:]]
    for i in range(4):
        np.testing.assert_array_equal(slots[2 * i], moments[0][i])
        np.testing.assert_array_equal(slots[2 * i + 1], moments[1][i])
    model.fit(x, array(5, 2), verbose=0)


def functional_tf_keras() -> tuple[Any, list[Any], Any]:
    """A nested model used twice, a merge, tf.keras spellings of dtypes and axes."""
    policy = {"class_name": "Policy", "config": {"name": "float32"}}
    start = layer("input_2", "InputLayer", batch_input_shape=[None, 3], dtype="float32",
                  sparse=False, ragged=False)  # fmt: skip
    inner = {
        "class_name": "Functional",
        "config": {
            "name": "inner",
            "layers": [
                node(start),
                node(dense_2("deep", 2, dtype=policy), call(("input_2", 0, 0))),
                node(
                    layer("norm", "BatchNormalization", axis=[1], momentum=0.99, epsilon=0.001,
                          center=True, scale=True, fused=None),
                    call(("deep", 0, 0)),
                ),
            ],
            "input_layers": [["input_2", 0, 0]],
            "output_layers": [["norm", 0, 0]],
        },
    }  # fmt: skip
    inputs = [
        node(layer(name, "InputLayer", batch_input_shape=[None, 3], dtype="float32"))
        for name in ("a", "b")
    ]
    config = {
        "class_name": "Model",
        "config": {
            "name": "model_1",
            "layers": [
                *inputs,
                {**inner, "name": "inner", "inbound_nodes": [call(("a", 0, 0)), call(("b", 0, 0))]},
                node(layer("add", "Add"), call(("inner", 1, 0), ("inner", 2, 0))),
            ],
            "input_layers": [["a", 0, 0], ["b", 0, 0]],
            "output_layers": [["add", 0, 0]],
        },
    }
    values = [array(3, 2), array(2), array(2), array(2), array(2), np.abs(array(2))]
    names = ("deep/kernel:0", "deep/bias:0", "norm/gamma:0", "norm/beta:0", "norm/moving_mean:0",
             "norm/moving_variance:0")  # fmt: skip
    arrays = list(zip(names, values, strict=True))
    return config, [("a", []), ("b", []), ("inner", arrays), ("add", [])], values


@pytest.mark.parametrize("split", [0, 2], ids=["whole", "split"])
def test_a_graph_of_tf_keras(split: int, tmp_path: pathlib.Path) -> None:
    config, layers, values = functional_tf_keras()
    # Keras counted a nested model's own call as number 0, so the calls in the graph are 1 and 2.
    path = tmp_path / "model.h5"
    keras2.write(path, config, layers, version="2.4.0", split=split)
    model = cornu.models.load_model(path, compile=False)
    kernel, bias, gamma, beta, mean, variance = values
    x, y = array(4, 3), array(4, 3)

    def inner(z: np.ndarray) -> np.ndarray:
        return (z @ kernel + bias - mean) / np.sqrt(variance + 0.001) * gamma + beta

    expected = inner(x) + inner(y)
    np.testing.assert_allclose(model.predict([x, y], verbose=0), expected, rtol=1e-4, atol=1e-5)


def test_recurrent_layers_of_keras_1(tmp_path: pathlib.Path) -> None:
    """Twelve arrays of an LSTM, Keras 1's names of arguments, a Theano kernel."""
    gates = {gate: (array(3, 2), array(2, 2), array(2)) for gate in "icfo"}
    lstm = layer("lstm_1", "LSTM", output_dim=2, init="glorot_uniform", inner_init="orthogonal",
                 forget_bias_init="one", activation="tanh", inner_activation="sigmoid",
                 return_sequences=False, go_backwards=False, stateful=False, unroll=False,
                 consume_less="cpu", W_regularizer=None, U_regularizer=None, b_regularizer=None,
                 dropout_W=0.0, dropout_U=0.0, input_dim=3, input_length=None,
                 batch_input_shape=[None, 4, 3])  # fmt: skip
    out = layer("dense_1", "Dense", output_dim=1, init="glorot_uniform", activation="linear",
                W_regularizer=None, b_regularizer=None, bias=True, input_dim=None)  # fmt: skip
    arrays = [
        (f"lstm_1_{kind}_{gate}", part)
        for gate in "icfo"
        for kind, part in zip("WUb", gates[gate], strict=True)
    ]
    kernel, bias = array(2, 1), array(1)
    layers = [("lstm_1", arrays), ("dense_1", [("dense_1_W", kernel), ("dense_1_b", bias)])]
    path = tmp_path / "model.h5"
    config = {"class_name": "Sequential", "config": [lstm, out]}
    keras2.write(path, config, layers, version="1.2.2", backend="theano")
    model = cornu.models.load_model(path)
    expected = [np.concatenate([gates[g][k] for g in "ifco"], axis=-1) for k in range(3)]
    for found, value in zip(model.get_weights(), [*expected, kernel, bias], strict=True):
        np.testing.assert_array_equal(found, value)


def test_gru_before_reset_after(tmp_path: pathlib.Path) -> None:
    gru = layer("gru", "GRU", units=2, batch_input_shape=[None, 4, 3], implementation=1)
    values = [array(3, 6), array(2, 6), array(6)]
    layers = [("gru", [(f"gru/{i}:0", v) for i, v in enumerate(values)])]
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": [gru]}}
    keras2.write(tmp_path / "m.h5", config, layers, version="2.0.8")
    model = cornu.models.load_model(tmp_path / "m.h5")
    assert model.layers[0].reset_after is False
    for found, value in zip(model.get_weights(), values, strict=True):
        np.testing.assert_array_equal(found, value)


def test_conv_lstm_of_keras_2(tmp_path: pathlib.Path) -> None:
    frames = layer("c", "ConvLSTM2D", filters=2, kernel_size=[2, 2], strides=[1, 1],
                   recurrent_activation="hard_sigmoid", time_major=False, unroll=False,
                   batch_input_shape=[None, 3, 4, 4, 1])  # fmt: skip
    values = [array(2, 2, 1, 8), array(2, 2, 2, 8), array(8)]
    layers = [("c", [(f"c/{i}:0", v) for i, v in enumerate(values)])]
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": [frames]}}
    keras2.write(tmp_path / "m.h5", config, layers, version="2.2.4")
    model = cornu.models.load_model(tmp_path / "m.h5")
    assert model.output_shape == (None, 3, 3, 2)
    for found, value in zip(model.get_weights(), values, strict=True):
        np.testing.assert_array_equal(found, value)
    x = array(2, 3, 4, 4, 1)
    half = model.layers[0].recurrent_activation(np.array([0.5], "float32"))
    np.testing.assert_allclose(half, 0.2 * 0.5 + 0.5, rtol=1e-6)
    assert model.predict(x, verbose=0).shape == (2, 3, 3, 2)


# -- weights alone ---------------------------------------------------------------------------------


def small(*names: str) -> Any:
    model = cornu.Sequential([cornu.Input((3,))])
    for name in names:
        model.add(cornu.layers.Dense(3, name=name))
    return model


def weights_file(path: pathlib.Path, *names: str) -> dict[str, np.ndarray]:
    values = {name: array(3, 3) for name in names}
    layers = [
        (name, [(f"{name}/kernel:0", v), (f"{name}/bias:0", v[0])]) for name, v in values.items()
    ]
    keras2.write(path, None, layers, version="2.2.4")
    return values


def test_weights_by_name(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "w.h5"
    values = weights_file(path, "a", "b", "c")
    model = small("c", "new", "a")
    before = model.layers[1].get_weights()[0]
    model.load_weights(path, by_name=True)
    np.testing.assert_array_equal(model.layers[0].get_weights()[0], values["c"])
    np.testing.assert_array_equal(model.layers[1].get_weights()[0], before)
    np.testing.assert_array_equal(model.layers[2].get_weights()[0], values["a"])


def test_weights_that_do_not_fit(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "w.h5"
    values = weights_file(path, "a", "b")
    model = small("a")
    model.add(cornu.layers.Dense(9, name="b"))
    before = model.get_weights()
    with pytest.raises(
        FileError, match=r"layer 'b': 'kernel' has shape \(3, 3\).*expected \(3, 9\)"
    ):
        model.load_weights(path)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.warns(UserWarning, match="not loaded: layer 'b'"):
        model.load_weights(path, by_name=True, skip_mismatch=True)
    np.testing.assert_array_equal(model.layers[0].get_weights()[0], values["a"])
    with pytest.raises(FileError, match=r"2 layers with weights in the file.*1 in the model"):
        small("a").load_weights(path)


def test_a_file_of_weights_is_no_model(tmp_path: pathlib.Path) -> None:
    weights_file(tmp_path / "w.h5", "a")
    with pytest.raises(FileError, match="holds weights only"):
        cornu.models.load_model(tmp_path / "w.h5")


def test_long_lists_of_names_are_split_and_read_back(tmp_path: pathlib.Path) -> None:
    names = [f"layer_{i:03d}_{'x' * 300}" for i in range(230)]
    model = cornu.Sequential([cornu.Input((1,)), *[cornu.layers.Dense(1, name=n) for n in names]])
    values = [np.full(w.shape, i, "float32") for i, w in enumerate(model.get_weights())]
    model.set_weights(values)
    model.save_weights(tmp_path / "long.h5")
    model.set_weights([0 * v for v in values])
    model.load_weights(tmp_path / "long.h5")
    for found, value in zip(model.get_weights(), values, strict=True):
        np.testing.assert_array_equal(found, value)


def test_numbers_are_no_names(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "m.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [1.5, 2.0]
        file.attrs["weight_names"] = [3]
    model = cornu.Sequential([cornu.Input((4,)), cornu.layers.Dense(3)])
    with pytest.raises(FileError, match="attribute 'layer_names' of '' holds no names"):
        model.load_weights(path)


@pytest.mark.parametrize("name", ["", "Custom>Mine", "relu", None, 7, ["Adam"]])
def test_an_optimizer_that_is_not_known_leaves_the_model_uncompiled(
    name: Any, tmp_path: pathlib.Path
) -> None:
    path, values = tmp_path / "m.h5", (array(4, 3), array(3))
    config = {"class_name": "Sequential", "config": {"name": "m", "layers": [
        dense_2("d", 3, batch_input_shape=[None, 4])]}}  # fmt: skip
    training = {"optimizer_config": {"class_name": name, "config": {"lr": 1}}, "loss": "mse"}
    arrays = [("d/kernel:0", values[0]), ("d/bias:0", values[1])]
    keras2.write(path, config, [("d", arrays)], version="2.4.0", training=training)
    with pytest.warns(UserWarning, match="the model is not compiled"):
        model = cornu.models.load_model(path)
    np.testing.assert_array_equal(model.layers[0].kernel, values[0])


@pytest.mark.parametrize(
    "change",
    [
        {"dtype": {"class_name": "Policy", "config": "float32"}},
        {"dtype": {"class_name": ["Policy"], "config": {}}},
        {"layer": {"class_name": {}, "config": {"layers": 3}}},
    ],
    ids=str,
)
def test_odd_values_in_old_configs_are_refused(change: Any, tmp_path: pathlib.Path) -> None:
    config = {"class_name": "Sequential", "config": {"name": "m", "layers": [
        dense_2("d", 3, batch_input_shape=[None, 4], **change)]}}  # fmt: skip
    keras2.write(tmp_path / "m.h5", config, [], version="2.4.0")
    with pytest.raises(FileError):
        cornu.models.load_model(tmp_path / "m.h5")


@pytest.mark.parametrize("shapes", [((), (), (2, 2)), ((4, 7), (2, 5), (12,)), ((4, 9), (), (9,))])
def test_odd_arrays_of_old_layers_are_refused(shapes: Any, tmp_path: pathlib.Path) -> None:
    names = ("g/kernel:0", "g/recurrent_kernel:0", "g/bias:0")
    arrays = [(name, array(*shape)) for name, shape in zip(names, shapes, strict=True)]
    keras2.write(tmp_path / "w.h5", None, [("g", arrays)], version="2.4.0")
    model = cornu.Sequential([cornu.Input((3, 4)), cornu.layers.GRU(3, name="g")])
    with pytest.raises(FileError, match="layer 'g'"):
        model.load_weights(tmp_path / "w.h5")
