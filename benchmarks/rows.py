"""The rows of the table: what is run, what is read from it, and what Cornu aims at."""

from __future__ import annotations

import dataclasses

KERAS = ("keras-jax", "keras-torch", "keras-tensorflow")
TRAINED = ("cornu", *KERAS)
WITH_TORCH = (*TRAINED, "torch")


@dataclasses.dataclass(frozen=True)
class Run:
    """A command that prints figures.

    Attributes:
        script: file under `benchmarks/` and its arguments.
        libraries: who runs it.
        quick: more arguments for a quick look.
        again: whether it runs a second time with the home that the first run left.
        once: whether the first round is enough, for what noise does not touch and takes minutes.
    """

    script: tuple[str, ...]
    libraries: tuple[str, ...] = TRAINED
    quick: tuple[str, ...] = ()
    again: bool = False
    once: bool = False


RUNS = {
    "mlp": Run(("mlp.py",), WITH_TORCH, ("--epochs", "20"), again=True),
    "vgg": Run(("vgg.py",), WITH_TORCH, ("--epochs", "1")),
    "lstm": Run(("lstm.py",), TRAINED, ("--epochs", "1")),
    "transformer": Run(("transformer.py",), TRAINED, ("--epochs", "1")),
    "inference": Run(("inference.py",)),
    "files": Run(("files.py",), ("cornu", "keras-jax"), ("--width", "500"), once=True),
    "growth": Run(("memory.py", "--what", "growth"), ("cornu",), once=True),
    "peak": Run(("memory.py", "--what", "peak"), ("cornu", "keras-jax")),
    "import": Run(("imports.py",), ("cornu", "keras-jax")),
}


@dataclasses.dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        title: what is measured.
        run: key of `RUNS`; with " again", its second run.
        figure: name of the figure that the run prints.
        must: what Cornu must reach, as text.
        unit: "s", "MB", "x" (a share) or "n" (a number).
        against: the libraries that are compared; the fastest of them counts.
    """

    title: str
    run: str
    figure: str
    must: str = ""
    unit: str = "s"
    against: tuple[str, ...] = KERAS


ROWS = (
    Row("`import cornu`, in times of `import jax`", "import", "import_share", "1.3", "x", ()),
    Row("the same with all that a script uses", "import", "ready_share", "", "x", ()),
    Row("MLP, process to the end of the first epoch", "mlp", "first_epoch_s", "0.55 of the time"),
    Row("the same, second run", "mlp again", "first_epoch_s", "0.40 of the time"),
    Row("MLP, a step", "mlp", "step_s", "5 x"),
    Row("MLP, a step, against plain PyTorch", "mlp", "step_s", "7 x", "s", ("torch",)),
    Row("VGG, a step, against Keras on JAX", "vgg", "step_s", "4 x", "s", ("keras-jax",)),
    Row("VGG, a step, on PyTorch", "vgg", "step_s", "1.2 x", "s", ("keras-torch",)),
    Row("VGG, a step, on TensorFlow", "vgg", "step_s", "0.8 x", "s", ("keras-tensorflow",)),
    Row("VGG, a step, plain PyTorch channels_last", "vgg", "step_s", "", "s", ("torch",)),
    Row("VGG, process to the end of the first epoch", "vgg", "first_epoch_s"),
    Row("LSTM, a step", "lstm", "step_s", "1.2 x"),
    Row("transformer, a step", "transformer", "step_s", "1 x"),
    Row("`predict` of one row", "inference", "predict_row_s", "3 x"),
    Row("`predict` of 60 sizes, again", "inference", "predict_sizes_s", "3 x"),
    Row("`predict` of 60 sizes, first time", "inference", "predict_sizes_first_s"),
    Row("programs compiled for them", "inference", "predict_sizes_compiles", "8", "n", ()),
    Row("MLP, `predict` of 10,000 rows", "inference", "predict_rows_s", "1 x"),
    Row("MLP, `evaluate` of 10,000 rows", "inference", "evaluate_rows_s", "1 x"),
    Row("VGG, `predict` of 100 images", "inference", "predict_images_s", "1 x"),
    Row("`save`, 400 MB of weights", "files", "save_model_s", "", "s", ("keras-jax",)),
    Row("`load_model` of it", "files", "load_model_s", "1 x", "s", ("keras-jax",)),
    Row("`save_weights`, 400 MB", "files", "save_weights_s", "", "s", ("keras-jax",)),
    Row("`load_weights` of it", "files", "load_weights_s", "", "s", ("keras-jax",)),
    Row("growth over 10,000 `predict`", "growth", "growth_predict_bytes", "1 MB", "MB", ()),
    Row("growth over 10,000 `model(x)`", "growth", "growth_call_bytes", "1 MB", "MB", ()),
    Row("growth over 100 models", "growth", "growth_models_bytes", "5 MB", "MB", ()),
    Row("peak of `fit` on 1 GB, by data", "peak", "peak_share", "1 x", "x", ("keras-jax",)),
)
