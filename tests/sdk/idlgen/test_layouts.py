"""Zero-copy layouts against the platform's own idea of `repr(C)`, and where the IDL's fields lie."""

from __future__ import annotations

import ctypes
from types import ModuleType
from typing import Any

import pytest
from solders.pubkey import Pubkey

from gdx_sdk.errors import CodecError


class Inner(ctypes.Structure):
    _fields_ = [("tag", ctypes.c_uint8), ("value", ctypes.c_uint32)]


class ZeroCopy(ctypes.Structure):
    _fields_ = [
        ("small", ctypes.c_uint8),
        ("big", ctypes.c_uint64),
        ("inner", Inner),
        ("pair", Inner * 2),
        ("huge", ctypes.c_uint64 * 2),  # u128 in a program's memory: sixteen bytes, aligned to eight
        ("flag", ctypes.c_bool),
        ("mode", ctypes.c_int),
        ("key", ctypes.c_uint8 * 32),
        ("last", ctypes.c_uint16),
    ]


def test_zero_copy_offsets_are_those_of_c(features: ModuleType) -> None:
    account = features.accounts.ZeroCopy
    expected = {field[0]: 8 + getattr(ZeroCopy, field[0]).offset for field in ZeroCopy._fields_}
    assert dict(account.OFFSETS) == expected
    assert 8 + ctypes.sizeof(ZeroCopy) == account.SIZE


def zero_copy(features: ModuleType) -> Any:
    inner, mode = features.types.InnerMemory, features.types.ModeMemory
    return features.accounts.ZeroCopy(
        small=1,
        big=2**64 - 1,
        inner=inner(3, 4),
        pair=(inner(5, 6), inner(7, 8)),
        huge=2**127 + 5,
        flag=True,
        mode=mode.ON,
        key=Pubkey.from_bytes(bytes(range(32))),
        last=65535,
    )


def test_zero_copy_bytes_are_those_of_c(features: ModuleType) -> None:
    value = zero_copy(features)
    data = value.encode()
    seen = ZeroCopy.from_buffer_copy(data[8:])
    assert (seen.small, seen.big, seen.inner.tag, seen.inner.value) == (1, 2**64 - 1, 3, 4)
    assert [(pair.tag, pair.value) for pair in seen.pair] == [(5, 6), (7, 8)]
    assert seen.huge[0] + (seen.huge[1] << 64) == 2**127 + 5
    assert (seen.flag, seen.mode, bytes(seen.key), seen.last) == (True, 1, bytes(range(32)), 65535)
    assert features.accounts.ZeroCopy.decode(data) == value


def test_borsh_and_memory_forms_of_a_type_are_two_classes(features: ModuleType) -> None:
    assert (features.types.Inner.SIZE, features.types.InnerMemory.SIZE) == (5, 8)
    assert features.types.Inner(1, 2).encode() == b"\x01\x02\0\0\0"
    assert features.types.InnerMemory(1, 2).encode() == b"\x01\0\0\0\x02\0\0\0"


def test_packed_and_overaligned(features: ModuleType) -> None:
    packed = features.accounts.Packed
    assert (dict(packed.OFFSETS), packed.SIZE) == ({"small": 3, "big": 4, "words": 12}, 18)
    over = features.accounts.Overaligned
    assert (over.SIZE, over(small=7).encode()) == (17, b"\x09\x07" + bytes(15))


def test_offsets_stop_at_the_first_dynamic_field(features: ModuleType) -> None:
    assert dict(features.accounts.Everything.OFFSETS) == {"owner": 8, "count": 40, "name": 42}


def test_dtype_reads_what_decode_reads(features: ModuleType) -> None:
    numpy = pytest.importorskip("numpy")
    value = zero_copy(features)
    dtype = features.accounts.ZeroCopy.dtype()
    assert dtype.itemsize == features.accounts.ZeroCopy.SIZE
    row = numpy.frombuffer(value.encode(), dtype=dtype)[0]
    assert (row["small"], row["big"], row["inner"]["value"], row["pair"]["tag"][1]) == (1, 2**64 - 1, 4, 7)
    assert (bytes(row["key"]), int(row["huge"][1]), bool(row["flag"])) == (bytes(value.key), 2**63, True)
    market = market_of(features)
    columns = features.accounts.Market.columns([market.encode(), market.encode()])
    assert columns["fee_bps"].tolist() == [30, 30]
    assert columns["levels"].tolist() == [[1, 2, 3]] * 2
    with pytest.raises(CodecError, match="discriminator"):
        features.accounts.Market.columns([value.encode()])


def market_of(features: ModuleType) -> Any:
    return features.accounts.Market(
        admin=Pubkey.from_bytes(bytes([9] * 32)),
        fee_bps=30,
        symbol=b"SOL-PERP",
        side=features.types.Side.SELL,
        is_open=True,
        point=features.types.Point(-1, 2),
        levels=(1, 2, 3),
        supply=2**100,
    )
