"""open_session_position: both wallets sign, the parent pays; what either of them may do from then on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from solders.pubkey import Pubkey

from tests.programs.harness.chain import Chain
from tests.programs.harness.codec import Call, pda
from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.tokens import USDT

from .attacks import refuses_other_config
from .exchange import HALTED, PAUSE, REDUCE_ONLY, SETTLING, Exchange
from .market import V1, Linked, Market, Trader


def lamports_of(chain: Chain, person: Pubkey) -> int:
    account = chain.account(person)
    assert account is not None
    return account.lamports


def test_opens_at_the_session_wallets_address(market: Market, chain: Chain) -> None:
    session, parent = chain.person(), chain.person()
    before = lamports_of(chain, session), lamports_of(chain, parent)
    receipt = chain.send(market.open_session_position(session, parent, leverage=7))
    key = pda("position_mgmt", b"position", session, market.key)
    position = chain.read(key)
    assert (position.owner, position.parent_wallet, position.market) == (session, parent, market.key)
    assert (position.leverage, position.size, position.collateral) == (7, 0, 0)
    assert (position.layout_version, position.is_release_by_parent) == (1, 0)
    assert [name for name, _ in receipt.events] == ["PositionOpened", "SessionLinked"]
    opened, link = receipt.event("PositionOpened"), receipt.event("SessionLinked")
    assert (opened.after.position, opened.after.owner, opened.leverage) == (key, session, 7)
    assert (link.position, link.owner, link.parent_wallet) == (key, session, parent)
    assert (link.market, link.head.sequence) == (market.key, opened.head.sequence + 1)
    assert link.head.sequence == market.read().event_sequence
    after = lamports_of(chain, session), lamports_of(chain, parent)
    assert (before[0] - after[0], before[1] - after[1]) == (0, lamports_of(chain, key))


def test_a_wallet_that_is_its_own_parent_has_an_ordinary_position(market: Market, chain: Chain) -> None:
    """Byte for byte what open_position makes at the same time."""
    owner = chain.person()
    key = pda("position_mgmt", b"position", owner, market.key)
    chain.send(market.open_position(owner, leverage=3))
    ordinary = chain.data(key)
    trader = Trader(owner, owner, key, market.exchange.vault.user())
    chain.send(market.close_position(trader))
    chain.send(market.open_session_position(owner, owner, leverage=3))
    assert chain.data(key) == ordinary


def test_refuses_without_either_signature(market: Market, chain: Chain) -> None:
    call = market.open_session_position(chain.person(), chain.person())
    for name in ("owner", "parent_wallet"):
        chain.refused(call.without_signature_of(name), error="AccountNotSigner")


def test_the_roles_are_not_symmetric(market: Market, chain: Chain) -> None:
    """With the roles swapped it is another position, at the other wallet's address."""
    one, other = chain.person(), chain.person()
    call = market.open_session_position(one, other)
    chain.refused(call.but(owner=other, parent_wallet=one), error="ConstraintSeeds")
    chain.send(call)
    chain.send(market.open_session_position(other, one))
    mine = chain.read(pda("position_mgmt", b"position", one, market.key))
    theirs = chain.read(pda("position_mgmt", b"position", other, market.key))
    assert (mine.owner, mine.parent_wallet) == (theirs.parent_wallet, theirs.owner) == (one, other)


def test_takes_one_position_per_session_wallet_and_market(
    market: Market, other_market: Market, linked: Linked, chain: Chain
) -> None:
    session = linked.session.owner
    again = market.open_session_position(session, chain.person())
    chain.refused(again, error="system.AccountAlreadyInUse")
    chain.refused(market.open_position(session), error="system.AccountAlreadyInUse")
    chain.send(other_market.open_session_position(session, linked.parent.owner))


def test_refuses_leverage_outside_the_range(market: Market, chain: Chain) -> None:
    for leverage in (0, 21, 2**16 - 1):
        call = market.open_session_position(chain.person(), chain.person(), leverage=leverage)
        chain.refused(call, error="BadLeverage")


