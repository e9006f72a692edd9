"""Tables and JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from gdx_cli.output import columns, emit, plain, render


@dataclass(frozen=True)
class Sample:
    name: str
    size_e8: int
    root: bytes
    path: Path


def test_plain_turns_values_into_json_s_own_types() -> None:
    value = Sample("a", 2**63, b"\x01\xff", Path("/x"))
    assert plain({"items": (value,), 1: None}) == {
        "items": [{"name": "a", "size_e8": 2**63, "root": "01ff", "path": "/x"}],
        "1": None,
    }


def test_objects_are_aligned_lists() -> None:
    assert render({"url": "http://x", "is_up": True, "note": None}) == "url    http://x\nis_up  yes\nnote   -"


def test_lists_of_objects_are_tables_with_numbers_to_the_right() -> None:
    assert render([{"symbol": "SOL", "size": 5}, {"symbol": "BTC", "size": 1234}]) == (
        "symbol  size\nSOL        5\nBTC     1234"
    )
    assert columns(["a"], []) == "a"


def test_emit_prints_one_or_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    emit({"a": 1}, is_json=True)
    assert json.loads(capsys.readouterr().out) == {"a": 1}
    emit({"a": 1}, is_json=False, table=lambda: "my own table")
    assert capsys.readouterr().out == "my own table\n"
