"""Write every golden vector file: `python tests/golden/generate.py [DIRECTORY]` (default: its own).

Deterministic: the same Python code writes the same bytes. Each file has its own seed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import vectors_batch  # noqa: E402
import vectors_money  # noqa: E402
import vectors_settling  # noqa: E402
import vectors_state  # noqa: E402


def all_files() -> dict[str, dict[str, Any]]:
    """File name → content."""
    return {
        **vectors_money.files(),
        **vectors_settling.files(),
        **vectors_state.files(),
        **vectors_batch.files(),
    }


def render(content: dict[str, Any]) -> str:
    """One case per line, so that a change shows as the lines it changes."""
    lines = [json.dumps(case, ensure_ascii=False) for case in content["cases"]]
    head = {name: part for name, part in content.items() if name != "cases"}
    start = json.dumps(head, ensure_ascii=False)[:-1]
    return start + ', "cases": [\n' + ",\n".join(lines) + "\n]}\n"


def main(directory: Path) -> None:
    """Write all files into `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in all_files().items():
        (directory / f"{name}.json").write_text(render(content), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
