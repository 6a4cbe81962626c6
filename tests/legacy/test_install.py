"""`keras` and the module paths of all its versions mean Cornu, in one shared set of modules."""

from __future__ import annotations

import importlib
import subprocess
import sys
import types

import pytest

import cornu
from cornu.legacy import install
from cornu.legacy.modules import ATTRIBUTES_OF, NAMES, PATHS

# What scripts for Keras 1, 2 and 3 begin with; each line ends in names that must be Cornu's own.
IMPORTS = """
from keras.models import Sequential, Model
from keras.layers import Dense, Dropout, Activation, Flatten, Input
from keras.layers import Conv2D, MaxPooling2D, Conv1D, MaxPooling1D, AveragePooling2D
from keras.layers import Convolution2D, Convolution1D
from keras.layers import LSTM, SimpleRNN, Embedding, BatchNormalization, Lambda, Reshape
from keras.layers import CuDNNLSTM
from keras.layers import Add, Concatenate, add, concatenate
from keras.layers.core import Dense, Dropout, Activation, Flatten, Lambda, Reshape
from keras.layers.convolutional import Conv2D, MaxPooling2D, Convolution2D
from keras.layers.normalization import BatchNormalization
from keras.layers.recurrent import LSTM, SimpleRNN
from keras.layers.embeddings import Embedding
from keras.layers.merge import Add, Concatenate, add, concatenate
from keras.layers.pooling import MaxPooling2D, GlobalAveragePooling2D
from keras.layers import core, convolutional, normalization, recurrent, embeddings, pooling
from keras.engine.topology import Layer, Input, InputSpec
from keras.engine.training import Model
from keras.engine import Layer, Model
from keras import engine
from keras.legacy import install
from keras.optimizers import SGD, RMSprop, Adagrad, Adam
from keras.regularizers import l1, l2, l1_l2
from keras.constraints import max_norm, MaxNorm
from keras.initializers import glorot_uniform, RandomNormal, normal, zero
from keras.callbacks import Callback, EarlyStopping, History
from keras.utils import to_categorical, np_utils, set_random_seed
from keras.utils.np_utils import to_categorical
from keras.utils.generic_utils import CustomObjectScope
from keras.utils.data_utils import Sequence
from keras.objectives import mean_squared_error, mse
from keras.losses import binary_crossentropy, kullback_leibler_divergence
from keras.metrics import categorical_accuracy, MeanSquaredError
from keras.models import load_model, save_model, model_from_json
from keras.saving import load_model, load_weights, register_keras_serializable, KerasFileEditor
from keras.saving.object_registration import custom_object_scope
from keras.saving.legacy.serialization import deserialize_keras_object
from keras.engine.saving import load_model, save_weights
from keras.utils.legacy import serialize_keras_object
from keras.legacy.saving import serialize_keras_object
from tensorflow.keras.saving import load_model
from keras.backend import mean, square
from keras.backend.tensorflow_backend import clip
from keras.backend.common import epsilon
from keras import backend, layers, models, optimizers, losses, metrics, callbacks, utils, ops
from keras import initializers, regularizers, constraints, activations, random, config
from tensorflow import keras
from tensorflow.keras import layers, models
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import Dense
from tensorflow.keras.utils import to_categorical
""".strip().splitlines()

PROBE = """
import sys
import cornu
failed = []
for line in sys.stdin.read().splitlines():
    names = {}
    try:
        exec(line, names)
    except Exception as error:
        failed.append(f"{line}: {error!r}")
        continue
    for name in line.partition(" import ")[2].split(", "):
        found = names[name]
        home = getattr(found, "__module__", None) or found.__name__
        if not home.startswith(("cornu", "keras")):
            failed.append(f"{line}: {name} comes from {home}")
twice = [name for name, module in sys.modules.items() if name.startswith("keras.")
         and getattr(module, "__file__", None) and not module.__spec__.name.startswith("cornu")]
print("\\n".join([*failed, *twice]))
"""


