"""Generated errors, constants, enums, events and what a package imports."""

from __future__ import annotations

import base64
import subprocess
import sys
from types import ModuleType

import pytest
from solders.pubkey import Pubkey

from gdx_sdk.errors import CodecError, ProgramError
from gdx_sdk.runtime import Some


def test_errors(features: ModuleType) -> None:
    errors = features.errors
    small = errors.from_code(6000, ["a log"])
    assert isinstance(small, errors.TooSmall)
    assert isinstance(small, ProgramError)
    assert (small.program, small.code, small.name) == ("features", 6000, "TooSmall")
    assert (small.sentence, small.logs) == ('it\'s "too small" — naïve 🦀', ("a log",))
    assert {code: kind.name for code, kind in errors.BY_CODE.items()} == {
        6000: "TooSmall",
        6001: "None",
        6002: "ValueError",
        6500: "TooSmall",
    }
    assert (errors.None_.code, errors.ValueError_.code, errors.TooSmall_.code) == (6001, 6002, 6500)
    assert errors.from_code(1) is None
    assert errors.None_.sentence == "None"


def test_constants(features: ModuleType, legacy: ModuleType) -> None:
    expected = {
        "ARRAY": b"\1\2\3\4",
        "WORDS": (1, 2),
        "BOOL": False,
        "BYTES": b'ab"',
        "I128": -16,
        "U64": 1000,
        "HEX": 255,
        "STRING": 'a"b\\ 🦀',
        "PUBKEY": features.PROGRAM_ID,
        "NESTED": Some("a, b"),
        "NOTHING": None,
        "OPTION": b"\1\2",
        "FLOAT": 1.5,
        "EXPRESSION": "60 * 60",
        "lower": 1,
    }
    assert {name: getattr(features.constants, name) for name in expected} == expected
    assert (legacy.constants.MAX, legacy.constants.SEED, legacy.constants.SUM) == (10, "seed", "MAX + 1")


def test_enums(features: ModuleType) -> None:
    side = features.types.Side
    assert {member.name: member.value for member in side} == {"BUY": 0, "SELL": 1, "NONE": 2, "MRO": 3}
    shape = features.types.Shape
    for value, data in [
        (features.types.ShapeEmpty(), b"\0"),
        (features.types.ShapePair(7, "é"), b"\x02\x07\x02\0\0\0\xc3\xa9"),
        (
            features.types.ShapePolygon((features.types.Point(1, -1),)),
            b"\x03\x01\0\0\0\x01\0\0\0\xff\xff\xff\xff",
        ),
    ]:
        assert (value.encode(), shape.decode(data)) == (data, value)
        assert isinstance(value, shape)
    with pytest.raises(CodecError, match="Shape = 5: its tag must be 0 to 4"):
        shape.decode(b"\x05")
    with pytest.raises(CodecError, match="nothing may follow"):
        shape.decode(b"\0\0")


def test_types_that_contain_themselves(features: ModuleType) -> None:
    tree = features.types.Tree
    value = tree(1, (tree(2, ()), tree(3, (tree(4, ()),))))
    assert tree.decode(value.encode()) == value
    number, negate, body = features.types.ExprNumber, features.types.ExprNegate, features.types.Body
    expr = negate(body((number(-5), negate(None))))
    assert features.types.Expr.decode(expr.encode()) == expr


def test_corrupt_counts_end_at_once(features: ModuleType) -> None:
    with pytest.raises(CodecError, match="count 4294967295"):
        features.types.Tree.decode(b"\x01\xff\xff\xff\xff")


def test_aliases(features: ModuleType) -> None:
    from importlib import import_module

    module = import_module(f"{features.__name__}.types.bitmap")
    assert module.BITMAP.decode(bytes(31) + b"\x80") == (0, 0, 0, 2**63)


def test_events_from_logs(features: ModuleType) -> None:
    created = features.events.Created(Pubkey.new_unique(), features.types.Point(1, 2), 30)
    line = "Program data: " + base64.b64encode(created.encode()).decode()
    own, other = features.PROGRAM_ID, Pubkey.new_unique()
    logs = [
        f"Program {own} invoke [1]",
        "Program log: success",
        f"Program {other} invoke [2]",
        line,  # another program's data with the same bytes
        f"Program {other} success",
        "Program data: !!!",
        "Program data: AAAA",
        line,
        f"Program {own} consumed 5 of 10 compute units",
        f"Program {own} failed: custom program error: 0x1770",
        line,
    ]
    assert features.events.events_from_logs(logs) == [created]
    assert features.events.events_from_logs(logs, other) == [created]
    assert features.events.decode_event(b"12345678") is None
    with pytest.raises(CodecError, match="may be newer"):
        features.events.decode_event(created.encode() + b"\0")


def test_events_from_calls_to_itself(features: ModuleType) -> None:
    created = features.events.Created(Pubkey.new_unique(), features.types.Point(1, 2), 30)
    renamed = features.events.Renamed("new", features.types.Created(created.market, created.point, 30))
    tag = bytes.fromhex("e445a52e51cb9a1d")  # the log instruction of Anchor's emit_cpi!
    assert features.events.event_from_cpi(tag + created.encode()) == created
    assert features.events.event_from_cpi(tag + renamed.encode()) == renamed
    assert features.events.event_from_cpi(created.encode()) is None
    assert features.events.event_from_cpi(tag + b"unknown!") is None


def test_docs_survive(features: ModuleType) -> None:
    docs = features.types.Point.__doc__
    assert docs.startswith('A point — "quoted", with a backslash \\ and an emoji 🦀.')
    assert "Second paragraph" in docs


def test_a_package_loads_nothing_heavy() -> None:
    """Importing a client and one of its accounts loads solders and the runtime, and no more."""
    code = (
        "import sys\n"
        "from gdx_sdk._generated import position_mgmt\n"
        "position_mgmt.accounts.UserPosition, position_mgmt.instructions.settle_batch\n"
        "heavy = {'numpy', 'construct', 'solana', 'httpx', 'websockets', 'asyncio', 'pydantic'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
        "print([m for m in sys.modules if m.startswith('gdx_sdk.idlgen')])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "[]"]
