"""Names that load their modules late: a builder stays a builder however its module came in."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PACKAGE = "gdx_sdk._generated.position_mgmt.instructions"


def told(code: str) -> list[str]:
    """The words a new interpreter prints: what an earlier test imported does not count."""
    script = f"import json, sys\n{code}"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return list(json.loads(done.stdout))


def test_one_builder_loads_its_own_module_only() -> None:
    loaded = told(
        f"from {PACKAGE} import liquidate\n"
        f"print(json.dumps([m for m in sys.modules if m.startswith('{PACKAGE}.')]))"
    )
    assert loaded == [f"{PACKAGE}.liquidate"]


@pytest.mark.parametrize(
    "statement",
    [
        f"from {PACKAGE} import liquidate",
        f"import {PACKAGE}.liquidate\nfrom {PACKAGE} import liquidate",
        f"from {PACKAGE}.liquidate import DISCRIMINATOR\nfrom {PACKAGE} import liquidate",
        f"import {PACKAGE} as package\npackage.LiquidateArgs\nliquidate = package.liquidate",
        f"from {PACKAGE} import *",
    ],
)
def test_a_builder_is_no_module(statement: str) -> None:
    answer = told(f"{statement}\nprint(json.dumps([type(liquidate).__name__, liquidate.__module__]))")
    assert answer == ["function", f"{PACKAGE}.liquidate"]


def test_its_module_is_still_found_by_name() -> None:
    answer = told(
        f"from {PACKAGE} import liquidate\nfrom importlib import import_module\n"
        f"module = import_module('{PACKAGE}.liquidate')\n"
        "print(json.dumps([type(module).__name__, str(module.liquidate is liquidate)]))"
    )
    assert answer == ["module", "True"]


def test_an_unknown_name_says_which_package() -> None:
    from gdx_sdk._generated.position_mgmt import instructions

    with pytest.raises(AttributeError, match=f"module '{PACKAGE}' has no attribute 'liquidat'"):
        instructions.liquidat  # noqa: B018
