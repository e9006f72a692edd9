"""Writes every generated page: `python -m scripts.pages`; `--check` only says which are not current."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scripts.pages import all_pages  # noqa: E402


def main() -> int:
    """Exit code 1 when `--check` finds a page that is not current."""
    stale = [path for path, text in all_pages().items() if not path.exists() or path.read_text() != text]
    for path in stale:
        print(f"{'not current' if '--check' in sys.argv else 'written'}: {path.relative_to(ROOT)}")
    if "--check" in sys.argv:
        return int(bool(stale))
    for path in stale:
        path.write_text(all_pages()[path])
    return 0


if __name__ == "__main__":
    sys.exit(main())
