"""The registry: complete, in step with the IDLs, and readable."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gdx_sdk.errors import InputError
from gdx_sdk.errors.build_registry import REGISTRY, build, render
from gdx_sdk.errors.registry import all_errors, explain, find_error

IDL = Path(__file__).resolve().parents[3] / "idl"
FIRST_CODE = {
    "collateral_vault": 6000,
    "ephemeral_vault": 6100,
    "oracle": 6200,
    "funding_rate": 6300,
    "position_mgmt": 6400,
}


def test_the_committed_registry_is_what_the_idls_and_the_guidance_make() -> None:
    stale = "run `python -m gdx_sdk.errors.build_registry`"
    assert REGISTRY.read_text(encoding="utf-8") == render(build(IDL)), stale


def test_every_program_error_is_in_it_once() -> None:
    codes = [entry.code for entry in all_errors()]
    assert len(codes) == len(set(codes))
    for program, first in FIRST_CODE.items():
        idl = json.loads((IDL / f"{program}.json").read_bytes())
        expected = {(error["code"], error["name"], error["msg"]) for error in idl["errors"]}
        found = {(e.code, e.name, e.sentence) for e in all_errors() if e.program == program}
        assert found == expected, program
        assert min(code for code, _, _ in found) == first
        above = [other for other in FIRST_CODE.values() if other > first]
        assert max(code for code, _, _ in found) < min(above, default=2**32)


def test_no_text_is_empty() -> None:
    for entry in all_errors():
        assert all(text.strip() for text in (entry.sentence, entry.cause, entry.fix)), entry.name


def test_explain_takes_numbers_and_names() -> None:
    entry = explain(6400)
    assert explain("6400") == explain("0x1900") == explain(" 0X1900 ") == entry
    assert (entry.program, entry.name) == ("position_mgmt", "NotAdmin")
    assert explain("insufficientmargin").name == "InsufficientMargin"
    assert explain("MarketPoolShort").is_retryable
    assert find_error("position_mgmt", 6400) == entry
    assert find_error("oracle", 6400) is None


@pytest.mark.parametrize(
    ("code", "rule"),
    [(1, "is no error"), ("Nonsense", "is no error"), ("0xzz", "number"), ("NotAdmin", "several programs")],
)
def test_explain_refuses_what_it_does_not_know(code: int | str, rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        explain(code)


def test_missing_and_leftover_guidance_is_named(tmp_path: Path) -> None:
    idl = {"metadata": {"name": "oracle"}, "errors": [{"code": 6299, "name": "Brandnew", "msg": "x"}]}
    (tmp_path / "oracle.json").write_text(json.dumps(idl))
    with pytest.raises(
        ValueError, match=r"oracle\.Brandnew has no guidance.*oracle\.NotPublisher has guidance"
    ):
        build(tmp_path)