def run(code: str, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cornu", "run", "-c", code]
    return subprocess.run(command, input=given, capture_output=True, text=True)


def test_imports_of_all_versions() -> None:
    done = run(PROBE, "\n".join(IMPORTS))
    assert (done.stdout.strip(), done.stderr) == ("", "")


def test_names_after_a_bare_import() -> None:
    done = run(
        "import keras\n"
        "assert keras.utils.np_utils.to_categorical is keras.utils.to_categorical\n"
        "assert keras.layers.core.Dense is keras.layers.convolutional.Dense is keras.layers.Dense\n"
        "assert keras.engine.topology.Layer is keras.layers.Layer\n"
        "assert keras.layers.CuDNNLSTM is keras.layers.LSTM\n"
    )
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (
            "from keras.layers import MaxPooling",
            "ImportError: cannot import name 'MaxPooling' from 'keras.layers'; did you mean "
            "'MaxPooling1D', 'MaxPooling2D' or 'MaxPooling3D'?",
        ),
        (
            "from keras.layers.core import Densee",
            "ImportError: cannot import name 'Densee' from 'keras.layers.core'; "
            "did you mean 'Dense'?",
        ),
        (
            "import keras.layer",
            "ModuleNotFoundError: No module named 'keras.layer'; did you mean 'keras.layers'?",
        ),
        (
            "import keras; keras.layers.Dens",
            "AttributeError: module 'keras.layers' has no attribute 'Dens'; did you mean 'Dense'?",
        ),
        (
            "from keras.optimizers import Adams",
            "ImportError: cannot import name 'Adams' from 'keras.optimizers'; did you mean 'Adam'?",
        ),
    ],
)
def test_misspelt_names(statement: str, message: str) -> None:
    done = run(statement)
    assert done.stderr.splitlines()[-1] == message
    assert done.stderr.count("File ") == 1, "only the program's own line is of interest"
    assert done.returncode == 1


def test_a_name_is_explained_without_cornu_run_too() -> None:
    with pytest.raises(
        ImportError, match=r"from 'cornu\.layers'; did you mean 'MaxPooling1D', 'MaxP"
    ):
        exec("from cornu.layers import MaxPooling")
    with pytest.raises(AttributeError, match=r"'cornu\.layers' has no attribute 'Dens'"):
        _ = cornu.layers.Dens
    assert not hasattr(cornu.layers, "Dens")


def test_installing_after_the_real_keras_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keras", types.ModuleType("keras"))
    before = list(sys.meta_path)
    with pytest.raises(RuntimeError, match="restart the kernel"):
        install.install_as_keras()
    assert sys.meta_path == before


def test_installing_twice_changes_nothing() -> None:
    code = (
        "import sys, cornu\n"
        "for _ in range(2):\n"
        "    cornu.install_as_keras()\n"
        "    import keras.layers\n"
        "    print(keras is cornu, len(sys.meta_path))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    first, second = done.stdout.splitlines()
    assert first == second
    assert first.startswith("True")
    assert done.stderr == ""


@pytest.mark.parametrize("path", PATHS)
def test_every_legacy_path_leads_somewhere(path: str) -> None:
    module = install.resolve(path)
    assert isinstance(module, install.LegacyModule)
    source = importlib.import_module(f"cornu.{PATHS[path][0]}")
    public = [name for name in dir(source) if not name.startswith("_")]
    assert set(public) <= set(dir(module))
    assert getattr(module, public[0]) is getattr(source, public[0])


@pytest.mark.parametrize("path", NAMES)
def test_every_legacy_name_stands_for_one_of_today(path: str) -> None:
    module = install.resolve(path)
    missing = [new for new in NAMES[path].values() if not hasattr(module, new)]
    assert not missing


def test_attributes_are_of_packages_that_importing_cornu_brings() -> None:
    own = [path for path in ATTRIBUTES_OF if path not in PATHS]
    assert all(f"cornu.{path}".rstrip(".") in sys.modules for path in own)
