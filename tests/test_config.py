"""Process-wide settings."""

import json

import pytest

from cornu import config
from cornu import settings as settings_module


@pytest.mark.parametrize(
    ("getter", "setter", "value", "default"),
    [
        (config.floatx, config.set_floatx, "bfloat16", "float32"),
        (config.epsilon, config.set_epsilon, 1e-3, 1e-7),
        (config.image_data_format, config.set_image_data_format, "channels_first", "channels_last"),
        (config.dropout_bits, config.set_dropout_bits, "threefry", "hash"),
        (config.max_epochs, config.set_max_epochs, 3, None),
        (config.max_steps_per_epoch, config.set_max_steps_per_epoch, 0, None),
        (config.check_inputs, config.set_check_inputs, False, True),
    ],
)
def test_what_is_set_is_what_is_got(getter, setter, value, default) -> None:
    assert getter() == default
    setter(value)
    assert getter() == value
    setter(default)
    assert getter() == default


@pytest.mark.parametrize(
    ("getter", "on", "off", "when_on"),
    [
        (
            config.is_interactive_logging_enabled,
            config.enable_interactive_logging,
            config.disable_interactive_logging,
            True,
        ),
        (
            config.is_traceback_filtering_enabled,
            config.enable_traceback_filtering,
            config.disable_traceback_filtering,
            True,
        ),
        (
            config.is_flash_attention_enabled,
            config.enable_flash_attention,
            config.disable_flash_attention,
            None,
        ),
    ],
)
def test_switches(getter, on, off, when_on) -> None:
    assert getter() is when_on
    off()
    assert getter() is False
    on()
    assert getter() is when_on


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: config.set_floatx("int32"), ValueError, "floatx must be one of"),
        (lambda: config.set_floatx("flaot16"), ValueError, "did you mean 'float16'"),
        (lambda: config.set_epsilon("x"), TypeError, "epsilon must be a number"),
        (lambda: config.set_epsilon(-1), ValueError, "epsilon must be positive"),
        (lambda: config.set_epsilon(float("nan")), ValueError, "epsilon must be positive"),
        (
            lambda: config.set_image_data_format("channel_last"),
            ValueError,
            "did you mean 'channels_last'",
        ),
        (lambda: config.set_image_data_format(3), ValueError, "data_format must be one of"),
        (lambda: config.set_backend("torch"), ValueError, "must be 'jax'"),
        (lambda: config.set_dropout_bits("x"), ValueError, "kind must be one of"),
        (lambda: config.set_max_epochs(-1), ValueError, "max_epochs must be None or"),
        (lambda: config.set_max_epochs(1.5), ValueError, "max_epochs must be None or"),
        (lambda: config.set_max_steps_per_epoch("x"), ValueError, "max_steps_per_epoch must be"),
        (lambda: config.set_check_inputs(1), TypeError, "True or False"),
    ],
)
def test_bad_values_are_refused_and_change_nothing(call, error, message) -> None:
    before = dict(vars(settings_module.settings))
    with pytest.raises(error, match=message):
        call()
    assert vars(settings_module.settings) == before


def test_float64_tells_what_jax_makes_of_it() -> None:
    with pytest.warns(UserWarning, match="jax_enable_x64"):
        config.set_floatx("float64")
    assert config.floatx() == "float64"


def test_data_format_may_be_upper_case() -> None:
    config.set_image_data_format("CHANNELS_FIRST")
    assert config.image_data_format() == "channels_first"


def test_the_engine_is_jax() -> None:
    config.set_backend("jax")
    assert config.backend() == "jax"
    assert config.is_nnx_enabled() is False


def test_there_is_no_switch_for_unsafe_files() -> None:
    before = dict(vars(settings_module.settings))
    with pytest.warns(UserWarning, match="safe_mode=False"):
        config.enable_unsafe_deserialization()
    assert vars(settings_module.settings) == before


def test_settings_come_from_file_and_environment(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_MAX_EPOCHS", "2")
    monkeypatch.setenv("KERAS_MAX_STEPS_PER_EPOCH", "many")
    stored = {"floatx": "float16", "epsilon": "small", "image_data_format": "channels_first"}
    (tmp_path / "keras.json").write_text(json.dumps(stored))
    found = settings_module.read()
    assert (found.floatx, found.epsilon) == ("float16", 1e-7)
    assert found.image_data_format == "channels_first"
    assert (found.max_epochs, found.max_steps_per_epoch) == (2, None)


@pytest.mark.parametrize("text", ["", "[]", "{", "\x00"])
def test_a_broken_settings_file_is_ignored(text, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "keras.json").write_text(text)
    assert settings_module.read() == settings_module.Settings()
