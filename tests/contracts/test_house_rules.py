"""Conventions that a reviewer would otherwise have to remember."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "programs"
MONEY_ROOTS = [
    "gdx_sdk/math",
    "gdx_sdk/batch",
    "gdx_sdk/units.py",
    "matcher/gdx_matcher",
    "keepers/gdx_keepers/jobs",
]


def tracked(*patterns: str) -> list[Path]:
    """Files that git knows; in an unpacked sdist, every file below the root."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "--", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return [path for pattern in patterns for path in ROOT.glob(f"**/{pattern}")]
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def money_files() -> list[Path]:
    return [
        path
        for root in MONEY_ROOTS
        for path in ([ROOT / root] if root.endswith(".py") else (ROOT / root).rglob("*.py"))
    ]


# Floats that only sort out what integers then decide; twin-tested in tests/sdk/math/test_bulk.py.
EXACT_AFTER_FLOATS = {ROOT / "gdx_sdk/math/bulk.py"}


@pytest.mark.parametrize(
    "path", sorted({*money_files()} - EXACT_AFTER_FLOATS), ids=lambda path: str(path.relative_to(ROOT))
)
def test_no_float_touches_money(path: Path) -> None:
    """No float literal, no float(), no true division where prices, sizes and fees are computed."""
    wrong = []
    for node in ast.walk(ast.parse(path.read_text())):
        is_literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
        is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"
        is_division = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
        if is_literal or is_call or is_division:
            source = ast.get_source_segment(path.read_text(), node) or ""
            wrong.append(f"line {getattr(node, 'lineno', '?')}: {source}")
    # Seconds for a timer or an interval are not money; pathlib joins with "/" as well.
    assert [
        line
        for line in wrong
        if not re.search(r"_s\b|seconds|timeout|interval|path|Path|directory|dir\b", line)
    ] == []


def test_every_rust_instruction_file_is_declared() -> None:
    for folder in sorted(PROGRAMS.glob("*/src/instructions")):
        declared = set(re.findall(r"^(?:pub )?mod (\w+);", (folder / "mod.rs").read_text(), re.M))
        assert {path.stem for path in folder.glob("*.rs")} - {"mod"} == declared, folder.name


def test_every_golden_file_is_read_in_both_languages() -> None:
    python = "".join(path.read_text() for path in tracked("*.py") if "tests/golden" not in str(path))
    rust = "".join(path.read_text() for path in tracked("*.rs"))
    for path in sorted((ROOT / "tests/golden").glob("*.json")):
        assert path.name in python, f"{path.name} is read by no Python test"
        assert path.name in rust, f"{path.name} is read by no Rust test"


def test_nothing_names_the_workplace() -> None:
    forbidden = re.compile("|".join([r"\.\./" + "shared", "/wor" + "k/", "artifact" + r"ory\b"]), re.I)
    wrong = []
    for path in tracked("*"):
        if path.suffix in {".so", ".lock", ".png"} or path.is_relative_to(ROOT / ".ci"):
            continue
        if forbidden.search(path.read_text(errors="replace")):
            wrong.append(str(path.relative_to(ROOT)))
    assert wrong == []


def test_python_files_stay_readable() -> None:
    """A room a newcomer can take in: 400 lines are the aim, 480 the end; generated code exempt."""
    large = {
        str(path.relative_to(ROOT)): lines
        for path in tracked("*.py")
        if "_generated" not in path.parts and (lines := len(path.read_text().splitlines())) > 480
    }
    assert large == {}
