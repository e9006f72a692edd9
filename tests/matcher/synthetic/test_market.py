"""The synthetic market: deterministic, whole numbers, enough trades, nothing refused."""

from __future__ import annotations

from collections import Counter
from itertools import islice, pairwise

import pytest
from gdx_matcher.engine import Engine
from gdx_matcher.market import MarketConfig
from gdx_matcher.recordings import AccountSpread, RecordingKind, Replayer
from gdx_matcher.recordings.actions import (
    Action,
    BookCleared,
    OrderAdded,
    OrderCanceled,
    OrderTaken,
    PriceKind,
    PriceSeen,
)
from gdx_matcher.recordings.stats import ReplayStats
from gdx_matcher.synthetic import along_prices, epilogue, synthetic_market
from gdx_matcher.synthetic.market import (
    DEFAULT_DURATION_MS,
    DEFAULT_LOT_E8,
    DEFAULT_PRICE_E6,
    DEFAULT_TICK_E6,
)

from gdx_sdk.errors import InputError
from gdx_sdk.units import BPS

HOUR_MS = 3_600_000


def replay(actions: list[Action], price_e6: int = DEFAULT_PRICE_E6) -> ReplayStats:
    """Through an engine whose tick and lot are those of the market."""
    market = MarketConfig(0, "TEST", tick_size_e6=DEFAULT_TICK_E6, lot_size_e8=DEFAULT_LOT_E8)
    engine = Engine([market])
    replayer = Replayer(engine.apply, AccountSpread(range(8), range(8, 14)), price_e6=price_e6)
    for _ in replayer.run(actions, RecordingKind.ORDERS, is_synthetic=True):
        pass
    return replayer.stats


@pytest.mark.parametrize("seed", range(5))
def test_the_default_market_makes_over_500_trades_in_over_an_hour(seed) -> None:
    actions = list(synthetic_market(seed))
    stats = replay(actions)
    assert stats.trades_synthetic >= 500, f"seed {seed}"
    assert stats.trades_recorded == 0
    assert not stats.refused, f"seed {seed}"
    assert actions[-1].at_ms == DEFAULT_DURATION_MS > HOUR_MS


def test_the_seed_decides_everything() -> None:
    first, again, other = (list(islice(synthetic_market(seed), 3_000)) for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_prices_and_sizes_are_whole_ticks_and_lots_and_time_runs_forward() -> None:
    last_ms = 0
    for action in synthetic_market(3):
        if isinstance(action, OrderAdded | OrderTaken):
            assert action.price_e6 > 0
            assert action.price_e6 % DEFAULT_TICK_E6 == 0
            assert action.size_e8 > 0
            assert action.size_e8 % DEFAULT_LOT_E8 == 0
        if not isinstance(action, OrderCanceled):
            assert action.at_ms >= last_ms
        last_ms = max(last_ms, action.at_ms)


def test_every_kind_of_actor_is_there() -> None:
    kinds = Counter(type(action) for action in synthetic_market(1))
    assert kinds[OrderAdded] > 5 * kinds[OrderTaken] > 0
    assert kinds[OrderCanceled] > 0
    sides = Counter(action.side for action in synthetic_market(1) if isinstance(action, OrderTaken))
    assert min(sides.values()) > 100


@pytest.mark.parametrize("price_e6", [100_000, 1_089_300, 236_470_000, 585_330_000])
def test_cheap_markets_work_too(price_e6) -> None:
    actions = list(synthetic_market(1, price_e6=price_e6, tick_e6=10, lot_e8=10_000, duration_ms=600_000))
    engine = Engine([MarketConfig(0, "TEST", tick_size_e6=10, lot_size_e8=10_000)])
    replayer = Replayer(engine.apply, AccountSpread([0], [1]), price_e6=price_e6)
    trades = sum(len(s.trades) for s in replayer.run(actions, RecordingKind.ORDERS, is_synthetic=True))
    assert trades > 50
    assert not replayer.stats.refused


@pytest.mark.parametrize("percent", [80, 125])
def test_the_epilogue_reaches_its_target_and_outlasts_a_funding_period(percent) -> None:
    target_e6 = DEFAULT_PRICE_E6 * percent // 100
    actions = list(epilogue(5, start_ms=HOUR_MS, price_e6=DEFAULT_PRICE_E6, target_e6=target_e6))
    assert actions[0] == BookCleared(HOUR_MS)
    path = [action for action in actions if isinstance(action, PriceSeen)]
    assert path[0].price_e6 == DEFAULT_PRICE_E6
    assert path[-1].at_ms - path[0].at_ms > HOUR_MS
    sign = -1 if percent < 100 else 1
    beyond = [seen for seen in path if sign * (seen.price_e6 - target_e6) >= 0]
    assert beyond[-1] is path[-1]
    assert path[-1].at_ms - beyond[0].at_ms >= DEFAULT_DURATION_MS // 3
    assert all(abs(b.price_e6 - a.price_e6) * BPS <= 51 * a.price_e6 for a, b in pairwise(path))
    stats = replay(actions)
    assert stats.trades_synthetic >= 300
    assert not stats.refused


def test_a_recorded_path_gets_synthetic_orders() -> None:
    prices = [
        PriceSeen(minute * 60_000, PriceKind.BAR, 50_000_000_000 + minute * 10**7) for minute in range(30)
    ]
    actions = list(along_prices(prices, 1))
    seen = {action.at_ms: action.price_e6 for action in actions if isinstance(action, PriceSeen)}
    assert all(seen[price.at_ms] == price.price_e6 for price in prices)
    assert replay(actions, prices[0].price_e6).trades_synthetic > 100


def test_an_empty_path_is_an_empty_market() -> None:
    assert list(along_prices([], 1)) == []


@pytest.mark.parametrize("field", ["tick_e6", "lot_e8", "takers_per_hour"])
def test_what_must_be_positive_is_checked(field) -> None:
    with pytest.raises(InputError, match=field):
        synthetic_market(1, **{field: 0})
