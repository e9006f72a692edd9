"""sweep_fees: what the market earned leaves its pool, as far as the pool pays."""

from __future__ import annotations

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.tokens import USDT

from .attacks import VAULT_ADDRESS
from .market import ONE, V1, Market, Trader


def test_moves_fees_to_the_vaults_fees(market: Market, alice: Trader, bob: Trader, chain: Chain) -> None:
    market.settled(V1, market.trade(alice, bob))
    locked = market.locked_atoms()
    event = chain.send(market.sweep_fees()).event("FeesSwept")
    assert (event.market, event.fees_atoms, event.insurance_atoms) == (market.key, 20 * USDT, 0)
    assert (event.accrued_fees_atoms, event.insurance_fund_atoms) == (0, 0)
    assert event.head.sequence == market.read().event_sequence
    assert market.locked_atoms() == locked - 20 * USDT
    assert market.exchange.vault.read().fees_atoms == 20 * USDT
    market.check_books()
    chain.refused(market.sweep_fees(), error="NothingToSweep")


def test_moves_insurance_to_the_pools_insurance(market: Market, chain: Chain) -> None:
    alice, bob, eve = market.trader(5_100 * USDT), market.trader(), market.trader(20_000 * USDT)
    market.settled(V1, market.trade(alice, bob))
    market.jump_to(46_000 * 10**6)
    chain.send(market.liquidate(eve, alice))
    earned = market.read().insurance_fund
    assert earned > 0
    event = chain.send(market.sweep_fees()).event("FeesSwept")
    assert (event.fees_atoms, event.insurance_atoms, event.insurance_fund_atoms) == (20 * USDT, earned, 0)
    assert chain.read(market.pool).insurance_atoms == earned
    assert market.read().insurance_fund == 0
    market.check_books()


def test_takes_no_more_than_the_pool_holds(market: Market, chain: Chain) -> None:
    alice, bob, carol = (market.trader(9_100 * USDT) for _ in range(3))
    market.settled(V1, market.trade(alice, bob))
    market.jump_to(90_000 * 10**6)
    market.settled(V1, market.trade(carol, alice, 1_000))
    market.settled(V1, market.trade(carol, alice, ONE - 1_000))
    accrued = market.read().accrued_fees_atoms
    chain.send(market.request_release(alice, market.locked_atoms() - 7))
    chain.set_clock(slot=chain.slot + 10)
    chain.send(market.execute_release(alice))
    event = chain.send(market.sweep_fees()).event("FeesSwept")
    assert (event.fees_atoms, event.accrued_fees_atoms) == (7, accrued - 7)
    assert market.locked_atoms() == 0
    market.check_books()
    chain.refused(market.sweep_fees(), error="NothingToSweep")


def test_refuses_when_nothing_was_earned(market: Market, alice: Trader, chain: Chain) -> None:
    chain.refused(market.sweep_fees(), error="NothingToSweep")
    assert market.position(alice).collateral > 0


def test_refuses_accounts_of_others(
    market: Market, other_market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    market.settled(V1, market.trade(alice, bob))
    call = market.sweep_fees()
    chain.refused(call.but(pool=other_market.pool), error="WrongPool")
    chain.refused(call.but(market=other_market.key), error="WrongPool")
    chain.refused(call.but(authority=alice.owner), error="ConstraintAddress")


def test_refusals(market: Market, alice: Trader, bob: Trader, chain: Chain) -> None:
    market.settled(V1, market.trade(alice, bob))
    refuses_wrong_accounts(chain, market.sweep_fees(), **VAULT_ADDRESS)
