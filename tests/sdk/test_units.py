"""Decimals at the edge: exact or refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdx_sdk.errors import InexactQuantity, InputError
from gdx_sdk.units import (
    I64_MAX,
    Side,
    format_price,
    format_quote,
    format_size,
    format_units,
    lots_from,
    price_e6_from,
    quote_atoms_from,
    size_e8_from,
    units_from,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("96500.25", 96_500_250_000),
        ("1E3", 10**9),
        (Decimal("0.000001"), 1),
        (7, 7_000_000),
        ("1.50", 1_500_000),
    ],
)
def test_a_price_becomes_units(value: Any, expected: int) -> None:
    assert price_e6_from(value) == expected


@pytest.mark.parametrize("value", ["0.0000001", "1e-7", Decimal("96500.1234567"), "1e-999999999"])
def test_a_price_that_does_not_divide_is_refused(value: Any) -> None:
    with pytest.raises(InexactQuantity, match="multiple of 1e-6"):
        price_e6_from(value)


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (8.2, "already rounded"),
        (True, "already rounded"),
        (None, "already rounded"),
        ("nan", "finite"),
        ("-Infinity", "finite"),
        ("", "decimal number"),
        ("12,5", "decimal number"),
        ("1e999999999", "digits"),
        ("9" * 5000, "digits"),
        ("0", "between"),
        ("-1", "between"),
        (str(I64_MAX), "between"),
    ],
)
def test_what_is_no_price_is_refused(value: Any, rule: str) -> None:
    with pytest.raises(InputError, match=rule) as refused:
        price_e6_from(value)
    assert refused.value.field == "price"


def test_zero_with_any_exponent_is_zero() -> None:
    assert units_from("0e999999999", 8) == 0
    assert units_from("-0.0", 8) == 0


def test_sizes_and_quotes_are_signed() -> None:
    assert size_e8_from("-0.015") == -1_500_000
    assert quote_atoms_from("-12.5") == -12_500_000


@given(st.integers(-(10**30), 10**30), st.integers(0, 12), st.booleans())
def test_formatting_and_parsing_are_inverse(units: int, decimals: int, trim: bool) -> None:
    assert units_from(format_units(units, decimals, trim=trim), decimals) == units


def test_formats() -> None:
    assert format_price(96_500_250_000) == "96500.25"
    assert format_size(-1_500_000, trim=False) == "-0.01500000"
    assert format_quote(1_000_000) == "1"


def test_lots() -> None:
    assert lots_from("0.25", lot=Decimal("0.05")) == 5
    with pytest.raises(InexactQuantity, match=r"multiple of 0\.05"):
        lots_from("0.26", lot="0.05")
    with pytest.raises(InputError, match="positive"):
        lots_from("1", lot="0")


def test_sides_are_opposite() -> None:
    assert (Side.BUY.opposite, Side.SELL.opposite) == (Side.SELL, Side.BUY)
    assert (Side.BUY.sign, Side.SELL.sign) == (1, -1)
