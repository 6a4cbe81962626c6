"""The compile cache: a second process reads it, and no harm comes from any state of its files."""

from __future__ import annotations

import concurrent.futures
import errno
import os
import pathlib
import stat
import subprocess
import sys
import textwrap

import jax
import pytest

from cornu import config
from cornu.core import compile_cache, compiled
from cornu.core.compile_cache import Store

SCRIPT = textwrap.dedent(
    """
    import jax, numpy as np
    events = []
    jax.monitoring.register_event_listener(lambda name, **kw: events.append(name))
    import cornu
    {setting}
    cornu.utils.set_random_seed(1)
    model = cornu.Sequential([cornu.Input((4,)), cornu.layers.Dense(3), cornu.layers.Dense(1)])
    model.compile("adam", "mse")
    x = np.ones((32, 4), "float32")
    history = model.fit(x, x[:, :1], epochs=2, verbose=0)
    hits = sum("cache_hits" in name for name in events)
    misses = sum("cache_misses" in name for name in events)
    print(hits, misses, history.history["loss"])
    """
)


def run(home: pathlib.Path, setting: str = "") -> tuple[int, int, str]:
    """Cache hits and misses of a small training in a new process, and its losses."""
    variables = {**os.environ, "XDG_CACHE_HOME": str(home), "HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", SCRIPT.format(setting=setting)],
        env=variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    hits, misses, losses = done.stdout.strip().split(" ", 2)
    return int(hits), int(misses), losses


def entries(home: pathlib.Path) -> list[pathlib.Path]:
    return sorted((home / "cornu" / "compiled").glob("*"))


@pytest.mark.skipif(sys.platform != "linux", reason="the default folder is elsewhere")
def test_a_second_process_reads_what_the_first_compiled(tmp_path):
    hits, misses, losses = run(tmp_path)
    assert (hits, misses) == (0, len(entries(tmp_path))) and misses > 0
    assert stat.S_IMODE((tmp_path / "cornu" / "compiled").stat().st_mode) == 0o700
    assert run(tmp_path) == (misses, 0, losses)

    for path in entries(tmp_path):  # then every file is damaged in the middle
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    assert run(tmp_path) == (0, misses, losses)
    assert run(tmp_path) == (misses, 0, losses)

    off = tmp_path / "off"
    assert run(off, "cornu.config.set_compile_cache(None)") == (0, 0, losses)
    assert not off.exists()


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path, 1000)


def test_gives_back_what_was_stored(store):
    store.put("a", b"program")
    assert store.get("a") == b"program" and store.get("b") is None
    store.put("a", b"another")
    assert store.get("a") == b"another"


@pytest.mark.parametrize("length", [0, 1, 31, 32, 38])
def test_a_truncated_file_is_no_entry_and_goes(store, tmp_path, length):
    store.put("a", b"program")
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:length])
    assert store.get("a") is None and not path.exists()


@pytest.mark.parametrize("place", [0, 31, 32, 38])
def test_a_changed_byte_is_noticed(store, tmp_path, place):
    store.put("a", b"program")
    (path,) = tmp_path.iterdir()
    data = bytearray(path.read_bytes())
    data[place] ^= 0x10
    path.write_bytes(data)
    assert store.get("a") is None


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EACCES])
def test_a_failed_write_leaves_nothing_and_is_not_tried_again(store, tmp_path, monkeypatch, code):
    store.put("old", b"kept")
    calls = []

    def fail(*args):
        calls.append(args)
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "replace", fail)
    store.put("a", b"program")
    store.put("b", b"program")
    assert len(calls) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["old.xla"]
    assert store.get("old") == b"kept"


def test_a_folder_that_is_gone(tmp_path):
    store = Store(tmp_path / "gone", 1000)
    store.put("a", b"program")
    assert store.get("a") is None


def test_the_least_recently_used_go_first(store, tmp_path):
    for i in range(4):
        store.put(str(i), bytes(200))
        os.utime(tmp_path / f"{i}.xla", (1000 + i, 1000 + i))
    assert store.get("0") is not None  # used now, so "1" is the oldest
    store.put("4", bytes(200))
    left = {path.stem for path in tmp_path.iterdir()}
    assert left == {"0", "3", "4"}
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 1000


def test_what_is_larger_than_the_cache_is_not_stored(store, tmp_path):
    store.put("a", bytes(900))
    assert not list(tmp_path.iterdir())


def test_leftovers_of_a_dead_writer_go(store, tmp_path):
    leftover = tmp_path / "tmp123"
    leftover.write_bytes(b"half")
    os.utime(leftover, (1000, 1000))
    store.put("a", b"program")
    assert not leftover.exists()


def test_many_writers_and_readers_see_whole_programs(tmp_path):
    programs = {bytes([i]) * 5000 for i in range(8)}

    def work(program):
        own = Store(tmp_path, 1 << 20)
        seen = set()
        for _ in range(50):
            own.put("same", program)
            seen.add(own.get("same"))
        return seen

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        seen = set().union(*pool.map(work, programs))
    assert seen <= programs
    assert [path.name for path in tmp_path.iterdir()] == ["same.xla"]


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
class TestPrivacy:
    def test_a_folder_open_to_others_is_closed(self, tmp_path):
        folder = tmp_path / "open"
        folder.mkdir()
        folder.chmod(0o777)
        assert compile_cache.make_private(folder)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    def test_a_folder_of_somebody_else_is_not_used(self, tmp_path, monkeypatch):
        monkeypatch.setattr(os, "getuid", lambda: os.stat(tmp_path).st_uid + 1)
        assert not compile_cache.make_private(tmp_path)

    def test_a_file_in_its_place(self, tmp_path):
        (tmp_path / "file").write_text("")
        assert not compile_cache.make_private(tmp_path / "file" / "inside")


@pytest.fixture
def fresh_cache():
    """Settings of JAX and ours as before, afterwards."""
    names = ("jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs")
    compiled.stop_cache()  # one that an earlier test has started
    before = {name: getattr(jax.config, name) for name in names}
    yield
    compiled.stop_cache()
    for name, value in before.items():
        jax.config.update(name, value)


def test_a_cache_given_to_jax_is_left_alone(fresh_cache, tmp_path):
    jax.config.update("jax_compilation_cache_dir", str(tmp_path))
    compiled.jit(lambda x: x)
    config.set_compile_cache(None)
    assert jax.config.jax_compilation_cache_dir == str(tmp_path)
    jax.config.update("jax_compilation_cache_dir", None)


def test_another_folder(fresh_cache, tmp_path):
    config.set_compile_cache(str(tmp_path / "mine"))
    assert config.compile_cache() == str(tmp_path / "mine")
    compiled.jit(lambda x: x)
    assert jax.config.jax_compilation_cache_dir == str(tmp_path / "mine")
    config.set_compile_cache(None)
    compiled.jit(lambda x: x)
    assert jax.config.jax_compilation_cache_dir is None


def test_a_chosen_folder_that_cannot_be_used_is_told(fresh_cache, tmp_path):
    (tmp_path / "file").write_text("")
    config.set_compile_cache(str(tmp_path / "file"))
    with pytest.warns(UserWarning, match="compile cache is off"):
        compiled.jit(lambda x: x)


def test_a_size_must_be_positive():
    with pytest.raises(ValueError, match="max_bytes=0"):
        config.set_compile_cache(max_bytes=0)
