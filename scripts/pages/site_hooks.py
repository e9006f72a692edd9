"""Hooks of the site's build: pages that the navigation does not name are listed where they belong.

Decisions are listed by number, every other page under "More", so that a page cannot be forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DECISIONS, MORE = "Decisions", "More"


def on_config(config: Any) -> Any:
    """Complete the navigation before anything is read."""
    named = set(_paths_in(config["nav"]))
    folder = Path(config["docs_dir"])
    pages = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.md"))
    left = [page for page in pages if page not in named and not page.startswith("programs/examples/")]
    for title, rows in (
        (MORE, [page for page in left if not page.startswith("adr/")]),
        (DECISIONS, [page for page in left if page.startswith("adr/")]),
    ):
        if rows:
            config["nav"].append({title: [{_title(folder / page): page} for page in rows]})
    return config


def _paths_in(entry: Any) -> Iterator[str]:
    if isinstance(entry, str):
        yield entry
    elif isinstance(entry, dict):
        for value in entry.values():
            yield from _paths_in(value)
    elif isinstance(entry, list):
        for value in entry:
            yield from _paths_in(value)


def _title(path: Path) -> str:
    found = re.search(r"^# (.+)$", path.read_text(), re.M)
    return found[1] if found else path.stem
