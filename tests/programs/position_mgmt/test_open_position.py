"""open_position: empty, at the market's current indices, with the leverage its owner wants at most."""

from __future__ import annotations

import pytest

from tests.programs.harness.chain import Chain
from tests.programs.harness.codec import pda
from tests.programs.harness.hostile import refuses_wrong_accounts

from .attacks import refuses_other_config
from .exchange import HALTED, PAUSE, REDUCE_ONLY, SETTLING, Exchange
from .market import Market


def test_opens_an_empty_position(market: Market, chain: Chain) -> None:
    owner, payer = chain.person(), chain.person()
    receipt = chain.send(market.open_position(owner, leverage=7, payer=payer))
    key = pda("position_mgmt", b"position", owner, market.key)
    position, event = chain.read(key), receipt.event("PositionOpened")
    assert (position.owner, position.parent_wallet, position.market) == (owner, owner, market.key)
    assert (position.size, position.collateral, position.cost_atoms, position.leverage) == (0, 0, 0, 7)
    assert position.open_timestamp == position.last_update_timestamp == chain.now_ts
    assert (position.last_funding_update, position.layout_version) == (chain.now_ts, 1)
    assert (event.market, event.leverage, event.after.position, event.after.owner) == (
        market.key,
        7,
        key,
        owner,
    )
    assert (event.head.slot, event.head.ts) == (chain.slot, chain.now_ts)
    assert event.head.sequence == market.read().event_sequence
    owner_account, account = chain.account(owner), chain.account(key)
    assert owner_account is not None
    assert account is not None
    assert (owner_account.lamports, len(account.data)) == (100 * 10**9, 256)


def test_opens_at_the_current_funding_index(market: Market, chain: Chain) -> None:
    chain.advance(3_600)
    chain.send(market.set_funding(123_456))
    trader = market.trader(0)
    assert market.position(trader).funding_index == 123_456


@pytest.mark.parametrize("leverage", [1, 20])
def test_takes_the_ends_of_the_range(market: Market, chain: Chain, leverage: int) -> None:
    chain.send(market.open_position(chain.person(), leverage=leverage))


@pytest.mark.parametrize("leverage", [0, 21, 2**16 - 1])
def test_refuses_leverage_outside_the_range(market: Market, chain: Chain, leverage: int) -> None:
    chain.refused(market.open_position(chain.person(), leverage=leverage), error="BadLeverage")


def test_refuses_while_paused(market: Market, exchange: Exchange, chain: Chain) -> None:
    chain.send(exchange.set_pause_bits(PAUSE["open"]))
    chain.refused(market.open_position(chain.person()), error="OpenPaused")
    chain.send(exchange.set_pause_bits(sum(PAUSE.values()) - PAUSE["open"]))
    chain.send(market.open_position(chain.person()))


@pytest.mark.parametrize("status", [REDUCE_ONLY, HALTED, SETTLING])
def test_refuses_a_market_that_is_not_active(market: Market, chain: Chain, status: int) -> None:
    chain.rewrite(market.key, status=status)
    chain.refused(market.open_position(chain.person()), error="MarketNotActive")


def test_refuses_a_second_position(market: Market, chain: Chain) -> None:
    trader = market.trader(0)
    chain.refused(market.open_position(trader.owner), error="system.AccountAlreadyInUse")


def test_opens_again_after_closing(market: Market, chain: Chain) -> None:
    trader = market.trader(0, leverage=3)
    chain.send(market.close_position(trader))
    chain.advance(3_600)
    chain.send(market.set_funding(-99))
    chain.send(market.open_position(trader.owner, leverage=4))
    position = market.position(trader)
    assert (position.leverage, position.funding_index, position.open_timestamp) == (4, -99, chain.now_ts)


def test_opens_over_lamports_sent_before(market: Market, chain: Chain) -> None:
    owner = chain.person()
    chain.fund(pda("position_mgmt", b"position", owner, market.key), 1)
    chain.send(market.open_position(owner))


def test_refuses_the_address_of_another_owner_or_market(
    market: Market, other_market: Market, chain: Chain
) -> None:
    owner, other = chain.person(), chain.person()
    call = market.open_position(owner)
    for seeds in ((other, market.key), (owner, other_market.key), (market.key, owner)):
        chain.refused(call.but(position=pda("position_mgmt", b"position", *seeds)), error="ConstraintSeeds")


def test_refusals(market: Market, chain: Chain) -> None:
    call = market.open_position(chain.person(), payer=chain.person())
    refuses_other_config(chain, call)
    refuses_wrong_accounts(chain, call)
