"""set_market_status: after the delay active, reduce-only or halted; settling is not set or left by hand."""

from __future__ import annotations

import pytest

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts

from .attacks import refuses_durable_nonce, refuses_everyone_but_admin, refuses_other_config
from .exchange import ACTIVE, HALTED, REDUCE_ONLY, SETTLING, Exchange
from .market import Market


@pytest.mark.parametrize("status", [ACTIVE, REDUCE_ONLY, HALTED])
def test_sets_each_status(market: Market, chain: Chain, status: int) -> None:
    event = chain.send(market.set_market_status(status)).event("MarketStatusSet")
    now = market.read()
    assert (now.status, now.is_active) == (status, int(status == ACTIVE))
    assert (event.market, event.status, event.head.sequence) == (market.key, status, now.event_sequence)


@pytest.mark.parametrize("status", [ACTIVE, REDUCE_ONLY, HALTED])
def test_waits_for_the_delay_in_every_direction(delayed: Exchange, chain: Chain, status: int) -> None:
    feed = delayed.feed("BTC-PERP", 50_000 * 10**6)
    chain.send(delayed.wait_for(delayed.create_market("BTC-PERP", feed.address)))
    market = Market(delayed, "BTC-PERP", feed)
    call = market.set_market_status(status)
    chain.refused(call, error="ChangeNotProposed")
    chain.send(delayed.propose_change(delayed.change_hash(call)))
    chain.advance(86_400)
    chain.refused(call, error="ChangeNotProposed")
    chain.send(delayed.propose_change(delayed.change_hash(call, market.key)))
    chain.advance(86_399)
    chain.refused(call, error="DelayNotPassed")
    chain.refused(market.set_market_status((status + 1) % 3), error="ChangeNotProposed")
    chain.advance(1)
    chain.send(call)
    assert market.read().status == status
    assert delayed.read().pending_change_hash == bytes(32)
    chain.refused(call, error="ChangeNotProposed")


def test_a_proposal_is_for_one_market(delayed: Exchange, chain: Chain) -> None:
    markets = []
    for symbol in ("BTC-PERP", "ETH-PERP"):
        feed = delayed.feed(symbol, 3_000 * 10**6)
        chain.send(delayed.wait_for(delayed.create_market(symbol, feed.address)))
        markets.append(Market(delayed, symbol, feed))
    due = delayed.wait_for(markets[0].set_market_status(HALTED), markets[0].key)
    chain.refused(markets[1].set_market_status(HALTED), error="ChangeNotProposed")
    chain.send(due)


def test_refuses_what_is_no_status_of_the_admin(market: Market, chain: Chain) -> None:
    for status in (SETTLING, 4, 255):
        chain.refused(market.set_market_status(status), error="BadMarketStatus")


def test_settling_is_not_left(market: Market, chain: Chain) -> None:
    chain.rewrite(market.key, status=SETTLING, is_active=0)
    for status in (ACTIVE, REDUCE_ONLY, HALTED):
        chain.refused(market.set_market_status(status), error="MarketNotActive")


def test_refusals(market: Market, chain: Chain) -> None:
    call = market.set_market_status(HALTED)
    refuses_everyone_but_admin(market.exchange, call)
    refuses_durable_nonce(chain, call, market.exchange.admin)
    refuses_other_config(chain, call)
    refuses_wrong_accounts(chain, call)
