"""A market's events as commands for the shard."""

from __future__ import annotations

import pytest
from gdx_matcher import commands as c
from gdx_matcher import events as e
from gdx_matcher.chain_news import ChainNews, NewsGap
from gdx_matcher.engine import Engine
from gdx_matcher.risk import Risk
from solders.pubkey import Pubkey

from gdx_sdk.events import position_mgmt as pm
from gdx_sdk.units import Side
from tests.matcher.test_risk import MARKET, PRICE, place

KEY, OWNER, MARKET_KEY = (Pubkey.from_bytes(bytes([n] * 32)) for n in (1, 2, 3))
USDT = 10**6


def head(sequence: int) -> pm.EventHead:
    return pm.EventHead(100 + sequence, 1_700_000_000, sequence)


def after(collateral_atoms: int = 0) -> pm.PositionAfter:
    return pm.PositionAfter(KEY, OWNER, 0, 0, collateral_atoms, 0, 0, 0, 0, collateral_atoms, 0)


def opened(sequence: int, leverage: int) -> pm.PositionOpened:
    return pm.PositionOpened(head(sequence), MARKET_KEY, after(), leverage)


def closed(sequence: int) -> pm.PositionClosed:
    return pm.PositionClosed(head(sequence), MARKET_KEY, KEY, OWNER, 0, 0)


def test_a_position_opened_anew_trades_with_its_new_leverage_only() -> None:
    """Else orders are matched on margin that the program refuses: its owner could bust trades at will."""
    engine, news = Engine([MARKET], risk=Risk()), ChainNews(0, lambda position: 0)
    added = pm.CollateralAdded(head(4), MARKET_KEY, 60 * USDT, after(60 * USDT))
    for event in (opened(1, 10), closed(2), opened(3, 1), added):
        for command in news.read(event):
            assert not any(isinstance(told, e.CommandRejected) for told in engine.apply(command, 0)), command
    engine.apply(c.UpdatePrices(0, PRICE), 0)
    [rejected] = place(engine, 1, 0, Side.BUY, 1)
    assert isinstance(rejected, e.OrderRejected)
    assert rejected.reason is e.RejectReason.INSUFFICIENT_MARGIN
    assert engine.risk is not None
    assert engine.risk.holdings[0, 0].leverage == 1


def test_a_position_opened_anew_is_believed_empty() -> None:
    news = ChainNews(0, lambda position: 5)
    assert news.read(opened(1, 10)) == [c.RegisterAccount(5, 0, bytes(KEY), 10)]
    news.read(pm.FundingSet(head(2), MARKET_KEY, 77, 1))
    assert news.read(closed(3)) == []
    empty = c.SetPosition(5, 0, 0, 0, 0, funding_index=77)
    assert news.read(opened(4, 3)) == [c.SetLeverage(5, 0, 3), empty, c.RequestRelease(5, 0, 0)]


def test_a_missing_event_is_named() -> None:
    news = ChainNews(0, lambda position: 0)
    news.read(opened(1, 10))
    with pytest.raises(NewsGap, match="event 3 follows 1"):
        news.read(closed(3))
