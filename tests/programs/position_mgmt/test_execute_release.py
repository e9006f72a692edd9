"""execute_release: the second step out, for anyone, once the request is old enough and margin still holds."""

from __future__ import annotations

import pytest

from tests.programs.harness.chain import Chain
from tests.programs.harness.codec import Call
from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.tokens import USDT
from tests.programs.harness.vault_world import PAUSE_LOCK

from .attacks import VAULT_ADDRESS, refuses_other_config, twin
from .exchange import HALTED, PAUSE, REDUCE_ONLY, SETTLING, Exchange
from .market import ONE, V1, Linked, Market, Trader
from .oracle_faults import FAULTS


def requested(market: Market, trader: Trader, amount_atoms: int) -> Call:
    """A call that would succeed: the request is ten slots old."""
    market.chain.send(market.request_release(trader, amount_atoms))
    market.chain.set_clock(slot=market.chain.slot + 10)
    return market.execute_release(trader)


def test_pays_the_owner(market: Market, alice: Trader, chain: Chain) -> None:
    free = chain.read(alice.collateral).free_atoms
    event = chain.send(requested(market, alice, 4_000 * USDT)).event("CollateralReleased")
    position = market.position(alice)
    assert (position.collateral, position.requested_release_atoms) == (6_000 * USDT, 0)
    assert position.requested_release_slot == 0
    assert chain.read(alice.collateral).free_atoms == free + 4_000 * USDT
    assert (event.market, event.amount_atoms) == (market.key, 4_000 * USDT)
    assert (event.after.collateral_atoms, event.after.requested_release_atoms) == (6_000 * USDT, 0)
    assert event.head.sequence == market.read().event_sequence
    market.check_books()


def test_not_a_slot_too_early_and_once(market: Market, alice: Trader, chain: Chain) -> None:
    chain.send(market.request_release(alice, 1))
    chain.set_clock(slot=chain.slot + 9)
    chain.refused(market.execute_release(alice), error="ReleaseTooEarly")
    chain.set_clock(slot=chain.slot + 1)
    chain.send(market.execute_release(alice))
    chain.refused(market.execute_release(alice), error="NoReleaseRequested")


def test_refuses_without_a_request(market: Market, alice: Trader, chain: Chain) -> None:
    chain.refused(market.execute_release(alice), error="NoReleaseRequested")


def test_margin_is_checked_again(market: Market, alice: Trader, bob: Trader, chain: Chain) -> None:
    market.settled(V1, market.trade(alice, bob))
    spare = market.position(alice).collateral - 5_000 * USDT
    call = requested(market, alice, spare)
    market.set_price(49_999 * 10**6)
    chain.refused(call, error="InsufficientMargin")
    market.set_price(50_000 * 10**6)
    chain.send(call)


