"""CSVLogger and RemoteMonitor."""

from __future__ import annotations

import http.server
import json
import pathlib
import threading
import urllib.parse
from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from callbacks.fakes import FakeModel
from cornu.callbacks import CSVLogger, RemoteMonitor


def write(callback: CSVLogger, *epochs: dict[str, Any]) -> list[str]:
    callback.set_model(FakeModel())
    callback.on_train_begin()
    for epoch, logs in enumerate(epochs):
        callback.on_epoch_end(epoch, logs)
    callback.on_train_end()
    return pathlib.Path(callback.filename).read_text().splitlines()


def test_csv_rows_are_there_after_each_epoch_and_after_a_broken_run(tmp_path: pathlib.Path) -> None:
    callback = CSVLogger(tmp_path / "log.csv")
    callback.on_train_begin()
    callback.on_epoch_end(0, {"loss": jnp.float32(0.5), "val_loss": 1.0})
    assert (tmp_path / "log.csv").read_text().splitlines() == ["epoch,loss,val_loss", "0,0.5,1.0"]
    callback.on_abort()
    assert callback.csv_file is None
    callback.on_epoch_end(1, {"loss": 1.0})  # after the run: nothing to write to, no error


def test_csv_goes_on_in_the_columns_of_the_file(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "log.csv"
    write(CSVLogger(path), {"loss": 1.0, "val_loss": 2.0})
    lines = write(CSVLogger(path, append=True), {"extra": 5, "loss": 3.0, "val_loss": 4.0})
    assert lines == ["epoch,loss,val_loss", "0,1.0,2.0", "0,3.0,4.0"]
    assert write(CSVLogger(tmp_path / "new.csv", append=True), {"loss": 1.0, "val_loss": 2.0}) == [
        "epoch,loss,val_loss",
        "0,1.0,2.0",
    ]


class Server(http.server.ThreadingHTTPServer):
    received: list[tuple[str, dict[str, str], bytes]]
    status = 200


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.received.append((self.path, dict(self.headers), body))
            self.send_response(found.status)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    found = Server(("127.0.0.1", 0), Handler)
    found.received = []
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    found.shutdown()
    thread.join()
    found.server_close()


LOGS = {"loss": np.float32(0.5), "rows": np.array([1, 2])}
MESSAGE = {"epoch": 3, "loss": 0.5, "rows": [1, 2]}


@pytest.mark.parametrize("as_json", [False, True])
def test_remote_monitor_posts_the_logs(server: Server, as_json: bool) -> None:
    callback = RemoteMonitor(
        root=f"http://127.0.0.1:{server.server_port}", headers={"X-Run": "7"}, send_as_json=as_json
    )
    callback.on_epoch_end(3, LOGS)
    ((path, headers, body),) = server.received
    assert path == "/publish/epoch/end/"
    assert headers["X-Run"] == "7"
    text = body.decode() if as_json else urllib.parse.parse_qs(body.decode())["data"][0]
    assert json.loads(text) == MESSAGE
    assert ("json" in headers["Content-Type"]) is as_json


def test_a_server_that_refuses_or_is_away_costs_a_warning(server: Server) -> None:
    server.status = 500
    root = f"http://127.0.0.1:{server.server_port}"
    with pytest.warns(UserWarning, match="answered 500"):
        RemoteMonitor(root=root).on_epoch_end(0, LOGS)
    with pytest.warns(UserWarning, match="could not reach"):
        RemoteMonitor(root="http://127.0.0.1:1").on_epoch_end(0, LOGS)
