"""Data: the module paths of Keras 1 and 2, and where their names live today."""

from __future__ import annotations

# Path below `keras.` -> the modules of Cornu whose names it shows, first match wins. A path that is
# also a package of Cornu's own shows that package last, so that both meanings work.
PATHS: dict[str, tuple[str, ...]] = {
    "backend.common": ("backend",),
    "backend.load_backend": ("backend",),
    "backend.tensorflow_backend": ("backend",),
    "datasets.data_utils": ("utils",),
    "engine": ("layers", "models"),
    "engine.base_layer": ("layers",),
    "engine.input_layer": ("layers",),
    "engine.network": ("models",),
    "engine.saving": ("models",),
    "engine.sequential": ("models",),
    "engine.topology": ("layers", "models"),
    "engine.training": ("models",),
    "engine.training_utils": ("utils",),
    "layers.activation": ("layers", "layers.activation"),
    "layers.advanced_activations": ("layers",),
    "layers.attention": ("layers", "layers.attention"),
    "layers.convolutional": ("layers",),
    "layers.convolutional_recurrent": ("layers",),
    "layers.core": ("layers", "layers.core"),
    "layers.cudnn_recurrent": ("layers",),
    "layers.embeddings": ("layers",),
    "layers.local": ("layers",),
    "layers.merge": ("layers",),
    "layers.merging": ("layers", "layers.merging"),
    "layers.noise": ("layers",),
    "layers.normalization": ("layers", "layers.normalization"),
    "layers.pooling": ("layers", "layers.pooling"),
    "layers.recurrent": ("layers", "layers.recurrent"),
    "layers.reshaping": ("layers", "layers.reshaping"),
    "layers.wrappers": ("layers",),
    "objectives": ("losses",),
    "optimizer_v2": ("optimizers",),
    "utils.conv_utils": ("utils",),
    "utils.data_utils": ("utils",),
    "utils.generic_utils": ("utils",),
    "utils.io_utils": ("utils",),
    "utils.layer_utils": ("utils",),
    "utils.np_utils": ("utils",),
    "utils.training_utils": ("utils",),
    "utils.vis_utils": ("utils",),
    "utils.visualize_util": ("utils",),
}

# Packages whose legacy submodules are also attributes after a bare `import keras`, as they were
# when importing Keras imported all of it.
ATTRIBUTES_OF = ("", "backend", "engine", "layers", "utils")

# Module of Cornu -> name that Keras 1 or 2 had there -> name of the same thing today.
NAMES: dict[str, dict[str, str]] = {
    "": {"Container": "Model"},
    "initializers": {
        "normal": "RandomNormal",
        "one": "Ones",
        "uniform": "RandomUniform",
        "zero": "Zeros",
    },
    "layers": {
        "Convolution1D": "Conv1D",
        "Convolution2D": "Conv2D",
        "Convolution3D": "Conv3D",
        "AtrousConvolution1D": "Conv1D",
        "AtrousConvolution2D": "Conv2D",
        "Deconvolution2D": "Conv2DTranspose",
        "Deconvolution3D": "Conv3DTranspose",
        "CuDNNGRU": "GRU",
        "CuDNNLSTM": "LSTM",
    },
    "losses": {
        "MAE": "mean_absolute_error",
        "MAPE": "mean_absolute_percentage_error",
        "MSE": "mean_squared_error",
        "MSLE": "mean_squared_logarithmic_error",
        "cosine": "cosine_similarity",
        "cosine_proximity": "cosine_similarity",
        "kld": "kl_divergence",
        "kullback_leibler_divergence": "kl_divergence",
        "logcosh": "log_cosh",
        "mae": "mean_absolute_error",
        "mape": "mean_absolute_percentage_error",
        "mse": "mean_squared_error",
        "msle": "mean_squared_logarithmic_error",
    },
    "metrics": {
        "kld": "kl_divergence",
        "mae": "mean_absolute_error",
        "mape": "mean_absolute_percentage_error",
        "mse": "mean_squared_error",
        "msle": "mean_squared_logarithmic_error",
    },
    "models": {"Container": "Model", "Network": "Model"},
    "regularizers": {"activity_l1": "l1", "activity_l2": "l2"},
}
