"""Nothing in the project may hold only on the machine it was written on."""

from __future__ import annotations

import pathlib
import re

import pytest

from house import tree

# Spelled in pieces, so that this file passes its own test.
MACHINE_PATH = re.compile(r"(?<![\w.}])/(?:work|root|opt|home/\w+|Users/\w+|tmp/w)/" + r"\w")
REGISTRY = re.compile(
    "|".join(
        (
            "py" + r"pi\.org",
            "python" + r"hosted\.org",
            "npm" + r"js\.(?:org|com)",
            "deb" + r"ian\.org",
        )
    ),
)
FILES = [
    *(path for path in tree.ROOT.iterdir() if path.is_file() and path.name != ".git"),
    *tree.files(*tree.FOLDERS),
]


@pytest.mark.parametrize("path", FILES, ids=tree.label)
@pytest.mark.parametrize("pattern", [MACHINE_PATH, REGISTRY], ids=["path", "registry"])
def test_no_word_of_one_machine(path: pathlib.Path, pattern: re.Pattern[str]) -> None:
    text = path.read_bytes().decode("utf-8", errors="ignore")
    found = [
        f"{tree.label(path)}:{number}: {line.strip()[:80]}"
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (MACHINE_PATH, "see /" + "root/notes.txt"),
        (MACHINE_PATH, '"/' + 'home/ada/data"'),
        (REGISTRY, "--index-url https://py" + "pi.org/simple"),
    ],
)
def test_the_patterns_find(pattern: re.Pattern[str], line: str) -> None:
    assert pattern.search(line)


@pytest.mark.parametrize("line", ["net/work/x", "the work/rest balance", "$(ROOT)/homes"])
def test_the_patterns_pass_over(line: str) -> None:
    assert not MACHINE_PATH.search(line)
