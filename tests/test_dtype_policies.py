"""Dtype policies: what a name means, the global one, maps by layer path."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cornu import dtype_policies
from cornu.core.symbolic import KerasTensor
from cornu.core.variable import Variable
from cornu.dtype_policies import (
    AWQDTypePolicy,
    DTypePolicy,
    DTypePolicyMap,
    FloatDTypePolicy,
    GPTQDTypePolicy,
    Int4DTypePolicy,
    QuantizedDTypePolicy,
    QuantizedFloat8DTypePolicy,
    get,
    set_dtype_policy,
)
from cornu.settings import settings


@pytest.mark.parametrize(
    ("name", "compute", "variable"),
    [
        ("float32", "float32", "float32"),
        ("mixed_float16", "float16", "float32"),
        ("mixed_bfloat16", "bfloat16", "float32"),
        ("bfloat16", "bfloat16", "bfloat16"),
        ("int32", "int32", "int32"),
    ],
)
def test_plain_names(name, compute, variable) -> None:
    policy = DTypePolicy(name)
    assert (policy.name, policy.compute_dtype, policy.variable_dtype) == (name, compute, variable)
    assert policy.quantization_mode is None
    assert repr(policy) == f'<DTypePolicy "{name}">'


@pytest.mark.parametrize(
    ("name", "cls", "mode", "numbers"),
    [
        ("int8_from_mixed_bfloat16", QuantizedDTypePolicy, "int8", {}),
        ("int4_from_mixed_bfloat16", QuantizedDTypePolicy, "int4", {}),
        ("float8_from_mixed_bfloat16", QuantizedFloat8DTypePolicy, "float8", {}),
        ("int4/-1_from_mixed_bfloat16", Int4DTypePolicy, "int4", {"block_size": -1}),
        (
            "gptq/3/128_from_mixed_bfloat16",
            GPTQDTypePolicy,
            "gptq",
            {"weight_bits": 3, "group_size": 128},
        ),
        (
            "awq/4/64_from_mixed_bfloat16",
            AWQDTypePolicy,
            "awq",
            {"weight_bits": 4, "group_size": 64},
        ),
    ],
)
def test_quantized_names(name, cls, mode, numbers) -> None:
    policy = get(name)
    assert type(policy) is cls
    assert (policy.name, policy.quantization_mode) == (name, mode)
    assert (policy.compute_dtype, policy.variable_dtype) == ("bfloat16", "float32")
    assert {key: getattr(policy, key) for key in numbers} == numbers
    assert get(dtype_policies.serialize(policy)) == policy


@pytest.mark.parametrize(
    "identifier",
    ["float16", np.float16, np.dtype("float16"), jnp.float16, DTypePolicy("float16"),
     {"class_name": "DTypePolicy", "config": {"name": "float16"}}],
)  # fmt: skip
def test_get(identifier) -> None:
    assert get(identifier) == DTypePolicy("float16")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mixed_float", "did you mean 'mixed_float16'"),
        ("flaot32", "did you mean 'float32'"),
        ("", "unknown dtype policy ''"),
        ("int8", "write 'int8_from_float32'"),
        ("int8_from_", "unknown dtype policy ''"),
        ("int8_from_mixed_float16", "does not work with compute dtype 'float16'"),
        ("int4/0_from_float32", "block_size must be a positive integer"),
        ("int4/x_from_float32", "<block_size> in 'int4/<block_size>' must be an integer"),
        ("gptq_from_float32", "must have the form 'gptq/<weight_bits>/<group_size>'"),
        ("gptq/5/128_from_float32", "weight_bits must be one of"),
        ("awq/8/128_from_float32", "weight_bits must be one of"),
    ],
)
def test_bad_names_are_clear(name, message) -> None:
    with pytest.raises(ValueError, match=message):
        get(name)


def test_bad_kinds_are_clear() -> None:
    with pytest.raises(TypeError, match="must be a string"):
        DTypePolicy(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="dtype must be a name"):
        get(object())
    with pytest.raises(ValueError, match="policy must be"):
        set_dtype_policy(None)
    with pytest.raises(ValueError, match="mode must be one of"):
        QuantizedDTypePolicy("int9")
    with pytest.raises(TypeError, match="amax_history_length"):
        QuantizedFloat8DTypePolicy("float8", "float32", "x")  # type: ignore[arg-type]


def test_global_policy_is_floatx_until_set() -> None:
    settings.floatx = "float16"
    assert get(None).name == "float16"
    set_dtype_policy("mixed_bfloat16")
    assert get(None) == DTypePolicy() == DTypePolicy("mixed_bfloat16")
    assert QuantizedDTypePolicy("int8").name == "int8_from_mixed_bfloat16"


def test_equality_hash_and_pickle_follow_the_name() -> None:
    policies = {DTypePolicy("float32"), FloatDTypePolicy("float32"), DTypePolicy("float16")}
    assert len(policies) == 2
    assert DTypePolicy("float32") != "float32"
    assert get("int4/2_from_float32") != get("int4/4_from_float32")


@pytest.mark.parametrize(
    ("x", "autocast", "dtype"),
    [
        (np.ones(2, "float32"), True, "float16"),
        (np.ones(2, "float32"), False, "float32"),
        (np.ones(2, "int32"), True, "int32"),
        (jnp.ones(2, "bfloat16"), True, "float16"),
        ([1.0, 2.0], True, "float16"),
        (Variable(np.ones(2, "float32")), True, "float16"),
    ],
)
def test_convert_input_casts_floats_only(x, autocast, dtype) -> None:
    found = DTypePolicy("mixed_float16").convert_input(x, autocast, "float16")
    assert isinstance(found, jax.Array)
    assert found.dtype == dtype


def test_convert_input_leaves_strings_alone() -> None:
    assert DTypePolicy("mixed_float16").convert_input("a", True, "float16") == "a"
    symbolic = KerasTensor((2,), "int32")
    assert DTypePolicy("mixed_float16").convert_input(symbolic, True, "float16") is symbolic


# -- maps ------------------------------------------------------------------------------------------


def a_map() -> DTypePolicyMap:
    return DTypePolicyMap(
        "float32", {"encoder/first": "bfloat16", "encoder/.*/dense": "mixed_float16"}
    )


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("encoder/first", "bfloat16"),
        ("encoder/second/dense", "mixed_float16"),
        ("encoder/first/inner", "float32"),
        ("my/encoder/second/dense", "float32"),
    ],
)
def test_a_map_finds_paths_and_patterns(path, name) -> None:
    assert a_map()[path].name == name
    assert a_map().get(path).name == name


def test_a_map_is_a_mapping_with_the_default_as_its_face() -> None:
    policies = a_map()
    assert len(policies) == 2
    assert list(policies) == ["encoder/first", "encoder/.*/dense"]
    assert "encoder/first" in policies
    assert "encoder/second/dense" not in policies
    assert (policies.name, policies.compute_dtype) == ("map_float32", "float32")
    assert policies.variable_dtype == "float32"
    assert policies.quantization_mode is None
    del policies["encoder/first"]
    assert policies["encoder/first"].name == "float32"


def test_a_map_without_a_default_follows_the_global_policy() -> None:
    policies = DTypePolicyMap()
    assert policies["a"].name == "float32"
    set_dtype_policy("mixed_bfloat16")
    assert policies["a"].name == "mixed_bfloat16"
    assert policies.compute_dtype == "bfloat16"


def test_a_map_refuses_what_is_unclear() -> None:
    policies = a_map()
    with pytest.raises(ValueError, match="already in the DTypePolicyMap"):
        policies["encoder/first"] = "float32"
    policies["encoder/s.*"] = "bfloat16"
    with pytest.raises(ValueError, match="matches several keys"):
        policies["encoder/second/dense"]
    with pytest.raises(TypeError, match="policy_map must be a dict"):
        DTypePolicyMap(policy_map=3)  # type: ignore[arg-type]


@pytest.mark.parametrize("policies", [a_map(), DTypePolicyMap(policy_map={"a": "mixed_float16"})])
def test_a_map_survives_its_config(policies) -> None:
    again = get(dtype_policies.serialize(policies))
    assert again == policies
    assert {k: v.name for k, v in again.items()} == {k: v.name for k, v in policies.items()}


def test_a_map_written_by_keras_without_names_loads() -> None:
    nameless = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": None}}
    again = DTypePolicyMap.from_config({"default_policy": None, "policy_map": {"a": nameless}})
    assert again["a"].name == "float32"
