"""What publishers' quotes become: one price with its confidence, and the averages that it moves."""

from __future__ import annotations

from collections.abc import Sequence

from gdx_sdk.errors import InputError
from gdx_sdk.math._integers import div_ceil, div_floor


def aggregate_quotes_e6(quotes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Median price and confidence of (price_e6, confidence_e6) pairs, in 1e-6 USDT.

    The median is the mean of the middle two, rounded down, for an even number. Confidence is the
    interquartile half-width, rounded up, or the widest input, whichever is larger; quartiles are the prices
    at the ranks ``n / 4`` and ``n − 1 − n / 4``. Raises `InputError` without quotes.
    """
    if not quotes:
        raise InputError("quotes", 0, "must hold at least one quote")
    prices = sorted(price for price, _ in quotes)
    count, quarter = len(prices), len(prices) // 4
    median = div_floor(prices[(count - 1) // 2] + prices[count // 2], 2)
    half_width = div_ceil(prices[count - 1 - quarter] - prices[quarter], 2)
    return median, max(half_width, *(confidence for _, confidence in quotes))


def average_e9(previous_e9: int, sample_e9: int, elapsed_s: int, period_s: int) -> int:
    """``previous + (sample − previous) · elapsed / period``, toward the previous value; in 1e-9 USDT.

    The first sample (previous 0) and one that is a period late are taken whole. Raises `InputError` for a
    negative time.
    """
    if elapsed_s < 0:
        raise InputError("elapsed_s", elapsed_s, "must not be negative")
    if previous_e9 == 0 or elapsed_s >= period_s:
        return sample_e9
    step = div_floor(abs(sample_e9 - previous_e9) * elapsed_s, period_s)
    return previous_e9 + step if sample_e9 >= previous_e9 else previous_e9 - step
