"""The committed vectors are what the naive model writes today."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def test_writing_the_vectors_again_changes_nothing(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(HERE / "generate.py"), str(tmp_path)], check=True)
    written = {file.name: file.read_bytes() for file in tmp_path.glob("*.json")}
    committed = {file.name: file.read_bytes() for file in HERE.glob("*.json")}
    assert written.keys() == committed.keys()
    stale = sorted(name for name in written if written[name] != committed[name])
    assert not stale, f"run `python tests/golden/generate.py`: {stale} differ"


def test_the_naive_model_does_not_import_the_project() -> None:
    for file in HERE.glob("*.py"):
        if not file.name.startswith("test_"):
            assert "gdx_sdk" not in file.read_text(encoding="utf-8"), file.name
