"""Compiled programs as package data."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from gdx_sdk import programs, validity
from gdx_sdk.errors import CodecError, InputError
from gdx_sdk.validity import OracleAction, Validity


@pytest.mark.parametrize("name", programs.PROGRAM_IDS)
def test_each_program_loads_and_hashes_to_its_manifest(name: str) -> None:
    program = programs.load(name)
    assert program.elf.startswith(b"\x7fELF")
    manifest = json.loads(files("gdx_sdk.programs").joinpath("manifest.json").read_bytes())
    assert manifest["programs"][name]["sha256"] == program.sha256


def test_an_unknown_program_is_refused() -> None:
    with pytest.raises(InputError, match="must be one of collateral_vault"):
        programs.load("nothing")


def test_changed_code_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "oracle.so").write_bytes(b"\x7fELF")
    (tmp_path / "manifest.json").write_text('{"programs": {"oracle": {"sha256": "00"}}}')
    monkeypatch.setattr(programs, "files", lambda _: tmp_path)
    with pytest.raises(CodecError, match=r"oracle\.so"):
        programs.load("oracle")
    with pytest.raises(InputError, match="no compiled code"):
        programs.load("funding_rate")


def test_the_action_table_is_the_programs() -> None:
    table = json.loads(files("gdx_sdk.programs").joinpath("action_table.json").read_bytes())
    assert table["bits"] == {bit.name.lower(): bit.value for bit in Validity if bit.name}
    assert set(table["actions"]) == {action.value for action in OracleAction}
    assert validity.is_allowed(OracleAction.UPDATE_FUNDING, Validity.STALE)
    assert not validity.is_allowed(OracleAction.LIQUIDATE, Validity.TOO_OLD | Validity.STALE)
    assert all(validity.is_allowed(action, 0) for action in OracleAction)
    assert not any(validity.is_allowed(OracleAction.ADD_RISK, bit) for bit in Validity)
