"""pay_position: everybody's share of what is there, in any order, by anyone; the account goes."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.tokens import USDT
from tests.programs.harness.vault_world import User, VaultWorld, collateral_of

from .attacks import VAULT_ADDRESS, twin
from .exchange import ACTIVE, SETTLING
from .market import ONE, V1, Market, Trader
from .winding import Winding


@pytest.fixture
def winding(market: Market, alice: Trader, bob: Trader) -> Winding:
    """Alice bought one unit of Bob; both are settled at 51,000."""
    market.settled(V1, market.trade(alice, bob))
    market.set_price(51_000 * 10**6)
    winding = Winding(market)
    winding.begin()
    winding.settle_all(alice, bob)
    return winding


def lacking(market: Market) -> tuple[Winding, list[Trader]]:
    """A settled market whose loser left 2,925 USDT of losses behind: two winners and one who was flat."""
    loser, winner, flat = market.trader(5_100 * USDT), market.trader(), market.trader(777 * USDT + 7)
    market.settled(V1, market.trade(loser, winner))
    market.jump_to(42_000 * 10**6)
    winding = Winding(market)
    winding.begin()
    winding.settle_all(loser, winner)
    return winding, [loser, winner, flat]


def insure(market: Market, amount_atoms: int) -> None:
    """Insurance beside the books."""
    vault = market.exchange.vault
    giver = vault.user(deposited_atoms=amount_atoms)
    market.chain.send(vault.lock(giver, market.pool, amount_atoms))
    market.chain.send(vault.fund_insurance(market.pool, amount_atoms))


def test_pays_in_full_and_closes(winding: Winding, market: Market, alice: Trader, chain: Chain) -> None:
    position, rent = market.position(alice), chain.account(alice.position)
    wallet, free = chain.account(alice.owner), chain.read(alice.collateral).free_atoms
    claims = market.read().collateral_sum_atoms
    event = chain.send(winding.pay(alice)).event("PositionPaid")
    assert chain.account(alice.position) is None
    paid_to = chain.account(alice.owner)
    assert wallet is not None
    assert rent is not None
    assert paid_to is not None
    assert paid_to.lamports == wallet.lamports + rent.lamports
    assert chain.read(alice.collateral).free_atoms == free + position.collateral
    books, settlement = market.read(), winding.read()
    assert (settlement.is_paying, settlement.paid_count) == (1, 1)
    assert (settlement.claims_atoms, settlement.payable_atoms, settlement.drawn_atoms) == (claims, claims, 0)
    assert settlement.paid_atoms == position.collateral
    assert (books.position_count, books.collateral_sum_atoms) == (1, claims - position.collateral)
    assert (event.market, event.position, event.owner) == (market.key, alice.position, alice.owner)
    assert event.recipient == alice.owner
    assert event.paid_atoms == event.collateral_atoms == position.collateral
    assert event.payable_atoms == event.claims_atoms == claims
    assert (event.market_collateral_atoms, event.position_count) == (books.collateral_sum_atoms, 1)
    assert (event.realized_pnl_atoms, event.accumulated_funding_atoms) == (position.realized_pnl, 0)
    assert event.head.sequence == books.event_sequence
    winding.check_books()


def test_what_is_lacking_is_shared(market: Market, chain: Chain) -> None:
    winding, traders = lacking(market)
    claims = [market.position(one).collateral for one in traders]
    locked, fees = market.locked_atoms(), market.read().accrued_fees_atoms
    shortfall = market.read().long_shortfall_atoms
    assert fees > 0
    assert sum(claims) - locked == shortfall - fees  # fees come after the positions
    for trader, claim in zip(traders, claims, strict=True):
        free = chain.read(trader.collateral).free_atoms
        chain.send(winding.pay(trader))
        assert chain.read(trader.collateral).free_atoms - free == claim * locked // sum(claims)
        winding.check_books()
    assert 0 <= market.locked_atoms() < len(traders)
    chain.send(winding.close())


def test_the_order_matters_to_nobody(market: Market, vault: VaultWorld) -> None:
    """The same market six times over, paid in every order."""
    results = set()
    for number, order in enumerate(permutations(range(3))):
        one = market.exchange.market(f"ORDER-{number}")
        winding, traders = lacking(one)
        for index in order:
            one.chain.send(winding.pay(traders[index]))
        results.add(tuple(one.chain.read(trader.collateral).free_atoms for trader in traders))
        one.chain.send(winding.close())
    assert len(results) == 1, results
    vault.check_ledger()


def test_insurance_pays_what_is_lacking_and_no_more(market: Market, chain: Chain) -> None:
    winding, traders = lacking(market)
    missing = market.read().collateral_sum_atoms - market.locked_atoms()
    insure(market, missing + 500)
    claims = [market.position(one).collateral for one in traders]
    for trader, claim in zip(traders, claims, strict=True):
        free = chain.read(trader.collateral).free_atoms
        chain.send(winding.pay(trader))
        assert chain.read(trader.collateral).free_atoms == free + claim
    assert winding.read().drawn_atoms == missing
    assert (market.locked_atoms(), chain.read(market.pool).insurance_atoms) == (0, 500)
    winding.check_books()


def test_insurance_that_is_too_small_is_used_up(market: Market, chain: Chain) -> None:
    winding, traders = lacking(market)
    locked = market.locked_atoms()
    insure(market, 100 * USDT)
    chain.send(winding.pay(traders[0]))
    settlement = winding.read()
    assert (settlement.drawn_atoms, settlement.payable_atoms) == (100 * USDT, locked + 100 * USDT)
    assert chain.read(market.pool).insurance_atoms == 0
    winding.check_books()


def test_anyone_may_open_the_account_that_is_missing(market: Market, chain: Chain) -> None:
    """Nobody holds up the pay-out of others, or their own, by having no collateral account."""
    vault, wallet = market.exchange.vault, chain.person()
    session = market.as_trader(vault.user(deposited_atoms=USDT))
    chain.send(market.open_session_position(session.owner, wallet))
    chain.send(market.add_collateral(session, USDT))
    winding = Winding(market)
    winding.begin()
    claim, call = USDT, winding.pay(session, wallet)
    chain.refused(call, error="AccountOwnedByWrongProgram")
    chain.send(vault.open_account(wallet))
    chain.send(call)
    assert chain.read(collateral_of(wallet)).free_atoms == claim


def test_nothing_is_paid_without_a_collateral_account(winding: Winding, alice: Trader, chain: Chain) -> None:
    chain.refused(winding.pay(alice).but(collateral=None), error="WrongCollateral")


def test_an_empty_position_needs_no_collateral_account(market: Market, chain: Chain) -> None:
    owner = chain.person()
    chain.send(market.open_position(owner))
    winding = Winding(market)
    winding.begin()
    stray = market.as_trader(User(owner, owner, owner))
    chain.refused(winding.pay(stray), error="AccountOwnedByWrongProgram")  # there is no collateral account
    chain.send(winding.pay(stray).but(collateral=None))
    assert market.read().position_count == 0
    chain.send(winding.close())


def test_waits_for_every_size(market: Market, alice: Trader, bob: Trader, chain: Chain) -> None:
    carol = market.trader()
    market.settled(V1, market.trade(alice, bob, ONE // 7))
    winding = Winding(market)
    winding.begin()
    chain.refused(winding.pay(carol), error="PositionsNotSettled")
    chain.send(winding.settle(alice))
    chain.refused(winding.pay(alice), error="PositionsNotSettled")
    chain.send(winding.settle(bob))
    chain.send(winding.pay(carol))


def test_nobody_is_paid_twice(winding: Winding, market: Market, alice: Trader, chain: Chain) -> None:
    call = winding.pay(alice)
    chain.send(call)
    chain.refused(call, error="AccountOwnedByWrongProgram")
    # Lamports sent to the closed account do not bring it back, and a new position is refused.
    chain.fund(alice.position, 10**9)
    chain.refused(call, error="AccountOwnedByWrongProgram")
    chain.refused(market.open_position(alice.owner), error="MarketNotActive")


def test_a_session_wallet_s_position_is_paid_to_its_parent(market: Market, bob: Trader, chain: Chain) -> None:
    vault = market.exchange.vault
    parent, session = vault.user(), market.as_trader(vault.user(deposited_atoms=9_000 * USDT))
    chain.send(market.open_session_position(session.owner, parent.owner))
    chain.send(market.add_collateral(session, 9_000 * USDT))
    assert market.read().position_count == 2
    market.settled(V1, market.trade(session, bob))
    winding = Winding(market)
    winding.begin()
    winding.settle_all(session, bob)
    claim = market.position(session).collateral
    chain.refused(winding.pay(session), error="WrongRentRecipient")
    before, rent = chain.account(parent.owner), chain.account(session.position)
    event = chain.send(winding.pay(session, parent.owner)).event("PositionPaid")
    after = chain.account(parent.owner)
    assert before is not None
    assert rent is not None
    assert after is not None
    assert after.lamports == before.lamports + rent.lamports
    assert (event.owner, event.recipient, event.paid_atoms) == (session.owner, parent.owner, claim)
    assert chain.read(parent.collateral).free_atoms == claim
    assert chain.read(session.collateral).free_atoms == 0
    chain.send(winding.pay(bob))
    chain.send(winding.close())


def test_refuses_a_market_that_is_not_settling(winding: Winding, market: Market, alice: Trader) -> None:
    market.chain.rewrite(market.key, status=ACTIVE)
    market.chain.refused(winding.pay(alice), error="MarketNotSettling")


def test_refuses_books_that_the_pool_does_not_back(winding: Winding, market: Market, alice: Trader) -> None:
    market.chain.rewrite(market.key, accrued_fees_atoms=market.read().accrued_fees_atoms + 1)
    market.chain.refused(winding.pay(alice), error="MarketNotBacked")


def test_refuses_to_pay_more_than_is_shared(
    winding: Winding, market: Market, alice: Trader, bob: Trader
) -> None:
    chain = market.chain
    chain.send(winding.pay(bob))
    chain.rewrite(winding.address, paid_atoms=winding.read().payable_atoms)
    chain.refused(winding.pay(alice), error="MarketNotBacked")


def test_refusals(
    winding: Winding, market: Market, other_market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    call = winding.pay(alice)
    other = Winding(other_market)
    stray = other_market.as_trader(alice.user)
    chain.send(other_market.open_position(alice.owner))
    other.begin()
    assert other_market.read().status == SETTLING
    chain.refused(call.but(pool=other_market.pool), error="WrongPool")
    chain.refused(call.but(market=other_market.key), error="WrongPool")
    chain.refused(call.but(settlement=other.address), error="WrongSettlement")
    chain.refused(call.but(position=stray.position), error="WrongMarket")
    chain.refused(call.but(recipient=bob.owner), error="WrongRentRecipient")
    chain.refused(call.but(collateral=bob.collateral), error="WrongCollateral")
    chain.refused(call.but(market=twin(chain, market.key)), error="WrongSettlement")
    chain.refused(call.but(authority=chain.person()), error="ConstraintAddress")
    refuses_wrong_accounts(chain, call, **VAULT_ADDRESS)
