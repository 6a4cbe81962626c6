"""Process-wide settings: what `keras.config` offers, and Cornu's own few."""

from __future__ import annotations

from typing import Any, Literal

from cornu.core import compiled, dtypes
from cornu.dtype_policies import dtype_policy as dtype_policy
from cornu.dtype_policies import set_dtype_policy as set_dtype_policy
from cornu.errors import did_you_mean, short, warn
from cornu.settings import settings

# -- numbers ---------------------------------------------------------------------------------------

_FLOATX = ("bfloat16", "float16", "float32", "float64")
_DATA_FORMATS = ("channels_last", "channels_first")
_DROPOUT_BITS = ("hash", "threefry")


def floatx() -> str:
    """The dtype of weights and of Python floats where nothing else is said: "float32" at first."""
    return settings.floatx


def set_floatx(value: str) -> None:
    """Set the default float dtype. For faster training see `set_dtype_policy` instead.

    Args:
        value: "bfloat16", "float16", "float32" or "float64" (which JAX holds as float32, unless it
            runs with `jax_enable_x64`).

    Raises:
        ValueError: for anything else.
    """
    settings.floatx = _one_of("floatx", value, _FLOATX)
    if dtypes.held(value).name != value:
        warn(
            "floatx is now 'float64', but JAX computes in float32 until "
            "`jax.config.update('jax_enable_x64', True)` is called."
        )


def epsilon() -> float:
    """The small number that keeps divisions and logarithms finite: 1e-7 at first."""
    return settings.epsilon


def set_epsilon(value: float) -> None:
    """Set the small number.

    Args:
        value: a positive number.

    Raises:
        ValueError: if it is not positive.
        TypeError: if it is no number.
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"epsilon must be a number. Received: value={short(value)}") from None
    if not number > 0:
        raise ValueError(f"epsilon must be positive. Received: value={number}")
    settings.epsilon = value if isinstance(value, int) else number


def image_data_format() -> str:
    """Where images have their channels: "channels_last" (at first) or "channels_first"."""
    return settings.image_data_format


def set_image_data_format(data_format: str) -> None:
    """Set where images have their channels, for layers that are not told.

    Args:
        data_format: "channels_last" or "channels_first".

    Raises:
        ValueError: for anything else.
    """
    folded = data_format.lower() if isinstance(data_format, str) else data_format
    settings.image_data_format = _one_of("data_format", folded, _DATA_FORMATS)


def _one_of(name: str, value: Any, allowed: tuple[str, ...]) -> Any:
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(
            f"{name} must be one of {allowed}. Received: {short(value)}"
            f"{did_you_mean(str(value), allowed)}"
        )
    return value


# -- engine ----------------------------------------------------------------------------------------


def backend() -> str:
    """The engine: always "jax"."""
    return "jax"


def set_backend(backend: str) -> None:
    """Accepted for "jax", the only engine.

    Raises:
        ValueError: for any other.
    """
    if backend != "jax":
        raise ValueError(
            f"Cornu computes with JAX only; backend must be 'jax'. Received: {short(backend)}"
        )


def is_nnx_enabled() -> bool:
    """Whether Flax NNX holds the variables: never."""
    return False


def is_flash_attention_enabled() -> bool | None:
    """Whether attention uses fused kernels: None leaves the choice to the layer."""
    return settings.flash_attention


def enable_flash_attention() -> None:
    """Let attention use fused kernels where the device has them."""
    settings.flash_attention = None


def disable_flash_attention() -> None:
    """Keep attention from using fused kernels."""
    settings.flash_attention = False


def dropout_bits() -> str:
    """The random bits behind dropout: "hash" (at first) or "threefry"."""
    return settings.dropout_bits


def set_dropout_bits(kind: Literal["hash", "threefry"]) -> None:
    """Choose the random bits behind dropout.

    Args:
        kind: "hash", a fast counter hash, or "threefry", the bits that Keras draws on JAX.

    Raises:
        ValueError: for anything else.
    """
    settings.dropout_bits = _one_of("kind", kind, _DROPOUT_BITS)


def compile_cache() -> str | None:
    """The folder where compiled programs are kept from one process to the next; None: none is.

    "default" stands for a private folder of the user, under the system's folder for caches.
    """
    return settings.compile_cache


def set_compile_cache(directory: str | None = "default", max_bytes: int = 2 << 30) -> None:
    """Choose where compiled programs are kept, so that a second run starts sooner.

    The folder must belong to the user and is made private: programs in it are run. JAX has one such
    folder for a process, so programs that you compile with `jax.jit` go there as well. A folder
    that JAX was given directly (`jax_compilation_cache_dir`) is left as it is.

    Args:
        directory: a path; "default" for a private folder of the user; None to keep nothing.
        max_bytes: the most that the files may take; those not used for longest are deleted.

    Raises:
        ValueError: if `max_bytes` is not positive.
    """
    if max_bytes <= 0:
        raise ValueError(f"max_bytes must be positive. Received: max_bytes={max_bytes}")
    compiled.stop_cache()
    settings.compile_cache = directory if directory is None else str(directory)
    settings.compile_cache_bytes = max_bytes


# -- training --------------------------------------------------------------------------------------


def max_epochs() -> int | None:
    """The most epochs that any `fit` runs; None: as many as it is asked for."""
    return settings.max_epochs


def set_max_epochs(max_epochs: int | None) -> None:
    """Cap the epochs of every `fit`, to try a script quickly. `KERAS_MAX_EPOCHS` does the same.

    Args:
        max_epochs: the cap; None takes it away.

    Raises:
        ValueError: if it is negative or no integer.
    """
    settings.max_epochs = _cap("max_epochs", max_epochs)


def max_steps_per_epoch() -> int | None:
    """The most steps of any epoch, also of `evaluate` and `predict`; None: no cap."""
    return settings.max_steps_per_epoch


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Cap the steps of every epoch. `KERAS_MAX_STEPS_PER_EPOCH` does the same.

    Args:
        max_steps_per_epoch: the cap; None takes it away.

    Raises:
        ValueError: if it is negative or no integer.
    """
    settings.max_steps_per_epoch = _cap("max_steps_per_epoch", max_steps_per_epoch)


