"""settle_position: the whole size at the settlement's price, rounded against the position, by anyone."""

from __future__ import annotations

import pytest

from gdx_sdk.units import Side
from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.tokens import USDT

from .attacks import twin
from .exchange import ACTIVE, SETTLING
from .market import ONE, V1, Market, Trader
from .winding import Winding


@pytest.fixture
def winding(market: Market, alice: Trader, bob: Trader) -> Winding:
    """Alice bought one unit of Bob; the market is settling at 51,000."""
    market.settled(V1, market.trade(alice, bob))
    market.set_price(51_000 * 10**6)
    winding = Winding(market)
    winding.begin()
    assert winding.read().price_e6 == 51_000 * 10**6
    return winding


def test_closes_at_the_price(winding: Winding, market: Market, alice: Trader, bob: Trader) -> None:
    chain = market.chain
    before = [market.position(one).collateral for one in (alice, bob)]
    event = chain.send(winding.settle(alice)).event("PositionSettled")
    books, settlement, position = market.read(), winding.read(), market.position(alice)
    assert (position.size, position.cost_atoms, position.entry_price) == (0, 0, 0)
    assert position.collateral == before[0] + 1_000 * USDT
    assert (position.realized_pnl, position.unrealized_pnl) == (1_000 * USDT, 0)
    assert position.last_update_timestamp == chain.now_ts
    assert (books.total_long_interest, books.total_short_interest) == (0, ONE)
    assert (settlement.imbalance_atoms, settlement.settled_count) == (51_000 * USDT, 1)
    assert (event.market, event.size_e8, event.price_e6) == (market.key, ONE, 51_000 * 10**6)
    assert (event.worth_atoms, event.imbalance_atoms, event.shortfall_atoms) == (51_000 * USDT,) * 2 + (0,)
    assert (event.long_interest_e8, event.short_interest_e8) == (0, ONE)
    assert (event.after.position, event.after.size_e8) == (alice.position, 0)
    assert event.after.collateral_atoms == position.collateral
    assert event.after.market_collateral_atoms == books.collateral_sum_atoms
    assert event.head.sequence == books.event_sequence
    winding.check_books()
    chain.send(winding.settle(bob))
    assert market.position(bob).collateral == before[1] - 1_000 * USDT
    assert (winding.read().imbalance_atoms, winding.read().settled_count) == (0, 2)
    assert market.read().total_open_interest == market.read().total_short_interest == 0
    winding.check_books()


def test_rounds_against_both_sides_and_keeps_the_dust(market: Market, chain: Chain) -> None:
    """A third of an atom: the long gets none of it, the short pays all of it."""
    alice, bob = market.trader(), market.trader()
    size = ONE // 3
    market.settled(V1, market.trade(alice, bob, size, price_e6=50_000 * 10**6 + 1))
    market.set_price(50_000 * 10**6 + 1)
    winding = Winding(market)
    winding.begin()
    chain.send(winding.settle(alice))
    worth = (50_000 * 10**6 + 1) * size // ONE
    assert winding.read().imbalance_atoms == worth
    chain.send(winding.settle(bob))
    assert winding.read().imbalance_atoms == -1
    winding.check_books()


def test_pays_funding_first(market: Market, alice: Trader, bob: Trader, chain: Chain) -> None:
    market.settled(V1, market.trade(alice, bob))
    chain.advance(3_600)
    chain.send(market.set_funding(10 * 10**4 * USDT))  # 10 USDT per whole base unit
    before = market.position(alice).collateral
    winding = Winding(market)
    winding.begin()
    chain.send(winding.settle(alice))
    assert market.position(alice).collateral == before - 10 * USDT
    assert market.position(alice).accumulated_funding == 10 * USDT
    assert market.read().funding_pool_atoms == 10 * USDT
    chain.send(winding.settle(bob))
    assert market.position(bob).accumulated_funding == -10 * USDT
    assert market.read().funding_pool_atoms == 0
    winding.check_books()


@pytest.mark.parametrize("side", list(Side))
def test_an_overdraft_becomes_a_shortfall(market: Market, chain: Chain, side: Side) -> None:
    loser, winner = market.trader(5_100 * USDT), market.trader()
    market.settled(V1, market.trade(loser, winner, side=side))
    market.jump_to((42_000 if side is Side.BUY else 58_000) * 10**6)
    winding = Winding(market)
    winding.begin()
    event = chain.send(winding.settle(loser)).event("PositionSettled")
    shortfall = 8_000 * USDT - 5_100 * USDT + 25 * USDT
    books = market.read()
    assert (books.long_shortfall_atoms, books.short_shortfall_atoms) == (
        (shortfall, 0) if side is Side.BUY else (0, shortfall)
    )
    assert event.shortfall_atoms == shortfall
    assert market.position(loser).collateral == 0
    chain.send(winding.settle(winner))
    winding.check_books()


def test_a_requested_release_is_withdrawn(market: Market, alice: Trader, bob: Trader, chain: Chain) -> None:
    market.settled(V1, market.trade(alice, bob))
    chain.send(market.request_release(alice, USDT))
    winding = Winding(market)
    winding.begin()
    chain.send(winding.settle(alice))
    position = market.position(alice)
    assert (position.requested_release_atoms, position.requested_release_slot) == (0, 0)


def test_refuses_what_has_no_size(winding: Winding, alice: Trader, chain: Chain) -> None:
    chain.refused(winding.settle(market_trader(winding)), error="AccountOwnedByWrongProgram")
    chain.send(winding.settle(alice))
    chain.refused(winding.settle(alice), error="NothingToSettle")


def market_trader(winding: Winding) -> Trader:
    """A user of the market without a position."""
    return winding.market.as_trader(winding.market.exchange.vault.user())


def test_refuses_a_market_that_is_not_settling(market: Market, alice: Trader, bob: Trader) -> None:
    market.settled(V1, market.trade(alice, bob))
    winding = Winding(market)
    winding.begin()
    market.chain.rewrite(market.key, status=ACTIVE)
    market.chain.refused(winding.settle(alice), error="MarketNotSettling")


def test_refuses_books_that_moved_by_something_else(winding: Winding, alice: Trader, bob: Trader) -> None:
    """All sizes are closed, yet more than dust is left over: the settlement's count was wrong."""
    chain = winding.chain
    chain.send(winding.settle(alice))
    chain.rewrite(winding.address, imbalance_atoms=winding.read().imbalance_atoms + 1)
    chain.refused(winding.settle(bob), error="MarketNotBacked")


def test_refuses_a_sum_that_does_not_fit(winding: Winding, alice: Trader) -> None:
    winding.chain.rewrite(winding.address, price_e6=2**64 - 1)
    winding.chain.refused(winding.settle(alice), error="MathOverflow")


def test_refusals(winding: Winding, other_market: Market, alice: Trader, chain: Chain) -> None:
    call = winding.settle(alice)
    other = Winding(other_market)
    other.begin()
    stranger = other_market.as_trader(alice.user)
    chain.rewrite(other_market.key, status=ACTIVE)
    chain.send(other_market.open_position(alice.owner))
    chain.rewrite(other_market.key, status=SETTLING)
    chain.rewrite(stranger.position, size=1)
    chain.refused(call.but(settlement=other.address), error="WrongSettlement")
    chain.refused(call.but(position=stranger.position), error="WrongMarket")
    chain.refused(call.but(market=other_market.key), error="WrongSettlement")
    chain.refused(call.but(market=twin(chain, winding.market.key)), error="WrongSettlement")
    refuses_wrong_accounts(chain, call)
