"""What the site is built from: its pages, and that a page which loads from another host would be found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.pages import ROOT, all_pages, api_pages
from scripts.pages.check_site import foreign_loads
from scripts.pages.site_hooks import on_config


@pytest.mark.parametrize(
    "tag",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//fonts.example/css">',
        '<img src="http://example/x.png">',
        '<pre class="mermaid">graph</pre>',
    ],
)
def test_a_foreign_host_is_found(tmp_path: Path, tag: str) -> None:
    (tmp_path / "index.html").write_text(f'<a href="https://example">a link is fine</a>{tag}')
    (found,) = foreign_loads(tmp_path)
    assert found.startswith("index.html: ")


def test_a_style_sheet_that_loads_is_found(tmp_path: Path) -> None:
    (tmp_path / "x.css").write_text("@import url(https://fonts.example/css); a { background: url(own.png) }")
    assert list(foreign_loads(tmp_path)) == ["x.css: https://fonts.example/css"]


def test_own_files_are_fine(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(
        '<script src="assets/x.js"></script><img src="data:image/png;base64,">'
    )
    assert list(foreign_loads(tmp_path)) == []


def test_every_page_is_in_the_navigation() -> None:
    config = {"docs_dir": str(ROOT / "docs"), "nav": [{"Home": "index.md"}]}
    nav = str(on_config(config)["nav"])
    missing = [
        path
        for path in (ROOT / "docs").rglob("*.md")
        if "programs/examples" not in str(path) and f"'{path.relative_to(ROOT / 'docs')}'" not in nav
    ]
    assert missing == []
    assert "Decisions" in nav


def test_every_page_that_the_navigation_names_exists() -> None:
    named = re.findall(r": ([\w/-]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.M)
    assert len(named) > 30
    assert [name for name in named if not (ROOT / "docs" / name).exists()] == []


def test_every_public_module_has_a_page_of_the_reference() -> None:
    listed = (ROOT / "tests/contracts/public_api.txt").read_text().splitlines()
    modules = {".".join(name.split(".")[:2]) for name in listed if name.count(".") > 1}
    assert len(modules) > 15
    assert modules <= {page.module for page in api_pages.PAGES}


def test_the_reference_names_every_public_name() -> None:
    for page in api_pages.PAGES:
        text = all_pages()[ROOT / f"docs/api/{page.name}.md"]
        for name in api_pages.public_names(page.module):
            assert f"::: {page.module}.{name}\n" in text or f"| `{name}` |" in text, name
