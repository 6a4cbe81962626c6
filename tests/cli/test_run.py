"""`cornu run` treats a program as `python` does, with Cornu as its Keras."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

from cornu.cli import main

# Prints what a program can see of how it was started.
MIRROR = """
import sys
print(sys.argv[1:], __name__, __package__, __spec__ and __spec__.name, sys.path[0])
print(globals().get("__file__"), __builtins__, vars(sys.modules["__main__"]) is globals())
"""
FAILING = """
class Model:
    def fit(self):
        raise ValueError("no data")

def main():
    try:
        {}["a"]
    except KeyError as error:
        Model().fit()

main()
"""


def start(
    arguments: list[str], folder: pathlib.Path, given: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, input=given, capture_output=True, text=True
    )


def cornu_run(
    *arguments: str, folder: pathlib.Path, given: str = ""
) -> subprocess.CompletedProcess[str]:
    return start(["-m", "cornu", "run", *arguments], folder, given)


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """A folder with programs: a script in a subfolder, a package, one that fails."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "mirror.py").write_text(MIRROR)
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").touch()
    (tmp_path / "package" / "__main__.py").write_text(MIRROR)
    (tmp_path / "fails.py").write_text(FAILING)
    (tmp_path / "wrong.py").write_text("x = 1\nif x print(x)\n")
    (tmp_path / "leaves.py").write_text("import sys\nsys.exit(7)\n")
    (tmp_path / "speaks.py").write_text("raise SystemExit('enough')\n")
    return tmp_path


@pytest.mark.parametrize(
    "program",
    [
        ["inner/mirror.py", "a", "-m", "--b"],
        ["-m", "package", "a", "-c"],
        ["-m", "inner.mirror"],
        ["-c", MIRROR, "-x"],
        ["fails.py"],
        ["wrong.py"],
        ["leaves.py"],
        ["speaks.py"],
        ["inner", "a"],
        ["-"],
    ],
    ids=lambda program: program[0] + " " + program[-1][:12].strip(),
)
def test_runs_as_python_does(program: list[str], folder: pathlib.Path) -> None:
    if program == ["inner", "a"]:
        (folder / "inner" / "mirror.py").rename(folder / "inner" / "__main__.py")
    expected = start(program, folder, MIRROR)
    found = cornu_run(*program, folder=folder, given=MIRROR)
    assert found.returncode == expected.returncode
    assert found.stdout == expected.stdout
    assert found.stderr == expected.stderr


def test_keras_is_cornu_in_a_program(tmp_path: pathlib.Path) -> None:
    (tmp_path / "keras.py").write_text("raise RuntimeError('a module that is in the way')")
    (tmp_path / "script.py").write_text(
        "import cornu, keras, keras.losses, keras.backend as K\n"
        "from keras import metrics\n"
        "assert keras is cornu and keras.losses is cornu.losses\n"
        "assert K is cornu.backend and metrics is cornu.metrics\n"
        "assert keras.losses.__spec__.name == 'cornu.losses'\n"
        "print(K.eval(K.mean(K.constant([1, 2, 6]))))\n"
    )
    done = cornu_run("script.py", folder=tmp_path)
    assert (done.stdout, done.stderr) == ("3.0\n", "")


def test_a_misspelt_package_is_named(tmp_path: pathlib.Path) -> None:
    done = cornu_run("-c", "from kreas.layers import Conv2D", folder=tmp_path)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last == "ModuleNotFoundError: No module named 'kreas'; did you mean 'keras'?"
    assert "cornu" not in done.stderr


def test_tensorflow_keras_is_served_where_there_is_no_tensorflow(tmp_path: pathlib.Path) -> None:
    code = """
import sys
sys.path[:] = [p for p in sys.path if not __import__('os').path.isdir(p + '/tensorflow')]
import cornu
from tensorflow import keras
from tensorflow.keras.losses import mean_squared_error
import tensorflow as tf
assert tf.keras is keras is cornu
assert mean_squared_error is cornu.losses.mean_squared_error
try:
    tf.constant(1)
except AttributeError as error:
    print(error)
"""
    done = cornu_run("-c", code, folder=tmp_path)
    assert done.stdout.startswith(
        "module 'tensorflow' has no attribute 'constant': TensorFlow is not"
    )
    assert done.stderr == ""


def test_a_missing_script_is_reported_as_python_does(tmp_path: pathlib.Path) -> None:
    done = cornu_run("nowhere.py", folder=tmp_path)
    assert done.returncode == 2
    message = "can't open file 'nowhere.py': [Errno 2] No such file or directory"
    assert done.stderr == f"cornu run: {message}\n"


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        ([], 0, "usage: cornu"),
        (["--help"], 0, "usage: cornu"),
        (["--version"], 0, "cornu "),
        (["run", "--help"], 0, "usage: cornu run"),
        (["run"], 2, "usage: cornu run"),
        (["run", "-m"], 2, "-m needs an argument"),
        (["run", "--fast", "a.py"], 2, "unknown option '--fast'"),
        (["rnu"], 2, "unknown command 'rnu'; did you mean 'run'?"),
    ],
)
def test_help_and_wrong_usage(
    arguments: list[str], status: int, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == status
    printed = capsys.readouterr()
    assert text in (printed.err if status else printed.out)
