"""set_market_status: active, reduce-only and halted; settling is neither set nor left by hand."""

from __future__ import annotations

import pytest

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts

from .attacks import refuses_durable_nonce, refuses_everyone_but_admin, refuses_other_config
from .exchange import ACTIVE, HALTED, REDUCE_ONLY, SETTLING
from .market import Market


@pytest.mark.parametrize("status", [ACTIVE, REDUCE_ONLY, HALTED])
def test_sets_each_status(market: Market, chain: Chain, status: int) -> None:
    event = chain.send(market.set_market_status(status)).event("MarketStatusSet")
    now = market.read()
    assert (now.status, now.is_active) == (status, int(status == ACTIVE))
    assert (event.market, event.status, event.head.sequence) == (market.key, status, now.event_sequence)


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
