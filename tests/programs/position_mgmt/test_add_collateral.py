"""add_collateral: from the owner's free balance under the position, by the market's pool."""

from __future__ import annotations

import pytest

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.tokens import USDT
from tests.programs.harness.vault_world import PAUSE_LOCK

from .attacks import VAULT_ADDRESS, refuses_other_config, twin
from .exchange import HALTED, PAUSE, REDUCE_ONLY, SETTLING, Exchange
from .market import ONE, V1, Linked, Market, Trader


def test_moves_free_money_under_the_position(market: Market, chain: Chain) -> None:
    trader = market.trader(0, free_atoms=100 * USDT)
    chain.advance(5)
    event = chain.send(market.add_collateral(trader, 40 * USDT)).event("CollateralAdded")
    position, books = market.position(trader), market.read()
    assert (position.collateral, books.collateral_sum_atoms) == (40 * USDT, 40 * USDT)
    assert chain.read(trader.collateral).free_atoms == 60 * USDT
    assert position.last_update_timestamp == chain.now_ts
    assert (event.market, event.amount_atoms, event.after.position) == (
        market.key,
        40 * USDT,
        trader.position,
    )
    assert (event.after.collateral_atoms, event.after.market_collateral_atoms) == (40 * USDT, 40 * USDT)
    assert event.head.sequence == books.event_sequence
    market.check_books()


def test_pays_funding_first(market: Market, alice: Trader, bob: Trader, chain: Chain) -> None:
    market.settled(V1, market.trade(alice, bob))
    chain.advance(3_600)
    chain.send(market.set_funding(7 * 10**4 * USDT))
    before = market.position(alice)
    chain.send(market.add_collateral(alice, 100 * USDT))
    after = market.position(alice)
    assert after.collateral == before.collateral + 100 * USDT - 7 * USDT
    assert (after.accumulated_funding, after.funding_index) == (7 * USDT, 7 * 10**4 * USDT)
    assert market.read().funding_pool_atoms == 7 * USDT
    market.check_books()


def test_what_funding_takes_beyond_the_collateral_becomes_cost(
    market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    market.settled(V1, market.trade(alice, bob))
    chain.advance(3_600)
    chain.send(market.set_funding(12_000 * 10**4 * USDT))
    before = market.position(alice)
    chain.send(market.add_collateral(alice, 1_000 * USDT))
    after = market.position(alice)
    assert after.collateral == 0
    assert after.cost_atoms - before.cost_atoms == 12_000 * USDT - before.collateral - 1_000 * USDT
    market.check_books()


@pytest.mark.parametrize("status", [REDUCE_ONLY, HALTED])
def test_money_may_come_while_trading_is_restricted(
    market: Market, alice: Trader, chain: Chain, status: int
) -> None:
    chain.send(market.set_market_status(status))
    chain.send(market.add_collateral(alice, 1))


def test_refuses_nothing_and_more_than_is_free(market: Market, alice: Trader, chain: Chain) -> None:
    chain.refused(market.add_collateral(alice, 0), error="AmountIsZero")
    for amount in (1_000 * USDT + 1, 2**63, 2**64 - 1):
        call = market.add_collateral(alice, amount)
        chain.refused(call, error="collateral_vault.InsufficientFreeCollateral")


def test_refuses_while_paused(market: Market, exchange: Exchange, alice: Trader, chain: Chain) -> None:
    chain.send(exchange.set_pause_bits(PAUSE["add_collateral"]))
    chain.refused(market.add_collateral(alice, 1), error="AddCollateralPaused")
    chain.send(exchange.set_pause_bits(0))
    chain.send(exchange.vault.set_vault_pause(PAUSE_LOCK))
    chain.refused(market.add_collateral(alice, 1), error="collateral_vault.LockingPaused")


def test_refuses_a_settling_market(market: Market, alice: Trader, chain: Chain) -> None:
    chain.rewrite(market.key, status=SETTLING)
    chain.refused(market.add_collateral(alice, 1), error="MarketNotActive")


def test_refuses_accounts_of_others(
    market: Market, other_market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    call = market.add_collateral(alice, 1)
    chain.refused(call.but(owner=bob.owner), error="WrongOwner")
    chain.refused(call.but(position=bob.position), error="WrongOwner")
    chain.refused(call.but(collateral=bob.collateral), error="WrongCollateral")
    chain.refused(call.but(pool=other_market.pool), error="WrongPool")
    chain.refused(call.but(market=other_market.key), error="WrongPool")
    chain.refused(call.but(market=other_market.key, pool=other_market.pool), error="WrongMarket")
    chain.refused(call.but(authority=alice.owner), error="ConstraintAddress")
    chain.refused(call.but(vault_state=twin(chain, market.exchange.vault.state)), error="ConstraintAddress")


def test_refuses_books_that_do_not_add_up(market: Market, alice: Trader, bob: Trader, chain: Chain) -> None:
    market.settled(V1, market.trade(alice, bob, ONE // 10))
    books = market.read()
    for name in ("collateral_sum_atoms", "cost_sum_atoms", "accrued_fees_atoms", "funding_pool_atoms"):
        chain.rewrite(market.key, **{name: getattr(books, name) + 1})
        chain.refused(market.add_collateral(alice, 1), error="MarketNotBacked")
        chain.rewrite(market.key, **{name: getattr(books, name)})
    chain.rewrite(market.key, total_short_interest=books.total_short_interest + 1)
    chain.refused(market.add_collateral(alice, 1), error="InterestNotBalanced")


def test_refuses_what_does_not_fit(market: Market, alice: Trader, bob: Trader, chain: Chain) -> None:
    market.settled(V1, market.trade(alice, bob))
    for changes in ({"funding_index": 2**63 - 1}, {"collateral_sum_atoms": 2**63 - 1}):
        books = market.read()
        chain.rewrite(market.key, **changes)
        chain.rewrite(alice.position, funding_index=-1)
        chain.refused(market.add_collateral(alice, 1), error="MathOverflow")
        chain.rewrite(market.key, **{name: getattr(books, name) for name in changes})


@pytest.mark.parametrize("who", ["session", "parent"])
def test_either_wallet_of_a_session_adds_its_own(
    market: Market, linked: Linked, chain: Chain, who: str
) -> None:
    signer, other = linked.session, linked.parent
    if who == "parent":
        signer, other = other, signer
    free = chain.read(other.collateral).free_atoms
    event = chain.send(market.add_collateral(signer, 40 * USDT)).event("CollateralAdded")
    assert market.position(signer).collateral == 10_040 * USDT
    assert (event.after.owner, event.after.position) == (linked.session.owner, signer.position)
    assert chain.read(signer.collateral).free_atoms == (1_000 - 40) * USDT
    assert chain.read(other.collateral).free_atoms == free
    theirs = market.add_collateral(signer, 1).but(collateral=other.collateral)
    chain.refused(theirs, error="WrongCollateral")
    market.check_books()


def test_refusals(market: Market, alice: Trader, chain: Chain) -> None:
    call = market.add_collateral(alice, 1)
    refuses_other_config(chain, call)
    refuses_wrong_accounts(chain, call, **VAULT_ADDRESS)
