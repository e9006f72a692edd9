"""request_release: the first step out; margin holds for what stays, the matcher reserves the rest."""

from __future__ import annotations

import pytest

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.tokens import USDT

from .attacks import refuses_other_config
from .exchange import HALTED, PAUSE, REDUCE_ONLY, SETTLING, Exchange
from .market import ONE, V1, Linked, Market, Trader
from .oracle_faults import FAULTS


def test_writes_the_request(market: Market, alice: Trader, chain: Chain) -> None:
    event = chain.send(market.request_release(alice, 10_000 * USDT)).event("ReleaseRequested")
    position = market.position(alice)
    assert (position.requested_release_atoms, position.requested_release_slot) == (10_000 * USDT, chain.slot)
    assert position.collateral == 10_000 * USDT
    assert (event.amount_atoms, event.executable_from_slot) == (10_000 * USDT, chain.slot + 10)
    assert event.after.requested_release_atoms == 10_000 * USDT
    assert (event.market, event.head.sequence) == (market.key, market.read().event_sequence)
    market.check_books()


def test_the_last_request_counts_and_zero_withdraws_it(market: Market, alice: Trader, chain: Chain) -> None:
    chain.send(market.request_release(alice, 500))
    chain.advance(20)
    chain.send(market.request_release(alice, 300))
    position = market.position(alice)
    assert (position.requested_release_atoms, position.requested_release_slot) == (300, chain.slot)
    chain.send(market.request_release(alice, 0))
    assert market.position(alice).requested_release_atoms == 0
    chain.advance(20)
    chain.refused(market.execute_release(alice), error="NoReleaseRequested")


def test_pays_funding_first(market: Market, alice: Trader, bob: Trader, chain: Chain) -> None:
    market.settled(V1, market.trade(alice, bob))
    chain.advance(30)
    chain.send(market.set_funding(3 * 10**4 * USDT))
    before = market.position(alice).collateral
    chain.send(market.request_release(alice, 1))
    assert market.position(alice).collateral == before - 3 * USDT
    assert market.position(alice).accumulated_funding == 3 * USDT
    market.check_books()


def test_what_stays_covers_the_initial_margin(
    market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    market.settled(V1, market.trade(alice, bob))
    spare = market.position(alice).collateral - 5_000 * USDT  # a tenth of 50,000
    chain.refused(market.request_release(alice, spare + 1), error="InsufficientMargin")
    chain.send(market.request_release(alice, spare))
    market.set_price(49_900 * 10**6)
    chain.refused(market.request_release(alice, spare), error="InsufficientMargin")
    market.set_price(50_100 * 10**6)
    # Gains on the index alone do not count: the mark price is the worse one.
    chain.refused(market.request_release(alice, spare + 1), error="InsufficientMargin")


def test_refuses_more_than_there_is(market: Market, alice: Trader, chain: Chain) -> None:
    for amount in (10_000 * USDT + 1, 2**63 - 1, 2**63, 2**64 - 1):
        chain.refused(market.request_release(alice, amount), error="AmountAboveCollateral")


@pytest.mark.parametrize("fault", FAULTS)
def test_needs_a_usable_price_while_a_size_is_open(
    market: Market, alice: Trader, bob: Trader, chain: Chain, fault: str
) -> None:
    market.settled(V1, market.trade(alice, bob, ONE // 10))
    FAULTS[fault](market)
    if fault == "too_few_publishers":
        chain.send(market.request_release(alice, 1))
        return
    chain.refused(market.request_release(alice, 1), error="OracleNotUsable")
    chain.send(market.request_release(alice, 0))


def test_a_flat_position_needs_no_price(market: Market, alice: Trader, chain: Chain) -> None:
    FAULTS["too_old"](market)
    chain.send(market.request_release(alice, 10_000 * USDT))


def test_refuses_while_paused(market: Market, exchange: Exchange, alice: Trader, chain: Chain) -> None:
    chain.send(exchange.set_pause_bits(PAUSE["release"]))
    chain.refused(market.request_release(alice, 0), error="ReleasePaused")
    chain.advance(72 * 3_600 - 1)
    chain.refused(market.request_release(alice, 0), error="ReleasePaused")
    chain.advance(1)
    chain.send(market.request_release(alice, 0))


@pytest.mark.parametrize("status", [REDUCE_ONLY, HALTED])
def test_money_may_leave_while_trading_is_restricted(
    market: Market, alice: Trader, chain: Chain, status: int
) -> None:
    chain.send(market.set_market_status(status))
    chain.send(market.request_release(alice, 1))


def test_refuses_a_settling_market(market: Market, alice: Trader, chain: Chain) -> None:
    chain.rewrite(market.key, status=SETTLING)
    chain.refused(market.request_release(alice, 1), error="MarketNotActive")


def test_refuses_accounts_of_others(
    market: Market, other_market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    call = market.request_release(alice, 1)
    chain.refused(call.but(owner=bob.owner), error="WrongOwner")
    chain.refused(call.but(position=bob.position), error="WrongOwner")
    chain.refused(call.but(price_feed=other_market.feed), error="WrongPriceFeed")
    chain.refused(call.but(market=other_market.key), error="WrongPriceFeed")
    chain.refused(call.but(market=other_market.key, price_feed=other_market.feed), error="WrongMarket")


def test_either_wallet_of_a_session_requests(market: Market, linked: Linked, chain: Chain) -> None:
    event = chain.send(market.request_release(linked.session, 500)).event("ReleaseRequested")
    assert (event.after.owner, event.after.requested_release_atoms) == (linked.session.owner, 500)
    assert market.position(linked.session).is_release_by_parent == 0
    chain.send(market.request_release(linked.session, 400))
    chain.send(market.request_release(linked.parent, 300))
    position = market.position(linked.parent)
    assert (position.requested_release_atoms, position.is_release_by_parent) == (300, 1)


def test_a_session_key_cannot_put_its_parents_request_off(
    market: Market, linked: Linked, chain: Chain
) -> None:
    chain.send(market.request_release(linked.parent, 300))
    before = market.position(linked.parent)
    chain.set_clock(slot=chain.slot + 9)
    for amount in (0, 1, 300, 10_000 * USDT):
        call = market.request_release(linked.session, amount)
        chain.refused(call, error="ReleaseRequestedByParent")
    assert market.position(linked.parent) == before
    chain.send(market.request_release(linked.parent, 200))
    chain.send(market.request_release(linked.parent, 0))
    assert market.position(linked.parent).is_release_by_parent == 0
    chain.send(market.request_release(linked.session, 100))
    chain.send(market.request_release(linked.session, 0))


def test_an_ordinary_position_has_no_mark_of_its_parent(market: Market, alice: Trader, chain: Chain) -> None:
    chain.send(market.request_release(alice, 1))
    assert market.position(alice).is_release_by_parent == 0
    chain.send(market.request_release(alice, 2))


def test_refusals(market: Market, alice: Trader, chain: Chain) -> None:
    call = market.request_release(alice, 1)
    refuses_other_config(chain, call)
    refuses_wrong_accounts(chain, call)