def _cap(name: str, value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{name} must be None or a non-negative integer. Received: {short(value)}")
    return value


def check_inputs() -> bool:
    """Whether `fit`, `evaluate` and `predict` look through their data first (NaN, bad labels)."""
    return settings.check_inputs


def set_check_inputs(enabled: bool) -> None:
    """Turn the checks of data on or off.

    Args:
        enabled: whether to check; they cost milliseconds per 100 MB.

    Raises:
        TypeError: if it is no bool.
    """
    if not isinstance(enabled, bool):
        raise TypeError(f"enabled must be True or False. Received: {short(enabled)}")
    settings.check_inputs = enabled


# -- messages and files ----------------------------------------------------------------------------


def is_interactive_logging_enabled() -> bool:
    """Whether progress goes to the terminal as a bar; otherwise as plain lines."""
    return settings.interactive_logging


def enable_interactive_logging() -> None:
    """Show progress as a bar on the terminal."""
    settings.interactive_logging = True


def disable_interactive_logging() -> None:
    """Write progress as plain log lines."""
    settings.interactive_logging = False


def is_traceback_filtering_enabled() -> bool:
    """Whether tracebacks leave out frames of the library."""
    return settings.traceback_filtering


def enable_traceback_filtering() -> None:
    """Leave frames of the library out of tracebacks."""
    settings.traceback_filtering = True


def disable_traceback_filtering() -> None:
    """Show tracebacks whole."""
    settings.traceback_filtering = False


def enable_unsafe_deserialization() -> None:
    """Changes nothing: files may run code only in a call that says `safe_mode=False` itself."""
    warn(
        "enable_unsafe_deserialization() has no effect in Cornu. Where you trust a file, pass "
        "`safe_mode=False` to that very call of `load_model`."
    )
