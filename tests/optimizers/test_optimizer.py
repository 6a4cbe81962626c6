"""What all optimizers share: arguments, variables, updates, configs."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cornu import optimizers
from cornu.core import naming, scope
from cornu.core.variable import Variable
from cornu.errors import UnexpectedKeywordError, UnknownNameError
from cornu.optimizers import SGD, Adam, LossScaleOptimizer, Optimizer, RMSprop, schedules

NAMES = [
    "SGD", "RMSprop", "Adagrad", "Adam", "AdamW", "Adamax", "Nadam", "Lamb", "Adadelta", "Ftrl",
    "Lion", "Adafactor", "Muon", "ScheduleFreeAdamW",
]  # fmt: skip


def weights(*values: Any) -> list[Variable]:
    with naming.name_scope("model"):
        return [
            Variable(np.asarray(value, "float32"), name=f"weight{i}")
            for i, value in enumerate(values)
        ]


def numbers(variable: Variable) -> list[float]:
    return np.asarray(variable.value).ravel().tolist()


# -- arguments -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_lr_and_decay_are_taken_by_every_optimizer(name: str) -> None:
    optimizer = getattr(optimizers, name)(lr=0.5, decay=0.1)
    assert float(optimizer.learning_rate.value) == float(optimizer.lr.value) == 0.5
    config = optimizer.get_config()
    assert (config["learning_rate"], config["decay"]) == (0.5, 0.1)
    assert type(optimizer).from_config(config).get_config() == config
    assert "decay" not in getattr(optimizers, name)(decay=0.0).get_config()


def test_decay_divides_the_rate_by_one_plus_decay_times_updates() -> None:
    optimizer = SGD(lr=0.01, decay=0.5, momentum=0.9, nesterov=True)
    (weight,) = weights([1.0, -2.0])
    expected, velocity = np.array([1.0, -2.0]), np.zeros(2)
    gradient = np.array([0.5, 3.0], "float32")
    for t in range(5):
        optimizer.apply([gradient], [weight])
        rate = 0.01 / (1 + 0.5 * t)
        velocity = 0.9 * velocity - rate * gradient
        expected = expected + 0.9 * velocity - rate * gradient
    np.testing.assert_allclose(weight.value, expected, rtol=1e-6)
    assert float(optimizer.lr.value) == np.float32(0.01)


@pytest.mark.parametrize("rate", [-0.1, float("nan"), "fast", None, [0.1, 0.2], True, SGD])
def test_a_learning_rate_that_cannot_be_names_itself(rate: Any) -> None:
    with pytest.raises(ValueError, match="learning_rate"):
        Adam(rate)
    optimizer = Adam(0.1)
    with pytest.raises(ValueError, match="learning_rate"):
        optimizer.learning_rate = rate


@pytest.mark.parametrize(
    "rate", [1, np.float32(0.5), np.float64(0.25), jnp.float32(0.5), np.array(2)]
)
def test_any_number_is_a_learning_rate(rate: Any) -> None:
    assert float(Adam(rate).learning_rate.value) == np.float32(rate)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"clipnorm": 1.0, "clipvalue": 1.0}, "only one of clipnorm"),
        ({"clipnorm": -1.0}, "clipnorm"),
        ({"use_ema": True, "ema_momentum": 1.5}, "ema_momentum"),
        ({"use_ema": True, "ema_overwrite_frequency": 0}, "ema_overwrite_frequency"),
        ({"gradient_accumulation_steps": 1}, "gradient_accumulation_steps"),
        ({"gradient_accumulation_steps": 2.5}, "gradient_accumulation_steps"),
        ({"momentum": 2}, "momentum"),
        ({"decay": -1.0}, "decay"),
    ],
)
def test_arguments_out_of_range(arguments: dict[str, Any], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        SGD(**arguments)


def test_unknown_keywords_get_a_suggestion() -> None:
    with pytest.raises(UnexpectedKeywordError, match="'momentun'; did you mean 'momentum'"):
        SGD(momentun=0.9)
    with pytest.raises(UnexpectedKeywordError, match="'clip_norm'; did you mean 'clipnorm'"):
        Adam(clip_norm=0.9)
    with pytest.raises(TypeError, match="both `lr` and `learning_rate`"):
        SGD(learning_rate=0.1, lr=0.1)


def test_epsilon_none_is_the_setting() -> None:
    for name in ("Adam", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam"):
        assert getattr(optimizers, name)(epsilon=None).epsilon == 1e-7


# -- get -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_names_are_found_in_any_case(name: str) -> None:
    cls = getattr(optimizers, name)
    for spelling in (name, name.lower(), name.upper()):
        assert type(optimizers.get(spelling)) is cls
    assert type(optimizers.get({"class_name": name.lower(), "config": {"lr": 0.5}})) is cls


def test_get_takes_objects_and_refuses_the_rest() -> None:
    optimizer = SGD()
    assert optimizers.get(optimizer) is optimizer
    assert optimizers.get(None) is None
    assert type(optimizers.get(Adam)) is Adam
    with pytest.raises(UnknownNameError, match="unknown optimizer 'adamm'; did you mean 'adam'"):
        optimizers.get("adamm")
    with pytest.raises(TypeError, match="optimizer"):
        optimizers.get(3)


@pytest.mark.parametrize("name", NAMES)
def test_config_round_trip_with_a_schedule(name: str) -> None:
    optimizer = getattr(optimizers, name)(
        learning_rate=schedules.ExponentialDecay(0.1, 5, 0.5), use_ema=True, clipnorm=1.0
    )
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert type(again) is type(optimizer)
    assert again.get_config() == optimizer.get_config()
    assert isinstance(again._learning_rate, schedules.ExponentialDecay)


# -- variables -------------------------------------------------------------------------------------


def test_slots_are_not_born_before_they_are_read() -> None:
    optimizer = Adam()
    optimizer.build(weights([1.0, 2.0]))
    assert [v.path for v in optimizer.variables] == [
        "adam/iteration",
        "adam/learning_rate",
        "adam/model_weight0_momentum",
        "adam/model_weight0_velocity",
    ]
    assert all(v._value is None for v in optimizer.variables[2:])


def test_a_subset_of_the_variables_can_be_updated() -> None:
    first, second = weights([1.0], [1.0])
    optimizer = SGD(0.1, momentum=0.5)
    optimizer.build([first, second])
    optimizer.apply([np.ones(1, "float32")], [second])
    assert numbers(first) == [1.0]
    np.testing.assert_allclose(second.value, [0.9])
    assert numbers(optimizer.variables[2]) == [0.0]
    np.testing.assert_allclose(optimizer.variables[3].value, [-0.1])


def test_unfrozen_variables_get_slots_and_the_others_keep_theirs() -> None:
    first, second = weights([1.0], [1.0])
    optimizer = SGD(0.1, momentum=0.5)
    optimizer.apply([np.ones(1, "float32")], [second])
    held = optimizer.variables[2]
    optimizer.build([first, second])
    assert [v.name for v in optimizer.variables[2:]] == [
        "model_weight0_momentum",
        "model_weight1_momentum",
    ]
    assert optimizer.variables[3] is held
    optimizer.apply([np.ones(1, "float32")] * 2)
    np.testing.assert_allclose(second.value, [0.9 - 0.05 - 0.1], rtol=1e-6)


def test_other_variables_are_refused() -> None:
    mine, other = weights([1.0], [1.0])
    optimizer = Adam()
    optimizer.build([mine])
    with pytest.raises(ValueError, match="Unknown variable: 'model/weight1'"):
        optimizer.apply([np.ones(1)], [other])
    with pytest.raises(ValueError, match="already belongs to other variables"):
        optimizer.build([other])


@pytest.mark.parametrize(
    ("gradients", "match"),
    [
        ([None, None], "No gradients provided"),
        ([np.ones(1)], "1 gradients for 2 variables"),
        ([np.ones(3), np.ones(1)], "gradient of 'model/weight0' has shape"),
    ],
)
def test_gradients_must_fit(gradients: list[Any], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        SGD().apply(gradients, weights([1.0], [1.0]))


def test_a_missing_gradient_leaves_its_variable() -> None:
    first, second = weights([1.0], [1.0])
    with pytest.warns(UserWarning, match="no gradient for .'model/weight0'."):
        SGD(0.5).apply([None, np.ones(1, "float32")], [first, second])
    assert (numbers(first), numbers(second)) == ([1.0], [0.5])


def test_apply_needs_to_know_its_variables() -> None:
    with pytest.raises(ValueError, match="does not know its variables"):
        SGD().apply([np.ones(1)])
    with pytest.raises(ValueError, match="needs a built optimizer"):
        SGD().stateless_apply([], [], [])


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_with_their_variables_go_on_alike(copied: Any) -> None:
    held = weights([1.0, 2.0])
    optimizer = Adam(0.1)
    optimizer.apply([np.ones(2, "float32")], held)
    twin, twin_held = copied((optimizer, held))
    for each, variables in ((optimizer, held), (twin, twin_held)):
        each.apply([np.array([1.0, -3.0], "float32")], variables)
    assert numbers(held[0]) == numbers(twin_held[0])
    assert numbers(held[0]) != [1.0, 2.0]


def test_state_is_saved_and_loaded() -> None:
    held = weights([1.0, 2.0])
    optimizer = RMSprop(0.1, momentum=0.5)
    optimizer.apply([np.ones(2, "float32")], held)
    store: dict[str, Any] = {}
    optimizer.save_own_variables(store)
    assert list(store) == ["0", "1", "2", "3"]
    other = RMSprop(0.3, momentum=0.5)
    other.build(held)
    other.load_own_variables(store)
    assert [numbers(v) for v in other.variables] == [numbers(v) for v in optimizer.variables]
    with pytest.warns(UserWarning, match="not loaded"):
        RMSprop().load_own_variables(store)
    with pytest.raises(ValueError, match="Received: 1 weights"):
        other.set_weights([0])


# -- learning rate ---------------------------------------------------------------------------------


def test_the_learning_rate_can_be_assigned_and_scheduled() -> None:
    optimizer = Adam(0.1)
    optimizer.learning_rate = 0.5
    assert float(optimizer.learning_rate.value) == 0.5
    optimizer.learning_rate.assign(0.25)
    assert optimizer.get_config()["learning_rate"] == 0.25
    optimizer.learning_rate = schedules.ExponentialDecay(0.1, 1, 0.5)
    optimizer.iterations.assign(2)
    assert float(optimizer.learning_rate) == pytest.approx(0.025)
    assert [v.name for v in optimizer.variables] == ["iteration"]
    with pytest.raises(TypeError, match="given by a schedule"):
        optimizer.learning_rate = 0.5


def test_a_function_without_arguments_is_a_learning_rate() -> None:
    (weight,) = weights([1.0])
    SGD(lambda: 0.25).apply([np.ones(1, "float32")], [weight])
    assert numbers(weight) == [0.75]


# -- under compilation -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_compiled_step_equals_an_eager_one(name: str) -> None:
    held = weights([[1.0, -2.0], [0.5, 3.0], [0.1, 0.2]], [0.5])
    optimizer = getattr(optimizers, name)(
        0.1, gradient_accumulation_steps=2, clipnorm=1.0, use_ema=True
    )
    optimizer.build(held)
    step = jax.jit(optimizer.stateless_apply)
    trainable = [v.value for v in held]
    own = [v.value for v in optimizer.variables]
    for i in range(4):
        gradients = [jnp.full((3, 2), 0.5 + i), jnp.full((1,), -1.0)]
        trainable, own = step(own, gradients, trainable)
        optimizer.apply(gradients, held)
    for value, variable in zip([*trainable, *own], [*held, *optimizer.variables], strict=True):
        np.testing.assert_allclose(value, variable.value, rtol=1e-5, atol=1e-7)
    assert numbers(held[1]) != [0.5]


def test_apply_inside_a_scope_leaves_the_store() -> None:
    held = weights([1.0])
    optimizer = LossScaleOptimizer(Adam(0.1))
    optimizer.build(held)
    bound = [*held, *optimizer.variables]
    run = jax.jit(scope.pure(lambda g: optimizer.apply([g], held), bound))
    after = run([v.value for v in bound], jnp.full(1, 2.0**15))
    assert numbers(held[0]) == [1.0]
    assert float(after.values[0][0]) == pytest.approx(0.9, rel=1e-4)


# -- what stands around the rule -------------------------------------------------------------------


def test_constraints_hold_after_an_update() -> None:
    (weight,) = weights([1.0, -1.0])
    weight.constraint = lambda w: jnp.maximum(w, 0)
    SGD(0.5).apply([np.array([1.0, 1.0], "float32")], [weight])
    assert numbers(weight) == [0.5, 0.0]


def test_weight_decay_spares_the_excluded() -> None:
    with naming.name_scope("model"):
        kernel, bias = Variable(np.ones(1, "float32"), name="kernel"), Variable([1.0], name="bias")
    (listed,) = weights([1.0])
    optimizer = SGD(0.5, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_list=[listed], var_names=["bias"])
    optimizer.apply([np.zeros(1, "float32")] * 3, [kernel, bias, listed])
    assert [numbers(v) for v in (kernel, bias, listed)] == [[0.75], [1.0], [1.0]]


def test_a_variable_may_be_overwritten_by_its_gradient() -> None:
    plain, replaced = weights([1.0], [1.0])
    replaced.overwrite_with_gradient = True
    optimizer = Adam(0.1, weight_decay=0.1)
    optimizer.apply([np.array([7.0], "float32")] * 2, [plain, replaced])
    assert numbers(replaced) == [7.0]
    assert len(optimizer.variables) == 4


def test_norms_of_zero_gradients_clip_to_zero() -> None:
    for option in ("clipnorm", "global_clipnorm"):
        (weight,) = weights([1.0])
        SGD(0.5, **{option: 1.0}).apply([np.zeros(1, "float32")], [weight])
        assert numbers(weight) == [1.0]


def test_the_scaled_loss_and_its_gradients_cancel() -> None:
    (weight,) = weights([1.0])
    optimizer = SGD(0.5, loss_scale_factor=8.0)
    assert optimizer.scale_loss(2.0) == 16.0
    optimizer.apply([np.array([8.0], "float32")], [weight])
    assert numbers(weight) == [0.5]


def test_apply_gradients_counts() -> None:
    (weight,) = weights([1.0])
    optimizer = SGD(0.5)
    counter = optimizer.apply_gradients(zip([np.ones(1, "float32")], [weight], strict=True))
    assert counter is optimizer.iterations
    assert int(counter.value) == 1


# -- loss scale ------------------------------------------------------------------------------------


def test_a_step_that_is_not_finite_is_skipped() -> None:
    (weight,) = weights([1.0])
    inner = Adam(0.1)
    optimizer = LossScaleOptimizer(inner, initial_scale=8.0)
    optimizer.build([weight])
    assert float(optimizer.scale_loss(2.0)) == 16.0
    for bad in (math.inf, math.nan):
        optimizer.apply([np.array([bad], "float32")], [weight])
    assert numbers(weight) == [1.0]
    assert [numbers(v) for v in inner.variables[2:]] == [[0.0], [0.0]]
    assert int(optimizer.iterations.value) == 0
    assert float(optimizer.dynamic_scale.value) == 2.0
    optimizer.learning_rate = 0.5
    assert float(inner.learning_rate.value) == 0.5


def test_loss_scale_refuses_what_belongs_to_the_inner_optimizer() -> None:
    with pytest.raises(ValueError, match="set it on the inner optimizer"):
        LossScaleOptimizer(SGD(), clipnorm=1.0)
    with pytest.raises(TypeError, match="inner_optimizer"):
        LossScaleOptimizer("adam")  # type: ignore[arg-type]


# -- users' own optimizers -------------------------------------------------------------------------


class OnVariables(Optimizer):
    """Momentum, written on variables as Keras's guides do."""

    def __init__(self, learning_rate: float = 0.1, rate: float = 0.5, name: str = "own") -> None:
        super().__init__(learning_rate=learning_rate, name=name)
        self.rate = rate

    def build(self, variables: Any) -> None:
        super().build(variables)
        self.momenta = [self.add_variable_from_reference(v, name="momentum") for v in variables]
        self.first, self.second = self.add_optimizer_variables(variables, ["first", "second"])
        self.total = self.add_variable((), initializer="ones", name="total")

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        momentum = self.momenta[self._get_variable_index(variable)]
        self.assign(momentum, momentum.value * self.rate + gradient)
        self.assign_add(self.total, 1.0)
        self.assign_sub(variable, learning_rate * momentum.value)


