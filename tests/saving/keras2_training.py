"""Optimizers, losses and metrics of Keras 2 for `keras2_files.py`: how small models are compiled.

Tables of names and arguments; a row that a library lacks is left out. Runs on Python 3.7.
"""

from __future__ import annotations

# -- optimizers: (class, arguments), of `optimizers` and `optimizers.legacy` -----------------------

OPTIMIZERS = {
    "sgd": ("SGD", {}),
    "sgd_momentum": ("SGD", {"momentum": 0.9}),
    "sgd_nesterov": ("SGD", {"momentum": 0.8, "nesterov": True}),
    "sgd_clipnorm": ("SGD", {"momentum": 0.5, "clipnorm": 0.1}),
    "sgd_clipvalue": ("SGD", {"momentum": 0.5, "clipvalue": 0.02}),
    "sgd_global_clipnorm": ("SGD", {"momentum": 0.5, "global_clipnorm": 0.1}),
    "sgd_decay": ("SGD", {"momentum": 0.5, "decay": 0.3}),
    "rmsprop": ("RMSprop", {}),
    "rmsprop_centered": ("RMSprop", {"centered": True, "momentum": 0.7, "rho": 0.8}),
    "rmsprop_decay": ("RMSprop", {"decay": 0.3}),
    "adam": ("Adam", {}),
    "adam_decay": ("Adam", {"decay": 0.3}),
    "adam_amsgrad": ("Adam", {"amsgrad": True, "beta_1": 0.8, "beta_2": 0.99}),
    "adam_weight_decay": ("Adam", {"weight_decay": 0.1}),
    "adam_average": ("Adam", {"use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 3}),
    "adamw": ("AdamW", {"weight_decay": 0.1}),
    "adamax": ("Adamax", {}),
    "nadam": ("Nadam", {}),
    "adagrad": ("Adagrad", {}),
    "adadelta": ("Adadelta", {}),
    "adadelta_decay": ("Adadelta", {"decay": 0.2}),
    "adafactor": ("Adafactor", {}),
    "ftrl": ("Ftrl", {"l1_regularization_strength": 0.01, "l2_regularization_strength": 0.02}),
    "lion": ("Lion", {}),
}
SCHEDULES = {
    "exponential": ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 2,
                                         "decay_rate": 0.5}),
    "steps": ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 2,
                                   "decay_rate": 0.5, "staircase": True}),
    "pieces": ("PiecewiseConstantDecay", {"boundaries": [1, 2], "values": [0.1, 0.05, 0.02]}),
    "polynomial": ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 5}),
    "inverse": ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 2,
                                     "decay_rate": 0.5}),
    "cosine": ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 6, "alpha": 0.1}),
    "restarts": ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 2}),
}  # fmt: skip


def optimizers(k):
    """(name, optimizer) of every row that the library can make."""
    places = {"": k.optimizers}
    if hasattr(k.optimizers, "legacy"):
        places["legacy_"] = k.optimizers.legacy
    rate = "learning_rate" if hasattr(k.optimizers, "schedules") else "lr"
    for start, place in places.items():
        for name, (cls, arguments) in OPTIMIZERS.items():
            made = _made(place, cls, {rate: 0.05, **arguments})
            if made is not None:
                yield start + name, made
    for name, (cls, arguments) in SCHEDULES.items():
        schedules = getattr(k.optimizers, "schedules", None)
        made = _made(schedules, cls, arguments) if schedules is not None else None
        if made is not None:
            yield "schedule_" + name, k.optimizers.SGD(learning_rate=made, momentum=0.5)


def _made(place, cls, arguments):
    if not hasattr(place, cls):
        return None
    try:
        return getattr(place, cls)(**arguments)
    except (TypeError, ValueError):  # an argument that this library lacks, or refuses by now
        return None


# -- losses and metrics: kind of output -> names, and (class, arguments) --------------------------

