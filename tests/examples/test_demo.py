"""`make demo` keeps its promise."""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys

DEMO = pathlib.Path(__file__).resolve().parents[2] / "examples" / "demo.py"


def test_demo_reads_digits_and_draws(tmp_path: pathlib.Path) -> None:
    done = subprocess.run([sys.executable, str(DEMO)], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    figures = re.search(r"MLP ([\d.]+)%, CNN ([\d.]+)%\.", done.stdout)
    assert figures, done.stdout[-2000:]
    mlp, cnn = (float(figure) for figure in figures.groups())
    assert cnn >= 98
    assert mlp >= 90
    picture = (tmp_path / "demo-output" / "digits.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 10_000
