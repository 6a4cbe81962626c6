"""Callbacks that pass the logs of each epoch on: CSVLogger to a file, RemoteMonitor to a server."""

from __future__ import annotations

import csv
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, TextIO

import numpy as np

from cornu.callbacks.callback import Callback, Logs
from cornu.callbacks.logs import plain
from cornu.errors import warn

_TIMEOUT = 10  # seconds for one message; training waits for it


class CSVLogger(Callback):
    """Writes the logs of each epoch to a CSV file.

    The columns are `epoch` and the names of the first epoch's logs, sorted; values that are missing
    in an epoch are written as NA.

    Args:
        filename: path of the file.
        separator: what stands between values.
        append: whether to go on in a file that is there already, with its columns.
    """

    def __init__(
        self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False
    ) -> None:
        super().__init__()
        self.filename = os.fspath(filename)
        self.sep = separator
        self.append = append
        self.keys: list[str] | None = None
        self.writer: Any = None
        self.csv_file: TextIO | None = None
        self._has_header = False

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Open the file."""
        self.on_abort()
        self.keys = None
        self._has_header = False
        if self.append and os.path.exists(self.filename):
            with open(self.filename, newline="", encoding="utf-8") as file:
                header = next(csv.reader(file, delimiter=self.sep), None)
            if header:
                self.keys = header[1:]
                self._has_header = True
        self.csv_file = self._open()
        self.writer = csv.writer(self.csv_file, delimiter=self.sep)

    def _open(self) -> TextIO:
        return open(self.filename, "a" if self.append else "w", newline="", encoding="utf-8")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write a row."""
        logs = logs or {}
        if self.csv_file is None:
            return
        if self.keys is None:
            self.keys = _columns(logs)
        if not self._has_header:
            self.writer.writerow(["epoch", *self.keys])
            self._has_header = True
        self.writer.writerow([epoch, *(_cell(logs.get(key, "NA")) for key in self.keys)])
        self.csv_file.flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Close the file."""
        self.on_abort()

    def on_abort(self) -> None:
        """Close the file; its rows are written."""
        if self.csv_file is not None:
            self.csv_file.close()
        self.csv_file = None
        self.writer = None


def _columns(logs: Logs) -> list[str]:
    """Sorted names, with the `val_` ones even if the first epoch was not validated."""
    keys = sorted(logs)
    if not any(key.startswith("val_") for key in keys):
        keys += [f"val_{key}" for key in keys]
    return keys


def _cell(value: Any) -> Any:
    value = plain(value)
    if not isinstance(value, str) and np.ndim(value) > 0:
        return f'"[{", ".join(str(item) for item in np.asarray(value).tolist())}]"'
    return value


class RemoteMonitor(Callback):
    """Posts the logs of each epoch to a server.

    A server that cannot be reached costs a warning, not the training.

    Args:
        root: address of the server.
        path: path of the page that takes the messages.
        field: name of the form field that holds the JSON text; unused with `send_as_json`.
        headers: more HTTP headers.
        send_as_json: whether to send JSON (`application/json`) instead of a form.
    """

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: dict[str, str] | None = None,
        send_as_json: bool = False,
    ) -> None:
        super().__init__()
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers
        self.send_as_json = send_as_json

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Send the logs."""
        message = {
            "epoch": epoch,
            **{name: _jsonable(value) for name, value in (logs or {}).items()},
        }
        text = json.dumps(message)
        if self.send_as_json:
            body, kind = text, "application/json"
        else:
            body = urllib.parse.urlencode({self.field: text})
            kind = "application/x-www-form-urlencoded"
        request = urllib.request.Request(
            self.root + self.path,
            data=body.encode(),
            headers={"Content-Type": kind, **(self.headers or {})},
            method="POST",
        )
        try:
            urllib.request.urlopen(request, timeout=_TIMEOUT).close()
        except urllib.error.HTTPError as error:
            warn(f"RemoteMonitor: the server at {self.root} answered {error.code}")
        except OSError:
            warn(f"RemoteMonitor: could not reach the server at {self.root}")


def _jsonable(value: Any) -> Any:
    value = plain(value)
    return np.asarray(value).tolist() if hasattr(value, "shape") else value
