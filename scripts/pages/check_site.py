"""Fails when a page of the built site loads anything from another host.

Usage: `python -m scripts.pages.check_site FOLDER`. Links to other hosts are fine; what a browser fetches by
itself is not: it tells strangers who reads what.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

LOADING = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "video": "src"}
_FOREIGN = re.compile(r"^(?:https?:)?//")
_IN_STYLE = re.compile(r"(?:url\(|@import\s+)[\"']?((?:https?:)?//[^\"')\s]+)")


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        target = given.get(LOADING.get(tag, "")) or ""
        if _FOREIGN.match(target):
            self.found.append(f"<{tag}> {target}")
        if "mermaid" in (given.get("class") or "").split():
            self.found.append("a diagram that the theme would draw with a script of another host")


def foreign_loads(folder: Path) -> Iterator[str]:
    """`path: what it loads` for every page and style sheet under `folder`."""
    for path in sorted(folder.rglob("*.html")):
        page = _Page()
        page.feed(path.read_text())
        yield from (f"{path.relative_to(folder)}: {one}" for one in page.found)
    for path in sorted(folder.rglob("*.css")):
        yield from (f"{path.relative_to(folder)}: {one}" for one in _IN_STYLE.findall(path.read_text()))


def main() -> int:
    """Exit code 1 when there is such a page, or no page at all."""
    folder = Path(sys.argv[1])
    pages = len(list(folder.rglob("*.html")))
    found = list(foreign_loads(folder))
    print("\n".join(found) or f"{pages} pages, none loads anything from another host")
    return int(bool(found) or pages == 0)


if __name__ == "__main__":
    sys.exit(main())
