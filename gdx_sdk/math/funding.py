"""Hourly funding: premium, rate and index. Rates in 1e-9 per hour, + = longs pay."""

from __future__ import annotations

from collections.abc import Sequence

from gdx_sdk.errors import InputError
from gdx_sdk.math._integers import clamp, div_trunc, i64
from gdx_sdk.units import RATE_SCALE

HOURS_PER_PERIOD = 8
INTEREST_E9 = 100_000  # 1 bp per 8 hours
INTEREST_CLAMP_E9 = 500_000  # ±5 bps
INDEX_PER_RATE = 10**5  # rate (1e-9) times price (atoms per base) in units of 1e-4 atom per base
MAX_CATCH_UP_HOURS = 24


def premium_e9(mark_price_e6: int, index_price_e6: int) -> int:
    """``(mark − index) / index`` in 1e-9, rounded toward zero."""
    if index_price_e6 <= 0:
        raise InputError("index_price_e6", index_price_e6, "must be positive")
    return i64("premium_e9", div_trunc((mark_price_e6 - index_price_e6) * RATE_SCALE, index_price_e6))


def weighted_premium_e9(samples: Sequence[tuple[int, int]]) -> int | None:
    """Time-weighted mean of (premium_e9, seconds) pairs, toward zero; None without any time in them."""
    seconds = sum(weight for _, weight in samples)
    if seconds <= 0:
        return None
    return div_trunc(sum(premium * weight for premium, weight in samples), seconds)


def funding_rate_e9(premium: int, max_rate_e9: int, interest_e9: int = INTEREST_E9) -> int:
    """``clamp((premium + clamp(interest − premium, ±5 bps)) / 8, ±max_rate)``, the division toward zero."""
    limit = max(max_rate_e9, 0)
    pulled = premium + clamp(interest_e9 - premium, -INTEREST_CLAMP_E9, INTEREST_CLAMP_E9)
    return clamp(div_trunc(pulled, HOURS_PER_PERIOD), -limit, limit)


def funding_index_step(rate_e9: int, index_price_e6: int) -> int:
    """``rate · index price`` in 1e-4 atom per whole base unit, rounded toward zero."""
    return i64("funding_index_step", div_trunc(rate_e9 * index_price_e6, INDEX_PER_RATE))
