"""Varints: inverse, minimal, bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdx_sdk.batch.varint import PayloadReader, encode_varint, unzigzag, varint_length, zigzag
from gdx_sdk.errors import CodecError, InputError


@given(st.integers(0, 2**64 - 1))
def test_varints_are_inverse_and_as_long_as_said(value: int) -> None:
    encoded = encode_varint(value)
    reader = PayloadReader(encoded)
    assert reader.varint("x") == value
    reader.end()
    assert varint_length(value) == len(encoded)


@given(st.integers(-(2**63), 2**63 - 1))
def test_zigzag_is_inverse(value: int) -> None:
    assert unzigzag(zigzag(value)) == value
    assert 0 <= zigzag(value) < 2**64


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "ends after 2 bytes"),
        (b"\x80", "ends after 3 bytes"),
        (b"\x80\x00", "shortest form"),
        (b"\xff" * 9 + b"\x02", "u64"),
        (b"\xff" * 10 + b"\x00", "u64"),
    ],
)
def test_malformed_varints_name_offset_and_rule(data: bytes, rule: str) -> None:
    with pytest.raises(CodecError, match=rule) as refused:
        PayloadReader(b"??" + data, 2).varint("size")
    assert refused.value.field.startswith("size at byte ")


def test_values_out_of_range_are_not_encoded() -> None:
    for value in (-1, 2**64):
        with pytest.raises(InputError, match="u64"):
            encode_varint(value)
    for value in (-(2**63) - 1, 2**63):
        with pytest.raises(InputError, match="i64"):
            zigzag(value)