def test_a_trade_after_the_request_is_covered_first(
    market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    call = requested(market, alice, 9_000 * USDT)
    market.settled(V1, market.trade(alice, bob))
    chain.refused(call, error="InsufficientMargin")


def test_refuses_what_fees_and_funding_have_eaten(
    market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    call = requested(market, alice, 10_000 * USDT)
    market.settled(V1, market.trade(alice, bob), market.trade(bob, alice))
    assert market.position(alice).size == 0
    chain.refused(call, error="AmountAboveCollateral")


def test_funding_beyond_the_collateral_releases_nothing(
    market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    market.settled(V1, market.trade(alice, bob, ONE // 10))
    call = requested(market, alice, 1)
    chain.advance(1)
    chain.send(market.set_funding(200_000 * 10**4 * USDT))
    chain.refused(call, error="AmountAboveCollateral")


def test_a_pool_that_is_short_pays_later(market: Market, chain: Chain) -> None:
    alice, bob, carol, dave = (market.trader(9_100 * USDT) for _ in range(4))
    market.settled(V1, market.trade(alice, bob))
    market.jump_to(90_000 * 10**6)
    market.settled(V1, market.trade(carol, alice, 1_000))  # moves the mark price
    market.settled(V1, market.trade(carol, alice, ONE - 1_000))
    won = market.position(alice).collateral
    assert won > market.locked_atoms()
    call = requested(market, alice, won)
    chain.refused(call, error="collateral_vault.MarketPoolShort")
    chain.send(requested(market, alice, market.locked_atoms()))
    assert market.locked_atoms() == 0
    market.check_books()
    assert market.position(dave).collateral == 9_100 * USDT


@pytest.mark.parametrize("fault", FAULTS)
def test_needs_a_usable_price_while_a_size_is_open(
    market: Market, alice: Trader, bob: Trader, chain: Chain, fault: str
) -> None:
    market.settled(V1, market.trade(alice, bob, ONE // 10))
    call = requested(market, alice, 1)
    FAULTS[fault](market)
    if fault == "too_few_publishers":
        chain.send(call)
        return
    chain.refused(call, error="OracleNotUsable")


def test_a_flat_position_needs_no_price(market: Market, alice: Trader, chain: Chain) -> None:
    call = requested(market, alice, 10_000 * USDT)
    FAULTS["non_positive"](market)
    chain.send(call)


def test_a_pause_ends_by_itself(market: Market, exchange: Exchange, alice: Trader, chain: Chain) -> None:
    call = requested(market, alice, 1)
    chain.send(exchange.set_pause_bits(PAUSE["release"], exchange.guardian))
    chain.advance(72 * 3_600 - 1)
    chain.refused(call, error="ReleasePaused")
    chain.advance(1)
    chain.send(call)


def test_refuses_while_paused(market: Market, exchange: Exchange, alice: Trader, chain: Chain) -> None:
    call = requested(market, alice, 1)
    chain.send(exchange.set_pause_bits(PAUSE["release"]))
    chain.refused(call, error="ReleasePaused")
    chain.send(exchange.set_pause_bits(0))
    chain.send(exchange.vault.set_vault_pause(PAUSE_LOCK))
    chain.send(call)


@pytest.mark.parametrize("status", [REDUCE_ONLY, HALTED])
def test_money_may_leave_while_trading_is_restricted(
    market: Market, alice: Trader, chain: Chain, status: int
) -> None:
    chain.send(market.set_market_status(status))
    chain.send(requested(market, alice, 1))


def test_refuses_a_settling_market(market: Market, alice: Trader, chain: Chain) -> None:
    call = requested(market, alice, 1)
    chain.rewrite(market.key, status=SETTLING)
    chain.refused(call, error="MarketNotActive")


def test_refuses_accounts_of_others(
    market: Market, other_market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    call = requested(market, alice, 1)
    chain.refused(call.but(collateral=bob.collateral), error="WrongCollateral")
    chain.refused(call.but(position=bob.position), error="WrongCollateral")
    chain.refused(call.but(pool=other_market.pool), error="WrongPool")
    chain.refused(call.but(price_feed=other_market.feed), error="WrongPriceFeed")
    others = {"market": other_market.key, "pool": other_market.pool, "price_feed": other_market.feed}
    chain.refused(call.but(**others), error="WrongMarket")
    chain.refused(call.but(authority=alice.owner), error="ConstraintAddress")
    chain.refused(call.but(vault_state=twin(chain, market.exchange.vault.state)), error="ConstraintAddress")


@pytest.mark.parametrize("who", ["session", "parent"])
def test_pays_the_parent_of_a_session_whoever_asked(
    market: Market, linked: Linked, alice: Trader, chain: Chain, who: str
) -> None:
    session, parent = linked.session, linked.parent
    requested(market, getattr(linked, who), 400)
    call = market.execute_release(parent)
    for other in (session, alice):
        chain.refused(call.but(collateral=other.collateral), error="WrongCollateral")
    free = [chain.read(trader.collateral).free_atoms for trader in (session, parent)]
    event = chain.send(call).event("CollateralReleased")
    assert [chain.read(trader.collateral).free_atoms for trader in (session, parent)] == [
        free[0],
        free[1] + 400,
    ]
    assert (event.amount_atoms, event.after.owner) == (400, session.owner)
    assert market.position(parent).is_release_by_parent == 0
    chain.send(market.request_release(session, 1))
    market.check_books()


def test_refusals(market: Market, alice: Trader, chain: Chain) -> None:
    call = requested(market, alice, 1)
    refuses_other_config(chain, call)
    refuses_wrong_accounts(chain, call, **VAULT_ADDRESS)
