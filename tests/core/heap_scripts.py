"""Scripts about the C heap, each run in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from cornu.core import heap

needs_glibc = pytest.mark.skipif(heap._glibc() is None, reason="another C library")

_START = """
import resource
from cornu.core import heap

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
"""


def run(*parts: str) -> str:
    """What a script prints that consists of these parts; it must end well.

    Args:
        parts: sources, each indented as suits the test; `resident` and `heap` are there before.
    """
    source = "\n".join(map(textwrap.dedent, (_START, *parts)))
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout
