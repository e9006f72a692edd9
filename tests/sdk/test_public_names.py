"""The package's front page: one sorted list, nothing loaded before it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import gdx_sdk

HEAVY = ("httpx", "solana", "websockets", "numpy", "pydantic", "construct", "pluggy", "msgspec", "asyncio")


def loaded_by(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    return set(
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True
        ).stdout.split()
    )


def test_the_list_is_sorted_without_regard_to_case() -> None:
    assert gdx_sdk.__all__ == sorted(gdx_sdk.__all__, key=str.casefold)
    assert set(gdx_sdk._HOME) == set(gdx_sdk.__all__) == set(dir(gdx_sdk))


@pytest.mark.parametrize("name", gdx_sdk.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(gdx_sdk, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        gdx_sdk.nothing  # noqa: B018


def test_importing_the_package_loads_nothing_of_it() -> None:
    modules = loaded_by("import gdx_sdk")
    assert {name for name in modules if name.startswith("gdx_sdk")} == {"gdx_sdk"}
    assert not modules & {"solders", *HEAVY}


@pytest.mark.parametrize("module", ["errors", "units", "math", "batch", "pdas", "programs", "tx", "validity"])
def test_pure_modules_load_nothing_heavy(module: str) -> None:
    assert not loaded_by(f"import gdx_sdk.{module}") & set(HEAVY)


def test_errors_units_and_maths_do_not_even_load_solders() -> None:
    for module in ("errors", "errors.registry", "units", "math"):
        assert "solders" not in loaded_by(f"import gdx_sdk.{module}"), module


def test_the_client_loads_no_http_before_a_call() -> None:
    modules = loaded_by("from gdx_sdk.client import Client; Client('http://127.0.0.1:1')")
    assert not modules & set(HEAVY)