class OnArrays(Optimizer):
    """The same as a pure rule."""

    def __init__(self, lr: float = 0.1, rate: float = 0.5, **kwargs: Any) -> None:
        super().__init__(learning_rate=lr, **kwargs)
        self.rate = rate

    def slots(self, variable: Any) -> dict[str, Any]:
        return {"momentum": 0.0}

    def update(self, gradient: Any, value: Any, slots: Any, learning_rate: Any, step: Any) -> Any:
        momentum = slots["momentum"] * self.rate + gradient
        return value - learning_rate * momentum, {"momentum": momentum}


def test_both_ways_of_writing_an_optimizer_agree() -> None:
    found = []
    for optimizer in (OnVariables(0.25), OnArrays(0.25)):
        held = weights([1.0, 2.0])
        optimizer.build(held)
        step = jax.jit(optimizer.stateless_apply)
        trainable, own = [held[0].value], [v.value for v in optimizer.variables]
        for _ in range(3):
            trainable, own = step(own, [jnp.array([1.0, -1.0])], trainable)
        found.append(np.asarray(trainable[0]).tolist())
        config = optimizer.get_config()
        assert type(optimizer).from_config(config).get_config() == config
    assert found[0] == found[1] == [1.0 - 0.25 * 4.25, 2.0 + 0.25 * 4.25]
    assert [v.path for v in OnVariables().variables] == ["own/iteration", "own/learning_rate"]


def test_an_optimizer_without_a_rule_says_what_to_define() -> None:
    with pytest.raises(NotImplementedError, match="must define `update"):
        Optimizer(0.1).apply([np.ones(1, "float32")], weights([1.0]))
