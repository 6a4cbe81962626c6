"""get_file: a file from the net, checked, kept in a cache, and unpacked if wanted.

Nothing half-done is ever under its final name: downloads and unpacked archives are made beside it
and renamed. Archives may not write outside of their own folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pathlib
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator
from typing import Any

from cornu import config
from cornu.errors import short

_SCHEMES = ("http", "https", "file")
_HASHES = {"md5": 32, "sha256": 64}  # name -> hexadecimal digits
_CHUNK = 1 << 20
_SUFFIXES = (".tar.gz", ".tar.bz2", ".tar.bz", ".tar.xz")  # two dots, one meaning


def get_file(
    fname: str | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: Any = "auto",
    cache_dir: Any = None,
    force_download: bool = False,
) -> str:
    """Download a file, unless the cache has it.

    Args:
        fname: its name in the cache, without a path; default: as in the URL. With `extract`, a
            name without a suffix is that of the folder.
        origin: URL: http, https or file.
        untar: the old name of `extract`.
        md5_hash: the old name of `file_hash`.
        file_hash: SHA-256 or MD5 of the file, hexadecimal. A file in the cache with another hash is
            downloaded again.
        cache_subdir: folder below `cache_dir`; an absolute path stands for itself.
        hash_algorithm: "sha256", "md5", or "auto": told by the length of the hash.
        extract: whether to unpack it, if it is a tar or zip archive, into a folder.
        archive_format: "tar", "zip", "auto" (either), or a list of these; None: no format.
        cache_dir: default `$KERAS_HOME`, else `~/.keras`.
        force_download: whether to download what the cache has already.

    Returns:
        Path of the file, or with `extract` of the folder.

    Raises:
        ValueError: if the hash is another, the archive is none, or writes outside its folder.
        OSError: if the download fails.
    """
    if not origin:
        raise ValueError("`origin` is missing: the URL of the file")
    extract = extract or untar
    file_hash = file_hash or md5_hash
    algorithm = _algorithm(file_hash, hash_algorithm)
    folder = _folder(cache_dir, cache_subdir)
    file, unpacked = _places(folder, _name(fname, origin), named=fname is not None, extract=extract)
    is_new = force_download or not file.exists() or not _matches(file, file_hash, algorithm)
    if is_new:
        _download(origin, file, file_hash, algorithm)
    if not extract:
        return str(file)
    if is_new or not unpacked.exists():
        _unpack(file, unpacked, archive_format)
    return str(unpacked)


def _folder(cache_dir: Any, cache_subdir: Any) -> pathlib.Path:
    home = cache_dir or os.environ.get("KERAS_HOME") or pathlib.Path.home() / ".keras"
    folder = pathlib.Path(home).expanduser() / cache_subdir
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _name(fname: Any, origin: str) -> str:
    if fname is None:
        path = urllib.request.url2pathname(urllib.parse.urlparse(origin).path)
        name = os.path.basename(path)
        if not name:
            raise ValueError(f"no file name can be read from {origin!r}: pass `fname`")
        return name
    name = os.fspath(fname)
    if name != os.path.basename(name) or name in ("", ".", ".."):
        raise ValueError(
            f"`fname` must be a name without a path; folders go into `cache_dir` and "
            f"`cache_subdir`. Received: {short(name)}"
        )
    return name


def _places(
    folder: pathlib.Path, name: str, *, named: bool, extract: bool
) -> tuple[pathlib.Path, pathlib.Path]:
    """Where the file lies, and where it is unpacked."""
    if not extract:
        return folder / name, folder / name
    stem = next((name[: -len(s)] for s in _SUFFIXES if name.endswith(s)), pathlib.Path(name).stem)
    if named and stem != name:
        return folder / name, folder / f"{stem}_extracted"
    return folder / f"{name}_archive", folder / name


# -- hashes ----------------------------------------------------------------------------------------


def _algorithm(file_hash: str | None, wanted: str) -> str:
    if wanted not in (*_HASHES, "auto"):
        raise ValueError(f"hash_algorithm must be 'sha256', 'md5' or 'auto'. Received: {wanted!r}")
    if file_hash is None:
        return "sha256"
    fits = [name for name, digits in _HASHES.items() if digits == len(file_hash)]
    if not fits or wanted not in ("auto", fits[0]):
        kind = "SHA-256 or MD5" if wanted == "auto" else wanted
        raise ValueError(f"file_hash is no {kind} hash: it has {len(file_hash)} digits")
    return fits[0]


def _matches(file: pathlib.Path, file_hash: str | None, algorithm: str) -> bool:
    return file_hash is None or _digest(file, algorithm) == file_hash.lower()


def _digest(file: pathlib.Path, algorithm: str) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, algorithm).hexdigest()


# -- the net ---------------------------------------------------------------------------------------


def _download(origin: str, file: pathlib.Path, file_hash: str | None, algorithm: str) -> None:
    scheme = urllib.parse.urlparse(origin).scheme
    if scheme not in _SCHEMES:
        raise ValueError(f"origin must be a URL of {_SCHEMES}. Received: {short(origin)}")
    if config.is_interactive_logging_enabled():
        print(f"Downloading data from {origin}")
    with _beside(file) as partial:
        try:
            with urllib.request.urlopen(origin) as source, partial.open("wb") as target:
                announced = source.headers.get("Content-Length")
                shutil.copyfileobj(source, target, _CHUNK)
        except (urllib.error.URLError, OSError) as error:
            raise OSError(f"could not download {origin}: {error}") from error
        received = partial.stat().st_size
        if announced is not None and received != int(announced):
            raise OSError(f"{origin} broke off: {received} of {announced} bytes arrived")
        if not _matches(partial, file_hash, algorithm):
            raise ValueError(
                f"{origin} has the {algorithm} hash {_digest(partial, algorithm)}, not "
                f"{file_hash}: it was changed or damaged on its way. Nothing was kept"
            )
        os.replace(partial, file)


@contextlib.contextmanager
def _beside(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """A path in a folder of its own on the same disk, which goes away at the end."""
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder:
        yield pathlib.Path(folder) / "partial"


# -- archives --------------------------------------------------------------------------------------


def _unpack(file: pathlib.Path, folder: pathlib.Path, archive_format: Any) -> None:
    formats = _formats(archive_format)
    with _beside(folder) as partial:
        partial.mkdir()
        if "tar" in formats and tarfile.is_tarfile(file):
            _unpack_tar(file, partial)
        elif "zip" in formats and zipfile.is_zipfile(file):
            _unpack_zip(file, partial)
        else:
            raise ValueError(f"{file.name} is no archive of the format(s) {formats}")
        if folder.is_dir():
            shutil.rmtree(folder)
        os.replace(partial, folder)


def _formats(archive_format: Any) -> list[str]:
    if archive_format is None:
        return []
    if archive_format == "auto":
        return ["tar", "zip"]
    return [archive_format] if isinstance(archive_format, str) else list(archive_format)


def _unpack_tar(file: pathlib.Path, folder: pathlib.Path) -> None:
    with tarfile.open(file) as archive:
        try:
            archive.extractall(folder, filter="data")
        except tarfile.FilterError as error:
            raise ValueError(f"{file.name} holds a file that it must not: {error}") from error


def _unpack_zip(file: pathlib.Path, folder: pathlib.Path) -> None:
    inside = folder.resolve()
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            if not (inside / name).resolve().is_relative_to(inside):
                raise ValueError(f"{file.name} holds a file outside its folder: {short(name)}")
        archive.extractall(folder)
