"""Oracle prices and the withdrawal limiter once more, as plainly as possible; nothing here imports the project."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

Outflow = dict[str, int]


def aggregate(quotes: list[tuple[int, int]]) -> tuple[int, int]:
    """Median and confidence of (price, confidence) pairs."""
    prices = sorted(price for price, _ in quotes)
    count = len(prices)
    middle = prices[(count - 1) // 2 : count // 2 + 1]
    quarter = count // 4
    half_width = ceil(Fraction(prices[count - 1 - quarter] - prices[quarter], 2))
    return floor(Fraction(sum(middle), len(middle))), max(half_width, *(confidence for _, confidence in quotes))


def average(previous: int, sample: int, elapsed_s: int, period_s: int) -> int:
    """Moves toward the sample by its share of the period, never past what is exact."""
    if previous == 0 or elapsed_s >= period_s:
        return sample
    step = floor(abs(sample - previous) * Fraction(elapsed_s, period_s))
    return previous + step if sample >= previous else previous - step


def new_outflow(ts: int) -> Outflow:
    return {"updated_ts": ts, "net_outflow_atoms": 0}


def advance(state: Outflow, now_ts: int, window_s: int) -> None:
    """The share of the window that has passed is forgotten, rounded against who withdraws."""
    elapsed = now_ts - state["updated_ts"]
    kept = max(Fraction(0), 1 - Fraction(elapsed, window_s))
    state["net_outflow_atoms"], state["updated_ts"] = ceil(state["net_outflow_atoms"] * kept), now_ts


def move(state: Outflow, op: str, amount: int, now_ts: int, limit: int, window_s: int) -> bool:
    """Whether it is allowed; what is not changes nothing."""
    advanced = dict(state)
    advance(advanced, now_ts, window_s)
    net = advanced["net_outflow_atoms"] + (amount if op == "withdraw" else -amount)
    advanced["net_outflow_atoms"] = min(max(net, -(2**63)), 2**63 - 1)
    is_allowed = op == "deposit" or limit == 0 or advanced["net_outflow_atoms"] <= limit
    if is_allowed:
        state.update(advanced)
    return is_allowed
