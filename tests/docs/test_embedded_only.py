"""docs/chain-lane.md lists every test that a real validator cannot pass, with its reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/chain-lane.md"


def marks() -> Iterator[tuple[str, str]]:
    """(file, reason) of each mark `embedded_only`."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if "embedded_only" not in (text := path.read_text()):
            continue
        for node in ast.walk(ast.parse(text)):
            is_mark = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "embedded_only"
            if is_mark and isinstance(node.args[0], ast.Constant):
                yield str(path.relative_to(ROOT)), node.args[0].value


def test_the_page_lists_them_all() -> None:
    lines = [f"| `{file}` | {reason} |" for file, reason in dict.fromkeys(marks())]
    assert len(lines) >= 5
    listed = [line for line in PAGE.read_text().splitlines() if line.startswith("| `tests/")]
    assert listed == lines, "the list of docs/chain-lane.md has to be:\n" + "\n".join(lines)
