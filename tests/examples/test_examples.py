"""Every example runs as it stands and prints what its comments say; it uses public names only."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chain_lane import Lane

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT / "examples/exchange.py"
EXAMPLES = sorted(set((ROOT / "examples").glob("*.py")) - {SHARED})
MOST_LINES = 60


def expected_output(source: str) -> list[str]:
    """The comments behind a `print(…)`: on its line, or on the lines that follow it."""
    found: list[str] = []
    is_after_print = False
    for line in source.splitlines():
        text = line.strip()
        if is_after_print and text.startswith("# "):
            found.append(text[2:])
            continue
        is_after_print = text.startswith("print(")
        if is_after_print and (inline := re.search(r"\)  # (.*)$", text)):
            found.append(inline[1])
            is_after_print = False
    return found


MOVES_THE_CLOCK = pytest.mark.embedded_only("`funding_history` moves the clock by hours")
ON_A_CHAIN = [
    pytest.param(path, marks=MOVES_THE_CLOCK if path.stem == "funding_history" else (), id=path.stem)
    for path in EXAMPLES
]


@pytest.mark.chain
@pytest.mark.parametrize("path", ON_A_CHAIN)
def test_the_example_prints_what_it_says(path: Path, tmp_path: Path, lane: Lane) -> None:
    environment = {**os.environ, **lane.environment()}
    done = subprocess.run(
        [sys.executable, str(path)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == expected_output(path.read_text())
    assert done.stdout, "an example that shows nothing"


def test_there_are_ten_and_they_are_short() -> None:
    assert len(EXAMPLES) >= 10
    lines = {
        path.name: sum(bool(line.strip()) for line in path.read_text().splitlines()) for path in EXAMPLES
    }
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


@pytest.mark.parametrize("path", [*EXAMPLES, SHARED], ids=lambda path: path.stem)
def test_only_public_names_are_used(path: Path) -> None:
    modules = [
        node.module
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module
    ]
    assert [module for module in modules if "._" in module] == []


def test_an_example_without_its_output_would_be_noticed() -> None:
    assert expected_output('print("a")  # a\nprint(b)\n# 1\n# 2\n\n# no output') == ["a", "1", "2"]


def test_the_readme_links_every_example() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [path.name for path in EXAMPLES if f"(examples/{path.name})" not in readme] == []
