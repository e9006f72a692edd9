"""The figures of `docs/security.md` are those that the suite asserts."""

from __future__ import annotations

from pathlib import Path

from .page import PAGE, rendered

ROOT = Path(__file__).resolve().parents[3]


def test_the_page_says_what_the_suite_asserts() -> None:
    text = PAGE.read_text()
    assert text == rendered(text), "python -m tests.programs.thief.page"


def test_the_front_of_security_leads_to_the_page() -> None:
    assert "docs/security.md" in (ROOT / "SECURITY.md").read_text()
