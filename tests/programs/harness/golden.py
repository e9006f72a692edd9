"""Golden cases for the tests of compiled programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "golden"


def cases(name: str) -> list[dict[str, Any]]:
    """The cases of one golden file."""
    return list(json.loads((FOLDER / f"{name}.json").read_text())["cases"])


def numbers(case: dict[str, Any]) -> dict[str, int]:
    """The quantities of a case; text that is no number stays out."""
    return {
        name: int(text)
        for name, text in case.items()
        if isinstance(text, str) and text.removeprefix("-").isdigit()
    }
