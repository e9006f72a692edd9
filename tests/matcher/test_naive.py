"""The engine against its naive twin: same commands, same events, same state hash."""

from __future__ import annotations

from collections import Counter

import pytest
from gdx_matcher import commands as c
from gdx_matcher import events as e
from gdx_matcher.engine import Engine
from gdx_matcher.naive import NaiveEngine
from gdx_matcher.risk import Risk
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.matcher.matcher_flows import MARKETS, Flow

FAILED_SEEDS: tuple[int, ...] = ()  # seeds that once found a difference are kept here


def known(pairs: list[tuple[c.Command, int]]) -> list[tuple[c.Command, int]]:
    """Without operator commands for a market that does not exist, which the twin does not check."""
    operator = (c.UpdatePrices, c.SetMarketLimits, c.SetMarketStatus)
    return [pair for pair in pairs if not (isinstance(pair[0], operator) and pair[0].market_index == 9)]


def rich_engine(accounts: int) -> Engine:
    """An engine whose accounts never lack margin, so that only positions matter."""
    engine = Engine(MARKETS, risk=Risk())
    for market in MARKETS:
        for account in range(accounts):
            key = bytes([market.market_index, account]) * 16
            engine.apply(c.RegisterAccount(account, market.market_index, key), 0)
            engine.apply(c.ChangeCollateral(account, market.market_index, 10**15), 0)
    return engine


def compare(engine: Engine, twin: NaiveEngine, seed: int, count: int, *, reduce_only: bool) -> None:
    flow = Flow(seed, reduce_only=reduce_only)
    for number, (command, now_ms) in enumerate(known(flow.take(count))):
        ours, theirs = engine.apply(command, now_ms), twin.apply(command, now_ms)
        assert ours == theirs, f"seed {seed}, command {number}: {command}"
        if number % 16 == 0:
            same = engine.state_hash(with_risk=False) == twin.state_hash()
            assert same, f"seed {seed}, state after command {number}: {command}"
    assert engine.state_hash(with_risk=False) == twin.state_hash(), f"seed {seed}, at the end"


@pytest.mark.parametrize("seed", [*range(12), *FAILED_SEEDS])
def test_books_agree_without_risk(seed: int) -> None:
    compare(Engine(MARKETS), NaiveEngine(MARKETS), seed, 800, reduce_only=False)


@pytest.mark.parametrize("seed", [*range(100, 112), *FAILED_SEEDS])
def test_books_agree_with_positions(seed: int) -> None:
    engine, twin = rich_engine(6), NaiveEngine(MARKETS, has_positions=True)
    compare(engine, twin, seed, 800, reduce_only=True)


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), has_positions=st.booleans())
def test_books_agree_for_any_seed(seed: int, has_positions: bool) -> None:
    engine = rich_engine(6) if has_positions else Engine(MARKETS)
    compare(engine, NaiveEngine(MARKETS, has_positions=has_positions), seed, 150, reduce_only=has_positions)


def test_the_flow_reaches_every_kind_of_event() -> None:
    """A comparison of nothing proves nothing: count what the flows make happen."""
    seen: Counter[str] = Counter()
    for seed in range(6):
        engine = rich_engine(6)
        for command, now_ms in known(Flow(seed, reduce_only=True).take(1_500)):
            for event in engine.apply(command, now_ms):
                reason = getattr(event, "reason", None)
                seen[type(event).__name__ if reason is None else f"{type(event).__name__} {reason.name}"] += 1
    for cancel in e.CancelReason:
        assert seen[f"OrderCanceled {cancel.name}"] or cancel.name in ("MARGIN", "LIMITS"), cancel.name
    for reject in ("POST_ONLY_WOULD_TAKE", "WOULD_NOT_REDUCE", "PRICE_OUTSIDE_BAND", "EXPIRED", "PAUSED"):
        assert seen[f"OrderRejected {reject}"], reject
    assert seen["TradeExecuted"] > 1_000
    assert seen["MarketHalted"]
