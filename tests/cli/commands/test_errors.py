"""`gdx errors`."""

from __future__ import annotations

import json

import pytest

from gdx_sdk.errors.registry import all_errors
from tests.cli.conftest import Invoke

ENTRY = next(entry for entry in all_errors() if entry.name == "NotPublisher")


@pytest.mark.parametrize(
    "code", [str(ENTRY.code), hex(ENTRY.code), hex(ENTRY.code).upper().replace("0X", "0x"), "NotPublisher"]
)
def test_a_code_is_explained_by_number_hexadecimal_and_name(invoke: Invoke, code: str) -> None:
    done = invoke("errors", "explain", code, "--json")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["code"], found["program"], found["name"]) == (ENTRY.code, "oracle", "NotPublisher")
    assert found["sentence"] == ENTRY.sentence
    assert found["cause"]
    assert found["fix"]


def test_the_table_has_the_same_words(invoke: Invoke) -> None:
    done = invoke("errors", "explain", str(ENTRY.code))
    assert ENTRY.sentence in done.stdout
    assert ENTRY.fix in done.stdout


@pytest.mark.parametrize("code", ["1", "0x1", "NoSuchError", "", "0xzz", "9" * 30])
def test_an_unknown_code_is_wrong_usage(invoke: Invoke, code: str) -> None:
    done = invoke("errors", "explain", code)
    assert done.exit_code == 2
    assert "CODE" in done.stderr


def test_every_error_is_listed(invoke: Invoke) -> None:
    listed = json.loads(invoke("errors", "list", "--json").stdout)
    assert [entry["code"] for entry in listed] == [entry.code for entry in all_errors()]
    oracle = invoke("errors", "list", "--program", "oracle").stdout
    assert "NotPublisher" in oracle
    assert "position_mgmt" not in oracle
    assert invoke("errors", "list", "--program", "nope").exit_code == 2
