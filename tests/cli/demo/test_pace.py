"""When the demo's main loop takes a turn."""

from __future__ import annotations

import pytest
from gdx_cli.demo.pace import BUSY_TRADES, LATEST_MS, SOONEST_MS, USUAL_MS, Pace

BEFORE = {"A": 100_000_000, "B": 50_000_000}


@pytest.mark.parametrize(
    ("passed_ms", "trades", "price_e6", "is_due"),
    [
        (LATEST_MS, 0, 100_000_000, True),
        (LATEST_MS - 1, 0, 100_000_000, False),
        (USUAL_MS, BUSY_TRADES, 100_000_000, True),
        (USUAL_MS - 1, BUSY_TRADES, 100_000_000, False),
        (USUAL_MS, BUSY_TRADES - 1, 100_000_000, False),
        (SOONEST_MS, 0, 100_200_000, True),
        (SOONEST_MS, 0, 100_199_999, False),
        (SOONEST_MS - 1, 0, 99_800_000, False),
        (0, 0, 98_500_000, True),
        (0, 0, 98_500_001, False),
    ],
)
def test_time_trades_and_prices_ask_for_a_turn(
    passed_ms: int, trades: int, price_e6: int, is_due: bool
) -> None:
    pace = Pace()
    pace.turned(1_000, 40, BEFORE)
    assert pace.is_due(1_000 + passed_ms, 40 + trades, {**BEFORE, "A": price_e6}) is is_due


def test_it_remembers_prices_as_they_were() -> None:
    pace, prices = Pace(), dict(BEFORE)
    pace.turned(0, 0, prices)
    prices["B"] *= 2
    assert pace.is_due(0, 0, prices)


def test_a_price_not_seen_before_moved_nothing() -> None:
    pace = Pace()
    pace.turned(0, 0, {})
    assert not pace.is_due(SOONEST_MS, 0, BEFORE)