def test_refuses_while_paused_or_restricted(market: Market, exchange: Exchange, chain: Chain) -> None:
    call = market.open_session_position(chain.person(), chain.person())
    chain.send(exchange.set_pause_bits(PAUSE["open"]))
    chain.refused(call, error="OpenPaused")
    chain.send(exchange.set_pause_bits(0))
    for status in (REDUCE_ONLY, HALTED, SETTLING):
        chain.rewrite(market.key, status=status)
        chain.refused(call, error="MarketNotActive")


def test_trades_like_any_other(market: Market, linked: Linked, bob: Trader) -> None:
    market.settled(V1, market.trade(linked.session, bob))
    assert market.position(linked.session).size == 10**8
    market.check_books()


def test_a_stolen_session_key_only_sends_money_home(
    market: Market, linked: Linked, bob: Trader, chain: Chain
) -> None:
    """Whatever the key signs, nothing reaches the session wallet, and the parent gets everything out."""
    session, parent = linked.session, linked.parent
    market.settled(V1, market.trade(session, bob))
    others = (session.collateral, bob.collateral)
    before = [chain.read(key).free_atoms for key in others]
    chain.refused(market.close_position(session), error="WrongOwner")
    chain.refused(market.liquidate(session, bob), error="WrongOwner")
    theft = market.add_collateral(session, 1).but(collateral=parent.collateral)
    chain.refused(theft, error="WrongCollateral")
    market.settled(V1, market.trade(bob, session))
    chain.send(market.request_release(session, 1))
    everything = market.position(parent).collateral
    free = chain.read(parent.collateral).free_atoms
    chain.send(market.request_release(parent, everything))
    for amount in (0, 1, everything):
        chain.refused(market.request_release(session, amount), error="ReleaseRequestedByParent")
    chain.set_clock(slot=chain.slot + 10)
    chain.refused(market.execute_release(session), error="WrongCollateral")
    chain.send(market.execute_release(parent))
    assert chain.read(parent.collateral).free_atoms == free + everything
    assert [chain.read(key).free_atoms for key in others] == before
    chain.send(market.close_position(parent))
    assert chain.account(parent.position) is None
    market.check_books()


def test_a_lost_session_key_is_not_needed(market: Market, linked: Linked, chain: Chain) -> None:
    parent = linked.parent
    free = chain.read(parent.collateral).free_atoms
    chain.send(market.add_collateral(parent, 500 * USDT))
    chain.send(market.request_release(parent, 10_500 * USDT))
    chain.set_clock(slot=chain.slot + 10)
    chain.send(market.execute_release(parent))
    rent, before = lamports_of(chain, parent.position), lamports_of(chain, parent.owner)
    chain.send(market.close_position(parent))
    assert chain.read(parent.collateral).free_atoms == free + 10_000 * USDT
    assert lamports_of(chain, parent.owner) == before + rent


CALLS: dict[str, Callable[[Market, Trader], Call]] = {
    "add_collateral": lambda market, trader: market.add_collateral(trader, 1),
    "request_release": lambda market, trader: market.request_release(trader, 1),
    "close_position": lambda market, trader: market.close_position(trader),
}


@pytest.mark.parametrize("name", CALLS)
def test_strangers_and_other_parents_may_nothing(
    market: Market, linked: Linked, alice: Trader, chain: Chain, name: str
) -> None:
    if name == "close_position":
        linked = market.linked(0)
    other = market.linked(0)
    for person in (alice, other.session, other.parent):
        intruder = Trader(person.owner, person.collateral, linked.parent.position, person.user)
        chain.refused(CALLS[name](market, intruder), error="WrongOwner")
    chain.send(CALLS[name](market, linked.parent))


def test_refusals(market: Market, chain: Chain) -> None:
    call = market.open_session_position(chain.person(), chain.person())
    refuses_other_config(chain, call)
    elsewhere = pda("position_mgmt", b"position", chain.person(), market.key)
    chain.refused(call.but(position=elsewhere), error="ConstraintSeeds")
    refuses_wrong_accounts(chain, call)
