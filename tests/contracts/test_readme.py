"""What the README shows is what happens."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.S)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_runs_and_prints_what_its_comment_says(example: str, tmp_path: Path) -> None:
    expected = re.findall(r"print\(.*\)  # (.*)", example)
    done = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == expected


def test_the_example_is_about_twenty_lines() -> None:
    assert EXAMPLES
    assert all(len([line for line in example.splitlines() if line.strip()]) <= 26 for example in EXAMPLES)


def test_every_file_and_folder_that_is_named_exists() -> None:
    named = re.findall(r"`([a-z_]+/[\w./]*)`|\]\((\w+\.md)\)", README)
    missing = [name for pair in named for name in pair if name and not (ROOT / name).exists()]
    assert missing == []


def test_every_make_task_that_is_named_exists() -> None:
    tasks = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    assert set(re.findall(r"make ([a-z-]+)", README)) <= tasks | {"make"}
