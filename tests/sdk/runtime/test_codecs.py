"""The codecs on their own: known bytes, limits, and clear refusals."""

from __future__ import annotations

import random
from typing import Any

import pytest
from solders.pubkey import Pubkey

from gdx_sdk import runtime as rt
from gdx_sdk.errors import CodecError
from gdx_sdk.runtime import Layout

KNOWN: list[tuple[Any, Any, str]] = [
    (rt.U8, 255, "ff"),
    (rt.I16, -2, "feff"),
    (rt.U64, 1, "0100000000000000"),
    (rt.I128, -1, "ff" * 16),
    (rt.U256, 1, "01" + "00" * 31),
    (rt.F32, 1.5, "0000c03f"),
    (rt.BOOL, True, "01"),
    (rt.STRING, "é", "02000000c3a9"),
    (rt.BYTES, b"\1", "0100000001"),
    (rt.TAIL_STRING, "0.42", "302e3432"),
    (rt.fixed_bytes(2), b"ab", "6162"),
    (rt.option(rt.U8), None, "00"),
    (rt.option(rt.U8), 7, "0107"),
    (rt.nested_option(rt.U8), None, "00"),
    (rt.nested_option(rt.U8), rt.Some(None), "0100"),
    (rt.nested_option(rt.U8), rt.Some(7), "010107"),
    (rt.coption(rt.U16), None, "000000000000"),
    (rt.coption(rt.U16), 1, "010000000100"),
    (rt.vec(rt.U16), (1, 2), "0200000001000200"),
    (rt.array(rt.U16, 2), (1, 2), "01000200"),
    (rt.array(rt.STRING, 1), ("a",), "0100000061"),
    (rt.array(rt.BOOL, 2), (True, False), "0100"),
    (rt.vec(rt.vec(rt.U8)), ((1,), ()), "02000000010000000100000000"),
]


@pytest.mark.parametrize(("codec", "value", "data"), KNOWN, ids=[str(index) for index in range(len(KNOWN))])
def test_known_bytes(codec: Any, value: Any, data: str) -> None:
    assert codec.encode(value).hex() == data
    assert codec.decode(bytes.fromhex(data)) == value


@pytest.mark.parametrize(
    ("codec", "value"),
    [
        (rt.U8, 256),
        (rt.U8, -1),
        (rt.U8, "1"),
        (rt.U128, 2**128),
        (rt.I256, None),
        (rt.F32, 1e300),
        (rt.BOOL, 2),
        (rt.PUBKEY, bytes(32)),
        (rt.STRING, b"bytes"),
        (rt.STRING, "\ud800"),
        (rt.BYTES, "text"),
        (rt.fixed_bytes(2), b"abc"),
        (rt.nested_option(rt.U8), 7),
        (rt.array(rt.U8, 2), (1,)),
        (rt.array(rt.STRING, 2), ("a",)),
        (rt.array(rt.U8, 1), (256,)),
    ],
)
def test_values_that_do_not_fit(codec: Any, value: Any) -> None:
    with pytest.raises(CodecError):
        codec.encode(value)


@pytest.mark.parametrize(
    ("codec", "data"),
    [
        (rt.U64, "00"),
        (rt.U8, "0000"),
        (rt.BOOL, "02"),
        (rt.STRING, "02000000c3"),
        (rt.STRING, "01000000ff"),
        (rt.option(rt.U8), "02"),
        (rt.nested_option(rt.U8), "02"),
        (rt.coption(rt.U8), "0200000000"),
        (rt.vec(rt.U8), "ffffffff"),
        (rt.array(rt.STRING, 2), "00000000"),
    ],
)
def test_malformed_bytes(codec: Any, data: str) -> None:
    with pytest.raises(CodecError):
        codec.decode(bytes.fromhex(data))


def test_every_prefix_is_refused() -> None:
    """Cut anywhere, a record is an error and never another exception."""
    layout = Layout(
        ("a", rt.U8), ("b", rt.STRING), ("c", rt.option(rt.PUBKEY)), ("d", rt.vec(rt.U64)), ("e", rt.U16)
    )
    data = layout.encode(1, "text", Pubkey.new_unique(), (1, 2), 3)
    for end in range(len(data)):
        with pytest.raises(CodecError):
            layout.read(data[:end], 0)
    assert layout.read(data, 0)[1] == len(data)


def test_random_bytes_never_raise_anything_else() -> None:
    layout = Layout(("a", rt.BOOL), ("b", rt.vec(rt.option(rt.STRING))), ("c", rt.nested_option(rt.U128)))
    for seed in range(300):
        data = random.Random(seed).randbytes(40)
        try:
            values, end = layout.read(data, 0)
        except CodecError:
            continue
        assert layout.encode(*values) == data[:end], f"seed {seed}"


def test_layout_errors_name_the_field() -> None:
    layout = Layout(("amount", rt.U64), ("name", rt.STRING))
    with pytest.raises(CodecError, match=r"args\.amount = -1"):
        layout.encode(-1, "x")
    with pytest.raises(CodecError, match=r"args\.name = 5"):
        layout.encode(1, 5)


def test_find_address_refuses_what_no_program_can_derive() -> None:
    program = Pubkey.new_unique()
    assert rt.find_address((b"a",), program) == Pubkey.find_program_address([b"a"], program)
    with pytest.raises(CodecError, match="at most 32 bytes"):
        rt.find_address((bytes(33),), program)
    with pytest.raises(CodecError, match="at most 15"):
        rt.find_address((b"",) * 16, program)


def test_base58_of_filters() -> None:
    for seed in range(50):
        data = random.Random(seed).randbytes(32)
        assert rt.MemcmpFilter(0, data).bytes == str(Pubkey.from_bytes(data)), f"seed {seed}"
    assert rt.MemcmpFilter(0, b"\0\0\x01").bytes == "112"
