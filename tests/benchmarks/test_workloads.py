"""The workloads run under Cornu and report what the table needs."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_mlp_reports_its_times() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "mlp.py"), "--library", "cornu"]
    done = subprocess.run([*command, "--epochs", "3"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["library"] == "cornu"
    assert found["workload"] == "mlp"
    assert 0 < found["import_s"] < found["first_epoch_s"]
    assert found["step_s"] > 0
    assert "jax" in found["versions"]