LOSSES = {
    "numbers": (
        ["mse", "mean_absolute_error", "mape", "msle", "huber", "logcosh", "log_cosh", "poisson",
         "cosine_similarity", "mean_squared_error"],
        [("MeanSquaredError", {}), ("MeanAbsoluteError", {"reduction": "sum"}),
         ("MeanAbsolutePercentageError", {}), ("MeanSquaredLogarithmicError", {}),
         ("Huber", {"delta": 0.3}), ("LogCosh", {}), ("Poisson", {}),
         ("CosineSimilarity", {"axis": -1})],
    ),
    "chances": (
        ["binary_crossentropy", "kullback_leibler_divergence"],
        [("BinaryCrossentropy", {"label_smoothing": 0.1}),
         ("BinaryFocalCrossentropy", {"gamma": 1.5, "apply_class_balancing": True}),
         ("KLDivergence", {})],
    ),
    "signs": (["hinge", "squared_hinge"], [("Hinge", {}), ("SquaredHinge", {})]),
    "classes": (
        ["categorical_crossentropy", "categorical_hinge"],
        [("CategoricalCrossentropy", {"label_smoothing": 0.1}), ("CategoricalHinge", {}),
         ("CategoricalFocalCrossentropy", {})],
    ),
    "labels": (
        ["sparse_categorical_crossentropy"],
        [("SparseCategoricalCrossentropy", {})],
    ),
    "logits": ([], [("CategoricalCrossentropy", {"from_logits": True})]),
    "binary_logits": ([], [("BinaryCrossentropy", {"from_logits": True})]),
}  # fmt: skip
METRICS = {
    "numbers": (
        ["mse", "mae", "mape", "msle", "mean_squared_error", "cosine_similarity"],
        [("MeanSquaredError", {}), ("RootMeanSquaredError", {"name": "root"}),
         ("MeanAbsoluteError", {}), ("MeanAbsolutePercentageError", {}), ("LogCoshError", {}),
         ("MeanSquaredLogarithmicError", {}), ("Poisson", {}), ("CosineSimilarity", {"axis": -1})],
    ),
    "chances": (
        ["accuracy", "acc", "binary_accuracy", "binary_crossentropy"],
        [("BinaryAccuracy", {"threshold": 0.4}), ("AUC", {"num_thresholds": 50, "curve": "PR"}),
         ("AUC", {}), ("Precision", {"thresholds": 0.3}), ("Recall", {}), ("TruePositives", {}),
         ("FalseNegatives", {}), ("BinaryCrossentropy", {}), ("Hinge", {}), ("KLDivergence", {}),
         ("SensitivityAtSpecificity", {"specificity": 0.5}), ("PrecisionAtRecall", {"recall": .5}),
         ("BinaryIoU", {"target_class_ids": [0, 1], "threshold": 0.5})],
    ),
    "classes": (
        ["accuracy", "categorical_accuracy", "top_k_categorical_accuracy"],
        [("CategoricalAccuracy", {}), ("TopKCategoricalAccuracy", {"k": 2}),
         ("CategoricalCrossentropy", {"label_smoothing": 0.1}), ("CategoricalHinge", {})],
    ),
    "labels": (
        ["accuracy", "sparse_categorical_accuracy", "sparse_categorical_crossentropy"],
        [("SparseCategoricalAccuracy", {}), ("SparseTopKCategoricalAccuracy", {"k": 2}),
         ("SparseCategoricalCrossentropy", {})],
    ),
}  # fmt: skip
ACTIVATIONS = {"signs": "tanh", "numbers": "softplus", "chances": "sigmoid", "classes": "softmax",
               "labels": "softmax", "logits": "linear", "binary_logits": "linear"}  # fmt: skip
LOSS = {"numbers": "mse", "chances": "binary_crossentropy", "classes": "categorical_crossentropy",
        "labels": "sparse_categorical_crossentropy"}  # fmt: skip


def known(place, rows):
    """Names that `place` has, and objects of the classes that it has."""
    found = []
    for row in rows:
        if isinstance(row, str):
            if _resolves(place, row):
                found.append((row, row))
            continue
        made = _made(place, *row)
        if made is not None:
            found.append((row[0].lower(), made))
    return found


def _resolves(place, name):
    try:
        return name in ("accuracy", "acc") or place.get(name) is not None
    except (ValueError, TypeError):
        return False


def several_losses(k, by_object):
    """A model with one output for each loss, its losses, and the kind of targets of each."""
    rows = [
        (kind, name, loss)
        for kind, table in LOSSES.items()
        for name, loss in known(k.losses, table[by_object])
    ]
    x = k.layers.Input((3,), name="x")
    deep = k.layers.Dense(4, activation="tanh", name="deep")(x)
    outputs = [
        k.layers.Dense(3, activation=ACTIVATIONS[kind], name=f"{name}_{number}")(deep)
        for number, (kind, name, _) in enumerate(rows)
    ]
    model = k.models.Model(x, outputs)
    return model, [loss for _, _, loss in rows], [kind for kind, _, _ in rows]


def measured(k, kind, by_object):
    """A model with one output, and the metrics that it is compiled with."""
    model = k.models.Sequential(
        [k.layers.Dense(3, activation=ACTIVATIONS[kind], input_shape=(3,), name="scores")]
    )
    return model, [metric for _, metric in known(k.metrics, METRICS[kind][by_object])]


def targets(kind, shape, rng):
    """Targets as losses of a kind want them."""
    if kind == "numbers":
        return rng.uniform(0.1, 1, shape).astype("float32")
    if kind in ("chances", "binary_logits"):
        return rng.randint(0, 2, shape).astype("float32")
    if kind == "signs":
        return rng.choice([-1.0, 1.0], shape).astype("float32")
    labels = rng.randint(0, shape[-1], shape[:-1])
    if kind == "labels":
        return labels.astype("float32")
    return (labels[..., None] == range(shape[-1])).astype("float32")
