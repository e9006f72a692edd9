"""The generated pages of the documentation; `python -m scripts.pages` writes them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from bench.costs import page as costs_page
from gdx_sdk.programs import PROGRAM_IDS
from scripts.pages import api_pages, program_page

ROOT = Path(__file__).resolve().parents[2]


@cache
def all_pages() -> dict[Path, str]:
    """Every generated page as it has to be, by its path."""
    pages = {ROOT / f"docs/programs/{name}.md": program_page.render(name) for name in PROGRAM_IDS}
    pages |= {ROOT / f"docs/api/{page.name}.md": api_pages.render(page) for page in api_pages.PAGES}
    pages[costs_page.PAGE] = costs_page.render()
    return pages
