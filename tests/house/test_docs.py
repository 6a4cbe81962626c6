"""What users and developers read is there and true."""

from __future__ import annotations

import ast
import inspect
import re

import pytest

from house import public_names, tree


def test_public_objects_say_what_they_are() -> None:
    silent = []
    for name, facts in public_names.FACTS.items():
        found = public_names.find(name)
        if found is public_names.MISSING or "same_as" in facts:
            continue
        text = found.__dict__.get("__doc__") if inspect.isclass(found) else found.__doc__
        if not (text or "").strip():
            silent.append(name)
    assert not silent, f"no docstring: {silent}"


@pytest.mark.parametrize("path", tree.files("src", suffix=".py"), ids=tree.label)
def test_modules_say_why_they_exist(path) -> None:
    module = tree.parse(path)
    assert not module.body or ast.get_docstring(module), f"{tree.label(path)} has no docstring"


def test_links_between_documents_lead_somewhere() -> None:
    documents = [tree.ROOT / "README.md", *tree.files("docs", suffix=".md")]
    broken = [
        f"{tree.label(document)} -> {target}"
        for document in documents
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8"))
        if not (document.parent / target).exists()
    ]
    assert not broken, "\n".join(broken)


def test_commands_of_the_readme_exist() -> None:
    makefile = (tree.ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    readme = (tree.ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`make ([a-z-]+)", readme)) | set(
        re.findall(r"^make ([a-z-]+)", readme, re.M)
    )
    assert named
    assert named <= targets
