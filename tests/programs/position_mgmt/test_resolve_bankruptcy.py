"""resolve_bankruptcy: insurance first, then the side that gained, in proportion to its size."""

from __future__ import annotations

import pytest

from gdx_sdk.units import Side
from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.tokens import USDT

from .attacks import VAULT_ADDRESS
from .exchange import HALTED, REDUCE_ONLY, SETTLING
from .market import ONE, V1, V2, Market, Trader

INDEX_SCALE = 10**12


def bankrupt(market: Market, side: Side, *, version: int = V1) -> tuple[Trader, Trader]:
    """A trader of `side` that lost more than it had, and the one who gained and is still open.

    The price moves by 8,000 against a position of one unit with 5,100; its size went to a third one.
    """
    loser, winner, third = market.trader(5_100 * USDT), market.trader(), market.trader(40_000 * USDT)
    market.settled(version, market.trade(loser, winner, side=side))
    market.jump_to((42_000 if side is Side.BUY else 58_000) * 10**6)
    market.settled(version, market.trade(third, loser, ONE // 1_000, side=side))  # moves the mark price
    market.settled(version, market.trade(third, loser, ONE - ONE // 1_000, side=side))
    assert market.position(loser).size == market.position(loser).collateral == 0
    return loser, winner


@pytest.mark.parametrize("version", [V1, V2])
@pytest.mark.parametrize("side", list(Side))
def test_the_side_that_gained_carries_the_loss(
    market: Market, chain: Chain, side: Side, version: int
) -> None:
    _, winner = bankrupt(market, side, version=version)
    before = market.read()
    shortfalls = (before.long_shortfall_atoms, before.short_shortfall_atoms)
    shortfall = max(shortfalls)
    rebate = (42 if side is Side.BUY else 58) * USDT // 10
    assert shortfalls[1 - side] == 0
    assert abs(shortfall - (8_000 * USDT - 5_100 * USDT + 25 * USDT - rebate)) <= 2
    is_short = side is Side.SELL
    event = chain.send(market.resolve_bankruptcy(is_short_bankrupt=is_short)).event("BankruptcyResolved")
    after = market.read()
    step = -(-shortfall * INDEX_SCALE // ONE)
    expected = (step, 0) if is_short else (0, step)
    assert (after.long_loss_index, after.short_loss_index) == expected
    assert (after.outstanding_loss_atoms, after.long_shortfall_atoms, after.short_shortfall_atoms) == (
        shortfall,
        0,
        0,
    )
    assert (event.market, event.bankrupt_side) == (market.key, int(is_short))
    assert (event.insured_atoms, event.socialized_atoms) == (0, shortfall)
    assert (event.long_loss_index, event.short_loss_index) == expected
    assert event.head.sequence == after.event_sequence
    market.check_books()
    collateral = market.position(winner).collateral
    chain.send(market.request_release(winner, 0))
    assert collateral - market.position(winner).collateral == shortfall
    assert market.read().outstanding_loss_atoms == 0
    market.check_books()


def test_insurance_of_the_pool_pays_first(market: Market, chain: Chain) -> None:
    bankrupt(market, Side.BUY)
    shortfall = market.read().long_shortfall_atoms
    _insure(market, shortfall - 500)
    event = chain.send(market.resolve_bankruptcy(is_short_bankrupt=False)).event("BankruptcyResolved")
    assert (event.insured_atoms, event.socialized_atoms) == (shortfall - 500, 500)
    assert chain.read(market.pool).insurance_atoms == 0
    market.check_books()


def test_insurance_that_is_enough_pays_all(market: Market, chain: Chain) -> None:
    bankrupt(market, Side.BUY)
    shortfall = market.read().long_shortfall_atoms
    _insure(market, shortfall + 500)
    event = chain.send(market.resolve_bankruptcy(is_short_bankrupt=False)).event("BankruptcyResolved")
    assert (event.insured_atoms, event.socialized_atoms) == (shortfall, 0)
    assert chain.read(market.pool).insurance_atoms == 500
    assert (market.read().short_loss_index, market.read().outstanding_loss_atoms) == (0, 0)
    market.check_books()


def test_insurance_not_yet_moved_covers_without_moving_tokens(market: Market, chain: Chain) -> None:
    bankrupt(market, Side.BUY)
    books = market.read()
    # A liquidation's share stands in the books; here part of the fees is made one.
    moved = 20 * USDT
    chain.rewrite(market.key, accrued_fees_atoms=books.accrued_fees_atoms - moved, insurance_fund=moved)
    locked = market.locked_atoms()
    event = chain.send(market.resolve_bankruptcy(is_short_bankrupt=False)).event("BankruptcyResolved")
    assert (event.insured_atoms, event.socialized_atoms) == (moved, books.long_shortfall_atoms - moved)
    assert (market.read().insurance_fund, market.locked_atoms()) == (0, locked)
    market.check_books()


def test_each_side_is_resolved_by_itself(market: Market, chain: Chain) -> None:
    bankrupt(market, Side.BUY)
    chain.refused(market.resolve_bankruptcy(is_short_bankrupt=True), error="NoShortfall")
    chain.send(market.resolve_bankruptcy(is_short_bankrupt=False))
    chain.refused(market.resolve_bankruptcy(is_short_bankrupt=False), error="NoShortfall")


def test_refuses_while_nobody_is_open_to_carry_it(market: Market, chain: Chain) -> None:
    alice, bob, carol = market.trader(5_100 * USDT), market.trader(), market.trader()
    market.settled(V1, market.trade(alice, bob))
    market.jump_to(42_000 * 10**6)
    market.settled(V1, market.trade(bob, alice))
    assert market.read().total_open_interest == 0
    call = market.resolve_bankruptcy(is_short_bankrupt=False)
    chain.refused(call, error="NobodyToCarryLoss")
    dave = market.trader()
    market.settled(V1, market.trade(carol, dave, ONE // 10))
    chain.send(call)
    market.check_books()


@pytest.mark.parametrize("status", [REDUCE_ONLY, HALTED])
def test_runs_while_trading_is_restricted(market: Market, chain: Chain, status: int) -> None:
    bankrupt(market, Side.BUY)
    chain.send(market.set_market_status(status))
    chain.send(market.resolve_bankruptcy(is_short_bankrupt=False))


def test_refuses_a_settling_market(market: Market, chain: Chain) -> None:
    bankrupt(market, Side.BUY)
    chain.rewrite(market.key, status=SETTLING)
    chain.refused(market.resolve_bankruptcy(is_short_bankrupt=False), error="MarketNotActive")


def test_refuses_an_index_that_does_not_fit(market: Market, chain: Chain) -> None:
    bankrupt(market, Side.BUY)
    chain.rewrite(market.key, short_loss_index=2**63 - 1)
    chain.refused(market.resolve_bankruptcy(is_short_bankrupt=False), error="MathOverflow")


def test_refusals(market: Market, other_market: Market, chain: Chain) -> None:
    bankrupt(market, Side.BUY)
    call = market.resolve_bankruptcy(is_short_bankrupt=False)
    chain.refused(call.but(pool=other_market.pool), error="WrongPool")
    chain.refused(call.but(market=other_market.key), error="WrongPool")
    chain.refused(call.but(authority=chain.person()), error="ConstraintAddress")
    # Without insurance the vault is not called, so it is not read.
    unread = {f"vault_state__{attack}": None for attack in ("closed", "hollow", "stunted")}
    refuses_wrong_accounts(chain, call, **VAULT_ADDRESS, **unread)


def _insure(market: Market, amount_atoms: int) -> None:
    """Insurance beside the books: tokens in the vault that the pool's insurance stands for."""
    chain, vault = market.chain, market.exchange.vault
    giver = vault.user(deposited_atoms=amount_atoms)
    chain.send(vault.lock(giver, market.pool, amount_atoms))
    chain.send(vault.fund_insurance(market.pool, amount_atoms))
