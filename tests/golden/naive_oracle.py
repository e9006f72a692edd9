"""Oracle prices and the withdrawal limiter once more, as plainly as possible; nothing here imports the project."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

Window = dict[str, int]


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


def new_window(start_ts: int) -> Window:
    return {"window_start_ts": start_ts, "window_net_atoms": 0, "previous_net_atoms": 0}


def advance(state: Window, now_ts: int, window_s: int) -> None:
    """Windows that are over: the last one is the previous one, an older one is forgotten."""
    windows = (now_ts - state["window_start_ts"]) // window_s
    if windows >= 1:
        state["previous_net_atoms"] = state["window_net_atoms"] if windows == 1 else 0
        state["window_net_atoms"] = 0
        state["window_start_ts"] += windows * window_s


def net_outflow(state: Window, now_ts: int, window_s: int) -> int:
    """This window's net, and the part of the previous one that is still in view."""
    left = window_s - (now_ts - state["window_start_ts"])
    return state["window_net_atoms"] + ceil(state["previous_net_atoms"] * Fraction(left, window_s))


def move(state: Window, op: str, amount: int, now_ts: int, limit: int, window_s: int) -> bool:
    """Whether it is allowed; what is not changes nothing."""
    advanced = dict(state)
    advance(advanced, now_ts, window_s)
    advanced["window_net_atoms"] += amount if op == "withdraw" else -amount
    is_allowed = op == "deposit" or limit == 0 or net_outflow(advanced, now_ts, window_s) <= limit
    if is_allowed:
        state.update(advanced)
    return is_allowed
