"""Several optimizers as one."""

import numpy as np
import pytest

import cornu
from cornu import layers, optimizers
from cornu.core.variable import Variable
from cornu.optimizers import SGD, Adam, MultiOptimizer, OptimizerMap, RMSprop


def variables():
    with cornu.name_scope("encoder"):
        first = Variable(np.ones(2, "float32"), name="kernel")
    with cornu.name_scope("head"):
        return [first, Variable(np.ones(2, "float32"), name="kernel")]


def test_a_map_finds_by_whole_paths():
    default, encoder = Adam(), SGD()
    found = OptimizerMap(default, {"encoder/.*": encoder})
    assert found["encoder/kernel"] is found["encoder/.*"] is encoder
    assert found["my_encoder/kernel"] is found["encoder"] is default
    assert list(found) == ["encoder/.*"] and len(found) == 1


def test_each_variable_goes_to_its_optimizer():
    sgd, adam = SGD(0.1), Adam(0.01)
    multi = MultiOptimizer(OptimizerMap(adam, {"encoder/.*": sgd}))
    pair = variables()
    multi.apply([np.ones(2), np.ones(2)], pair)
    np.testing.assert_allclose(pair[0].value, 0.9, rtol=1e-6)
    np.testing.assert_allclose(pair[1].value, 0.99, rtol=1e-4)
    assert multi.optimizers == [sgd, adam]
    assert [int(o.iterations.value) for o in (multi, sgd, adam)] == [1, 1, 1]
    assert {v.path.split("/")[0] for v in multi.variables} == {multi.name, sgd.name, adam.name}


def test_a_function_may_choose():
    multi = MultiOptimizer(lambda v: SGD(0.5) if "head" in v.path else SGD(0.25))
    pair = variables()
    multi.apply([np.ones(2), np.ones(2)], pair)
    np.testing.assert_allclose([v.value[0] for v in pair], [0.75, 0.5])


def test_it_trains_a_model_as_its_parts_would():
    def fitted(optimizer):
        cornu.utils.set_random_seed(3)
        model = cornu.Sequential([cornu.Input((4,)), layers.Dense(3), layers.Dense(1)])
        model.compile(optimizer, "mse")
        x = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
        model.fit(x, x[:, :1], epochs=2, batch_size=8, verbose=0)
        return model.get_weights()

    alone = fitted(Adam(0.01))
    both = fitted(MultiOptimizer(OptimizerMap(Adam(0.01), {".*bias": Adam(0.01)})))
    for a, b in zip(alone, both, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)


def test_config_round_trip():
    multi = MultiOptimizer(OptimizerMap(Adam(0.1), {"a/.*": RMSprop(0.2)}), name="two")
    config = optimizers.serialize(multi)
    again = optimizers.deserialize(config)
    assert optimizers.serialize(again) == config
    assert isinstance(again.optimizer_map["a/b"], RMSprop) and again.name == "two"


def test_loss_scale():
    multi = MultiOptimizer(lambda v: SGD(0.5), loss_scale_factor=4.0)
    (variable, _) = variables()
    assert float(multi.scale_loss(2.0)) == 8.0
    multi.apply([np.full(2, 4.0)], [variable])
    np.testing.assert_allclose(variable.value, 0.5)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: MultiOptimizer(OptimizerMap(Adam())).learning_rate, AttributeError, "its own"),
        (lambda: MultiOptimizer("adam"), TypeError, "OptimizerMap or a function"),
        (lambda: OptimizerMap("adam"), ValueError, "default_optimizer must be an Optimizer"),
        (lambda: OptimizerMap(Adam(), {"a(": SGD()}), ValueError, "valid regular expression"),
        (lambda: OptimizerMap(Adam(), {"a": 3}), ValueError, "the optimizer of 'a'"),
        (
            lambda: OptimizerMap(Adam(), {"a.*": SGD(), ".*b": SGD()})["ab"],
            ValueError,
            "more than one",
        ),
        (lambda: MultiOptimizer(lambda v: None).build(variables()), ValueError, "encoder/kernel"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_pattern_is_not_replaced_silently():
    found = OptimizerMap(Adam(), {"a": SGD()})
    with pytest.raises(ValueError, match="already"):
        found["a"] = SGD()
    del found["a"]
    found["a"] = SGD()


def test_old_names():
    legacy = optimizers.legacy
    assert legacy.Adam is Adam and legacy.Optimizer is optimizers.Optimizer
    assert float(legacy.SGD(lr=0.5, decay=1e-6).learning_rate.value) == 0.5
