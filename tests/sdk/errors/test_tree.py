"""The tree on the first page of `gdx_sdk.errors` is the tree of its classes."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import gdx_sdk
from gdx_sdk import errors

SOURCES = Path(gdx_sdk.__file__).parent
ABSTRACT = {"ChainError"}  # caught, never raised itself
WHERE_THE_CAUSE_IS_QUOTED = ("runtime", "idlgen", "plugins.py", "errors/registry.py")
"""Pure code whose errors say in their own words what the hidden one said."""


def test_the_drawn_tree_is_complete() -> None:
    classes = {
        name for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, Exception)
    }
    drawn = set(re.findall(r"\b([A-Z][A-Za-z]+)\b(?=\s{2,}|$)", errors.__doc__ or "", re.MULTILINE))
    assert classes == drawn


def test_every_error_is_one_of_ours_and_says_what_it_is() -> None:
    for name, kind in vars(errors).items():
        if inspect.isclass(kind) and issubclass(kind, Exception):
            assert issubclass(kind, errors.GdxError), name
            assert kind.__doc__, name


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SOURCES.rglob("*.py")):
        place = path.relative_to(SOURCES).as_posix()
        if not place.startswith("_generated"):
            yield place, ast.parse(path.read_text())


def test_every_error_of_the_tree_is_made_somewhere() -> None:
    made = {
        node.func.id
        for _, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    drawn = {name for name, kind in vars(errors).items() if inspect.isclass(kind)}
    assert {name for name in drawn if issubclass(getattr(errors, name), errors.GdxError)} - made == ABSTRACT


def test_whoever_talks_to_the_chain_chains_the_cause() -> None:
    """What is raised while another error is handled names it as its cause (a bare `raise` passes it on)."""
    seen, silent = 0, []
    for place, tree in trees():
        if place.startswith(WHERE_THE_CAUSE_IS_QUOTED):
            continue
        for handler in (node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)):
            for node in ast.walk(handler):
                if not isinstance(node, ast.Raise) or node.exc is None:
                    continue
                seen += 1
                if node.cause is None or (isinstance(node.cause, ast.Constant) and node.cause.value is None):
                    silent.append(f"{place}:{node.lineno}")
    assert seen > 10
    assert silent == []
