"""set_funding: only the funding program's address of the market signs."""

from __future__ import annotations

import pytest

from tests.programs.harness.chain import Chain
from tests.programs.harness.codec import pda
from tests.programs.harness.hostile import refuses_wrong_accounts

from .exchange import HALTED, REDUCE_ONLY, SETTLING
from .market import Market


@pytest.mark.parametrize("index", [0, 5_000_000, -5_000_000, 2**62, -(2**62)])
def test_writes_index_and_rate(market: Market, chain: Chain, index: int) -> None:
    chain.advance(3_600)
    event = chain.send(market.set_funding(index, -12_345)).event("FundingSet")
    now = market.read()
    assert (now.funding_index, now.funding_rate) == (index, -12_345)
    assert now.last_funding_update == chain.now_ts
    assert (event.market, event.funding_index, event.funding_rate_e9) == (market.key, index, -12_345)
    assert event.head.sequence == now.event_sequence


@pytest.mark.parametrize("status", [REDUCE_ONLY, HALTED])
def test_funding_runs_on_while_trading_is_restricted(market: Market, chain: Chain, status: int) -> None:
    chain.send(market.set_market_status(status))
    chain.advance(3_600)
    chain.send(market.set_funding(1))


def test_refuses_a_settling_market(market: Market, chain: Chain) -> None:
    chain.rewrite(market.key, status=SETTLING)
    chain.advance(3_600)
    chain.refused(market.set_funding(1), error="MarketNotActive")


def test_refuses_an_update_that_is_not_later(market: Market, chain: Chain) -> None:
    chain.advance(3_600)
    chain.send(market.set_funding(1))
    chain.refused(market.set_funding(2), error="FundingNotNewer")
    chain.set_clock(ts=chain.now_ts - 1)
    chain.refused(market.set_funding(2), error="FundingNotNewer")


def test_refuses_every_other_signer(market: Market, other_market: Market, chain: Chain) -> None:
    chain.advance(3_600)
    call = market.set_funding(1)
    others = [
        market.exchange.admin,
        pda("funding_rate", b"funding", other_market.key),
        pda("position_mgmt", b"funding", market.key),
        chain.person(),
    ]
    for signer in others:
        chain.refused(call.but(funding_authority=signer), error="ConstraintSeeds")
    chain.refused(call.but(market=other_market.key), error="ConstraintSeeds")


def test_refusals(market: Market, chain: Chain) -> None:
    chain.advance(3_600)
    refuses_wrong_accounts(chain, market.set_funding(1))
