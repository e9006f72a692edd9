"""Every Python and shell block of the documentation runs, and shows what it says.

A `python` block is a script of its own, and a print's comment is what it prints. A `console` block runs its
`$` lines; a line `...` stands for any output. `$ make` is only looked up: it would run these tests again.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chain_lane import Lane
from tests.examples.test_examples import EXAMPLES, SHARED, expected_output

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md"]
PAGES += sorted(path for path in (ROOT / "docs").rglob("*.md") if "programs/examples" not in str(path))
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
_INCLUDE = re.compile(r'--8<-- "(.+)"\n')


def blocks(language: str) -> Iterator[tuple[str, str]]:
    """Name and text of each block in that language."""
    for path in PAGES:
        found = [text for kind, text in _BLOCK.findall(path.read_text()) if kind == language]
        for index, text in enumerate(found):
            yield f"{path.relative_to(ROOT)}#{index}", text


STARTS_A_CHAIN = re.compile(r"\blaunch\(|localnet up\b")
FAULTS = pytest.mark.embedded_only("`docs/localnet.md` injects faults, warps, and restores snapshots")
CLOCK = pytest.mark.embedded_only("`docs/tasks/test-your-integration.md` moves the clock by a day")
EMBEDDED_ONLY = {"docs/localnet.md#0": FAULTS, "docs/tasks/test-your-integration.md#3": CLOCK}


def case(name: str, text: str) -> Any:
    """A block to run: of the chain lane when it starts a chain."""
    marks = [pytest.mark.chain] if STARTS_A_CHAIN.search(text) else []
    if marks and name in EMBEDDED_ONLY:
        marks.append(EMBEDDED_ONLY[name])
    return pytest.param(text, marks=marks, id=name)


PYTHON = [(name, text) for name, text in blocks("python") if not _INCLUDE.fullmatch(text)]
INCLUDED = [_INCLUDE.fullmatch(text) for _, text in blocks("python")]
CONSOLE = list(blocks("console"))


@pytest.mark.parametrize("text", [case(name, text) for name, text in PYTHON])
def test_a_python_block_prints_what_it_says(text: str, tmp_path: Path, lane: Lane) -> None:
    environment = {**os.environ, **lane.environment()}
    done = subprocess.run(
        [sys.executable, "-c", text],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == expected_output(text)


def test_what_is_included_is_an_example_that_is_run() -> None:
    paths = {ROOT / found[1] for found in INCLUDED if found}
    assert paths
    assert paths <= {*EXAMPLES, SHARED}


@pytest.mark.parametrize("text", [case(name, text) for name, text in CONSOLE])
def test_a_console_block_shows_what_is_said(text: str, tmp_path: Path, lane: Lane) -> None:
    (tmp_path / "idl").symlink_to(ROOT / "idl")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, **lane.environment()}
    environment |= {"PATH": path, "HOME": str(tmp_path), "NO_COLOR": "1"}
    try:
        for command, expected in commands_of(text):
            if command.startswith("make "):
                assert command.split()[1] in make_targets(), command
                continue
            done = subprocess.run(
                command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
            )
            assert done.returncode == 0, done.stderr
            assert re.fullmatch(pattern_of(expected), done.stdout), f"{command}\n{done.stdout}"
    finally:
        if (tmp_path / ".gdx").exists():  # a block that started a chain and failed leaves none behind
            stop = [sys.executable, "-m", "gdx_cli.main", "localnet", "down"]
            subprocess.run(stop, cwd=tmp_path, env=environment, capture_output=True, timeout=60)


def commands_of(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each command with the output lines that are shown for it."""
    for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
        command, *output = part.rstrip("\n").split("\n")
        yield command, output


def pattern_of(lines: list[str]) -> str:
    """The output as a pattern: a line `...` is any number of lines, `...` in a line is any text."""
    parts = [
        r"(?:.*\n)*?" if line == "..." else ".*".join(map(re.escape, line.split("..."))) + r"\n"
        for line in lines
    ]
    return "".join(parts)


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))


def test_the_pattern_is_strict_where_nothing_is_left_out() -> None:
    assert re.fullmatch(pattern_of(["a", "...", "b ..."]), "a\nx\ny\nb 1\n")
    assert not re.fullmatch(pattern_of(["a"]), "a\nb\n")
    assert not re.fullmatch(pattern_of(["...", "b"]), "a\nc\n")


def test_there_are_blocks_of_both_kinds() -> None:
    assert PYTHON
    assert CONSOLE
    chains = {name for name, text in (*PYTHON, *CONSOLE) if STARTS_A_CHAIN.search(text)}
    assert chains > set(EMBEDDED_ONLY)
