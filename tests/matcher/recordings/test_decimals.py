"""Numbers and times as venues write them."""

from __future__ import annotations

import pytest
from gdx_matcher.recordings.decimals import (
    observed_price_e6,
    positive_size_e8,
    price_e6,
    size_e8,
    time_ms,
    units,
)
from gdx_matcher.recordings.errors import BadLine
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("28145.10", 28_145_100_000),
        ("0.1", 100_000),
        ("1", 1_000_000),
        ("1.", 1_000_000),
        ("5.123456", 5_123_456),
        ("5.12345600000", 5_123_456),
        ("1e2", 100_000_000),
        ("236.00999999999999", 236_010_000),
        ("1.1997200000000001", 1_199_720),
    ],
)
def test_price_is_exact(text: str, expected: int) -> None:
    assert price_e6(text) == expected


@pytest.mark.parametrize(
    "text", ["", "-1", "+-1", "abc", "1_000", "nan", "inf", "0", "0.0000001", "1.2345678", "1" * 61, "1e40"]
)
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(BadLine, match="price = "):
        price_e6(text)


def test_a_mark_price_with_more_digits_goes_to_the_nearest_unit() -> None:
    assert observed_price_e6("28147.27373413") == 28_147_273_734
    assert observed_price_e6("0.0000015") == 2
    assert observed_price_e6("0.0000025") == 2  # half to even


def test_an_emptied_level_has_size_zero_but_a_trade_has_not() -> None:
    assert size_e8("0.000") == 0
    with pytest.raises(BadLine, match="above zero"):
        positive_size_e8("0.000")


def test_a_size_beyond_64_bits_is_refused() -> None:
    with pytest.raises(BadLine, match="64 bits"):
        size_e8("999999999999")


@given(st.integers(min_value=0, max_value=2**63 - 1), st.integers(min_value=0, max_value=12))
def test_units_come_back_from_their_decimal_text(value: int, decimals: int) -> None:
    whole, fraction = divmod(value, 10**decimals)
    text = f"{whole}.{fraction:0{decimals}d}" if decimals else str(whole)
    assert units(text, decimals, "value") == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1680652700", 1_680_652_700_000),
        ("1680652700430", 1_680_652_700_430),
        ("1680652700423575", 1_680_652_700_423),
        ("1723161255030314667", 1_723_161_255_030),
        ("1635444230.8598988", 1_635_444_230_859),
        ("1635444230.8", 1_635_444_230_800),
        ("2021-12-31 23:01:00.000000", 1_640_991_660_000),
        ("2021-11-17T01:00:00+00:00", 1_637_110_800_000),
        ("2023-02-02 09:20:00.138000+00:00", 1_675_329_600_138),
        ("2024-05-08T00:00:00.123456789Z", 1_715_126_400_123),
    ],
)
def test_the_unit_of_a_time_is_told_by_its_magnitude(text: str, expected: int) -> None:
    assert time_ms(text) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "-5", "1" * 25])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(BadLine, match="timestamp"):
        time_ms(text)
