"""close_position: only an empty one; the rent goes back to its owner."""

from __future__ import annotations

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.tokens import USDT

from .market import V1, Market, Trader


def test_closes_an_empty_position(market: Market, chain: Chain) -> None:
    trader = market.trader(0)
    before, rent = chain.account(trader.owner), chain.account(trader.position)
    assert before is not None
    assert rent is not None
    event = chain.send(market.close_position(trader)).event("PositionClosed")
    after = chain.account(trader.owner)
    assert after is not None
    assert after.lamports == before.lamports + rent.lamports
    assert chain.account(trader.position) is None
    assert (event.market, event.position, event.owner) == (market.key, trader.position, trader.owner)
    assert (event.realized_pnl_atoms, event.accumulated_funding_atoms) == (0, 0)
    assert event.head.sequence == market.read().event_sequence


def test_tells_what_the_position_earned(market: Market, alice: Trader, bob: Trader, chain: Chain) -> None:
    market.settled(V1, market.trade(alice, bob))
    chain.advance(3_600)
    chain.send(market.set_funding(10 * 10**4 * USDT))  # 10 USDT per whole base unit
    market.jump_to(50_500 * 10**6)
    market.settled(V1, market.trade(bob, alice))
    collateral = market.position(alice).collateral
    assert collateral == (10_000 + 500 - 10 - 25) * USDT + 5_050_000  # profit, funding, taker fee, rebate
    chain.send(market.request_release(alice, collateral))
    chain.advance(60)
    chain.send(market.execute_release(alice))
    event = chain.send(market.close_position(alice)).event("PositionClosed")
    assert (event.realized_pnl_atoms, event.accumulated_funding_atoms) == (500 * USDT, 10 * USDT)


def test_refuses_collateral_or_size(market: Market, alice: Trader, bob: Trader, chain: Chain) -> None:
    chain.refused(market.close_position(alice), error="PositionNotEmpty")
    market.settled(V1, market.trade(alice, bob, 1_000))
    chain.rewrite(alice.position, collateral=0)
    chain.refused(market.close_position(alice), error="PositionNotEmpty")


def test_refuses_another_owner_or_market(market: Market, other_market: Market, chain: Chain) -> None:
    trader, other = market.trader(0), market.trader(0)
    call = market.close_position(trader)
    chain.refused(call.but(owner=other.owner), error="WrongOwner")
    chain.refused(call.but(position=other.position), error="WrongOwner")
    chain.refused(call.but(market=other_market.key), error="WrongMarket")


def test_refuses_a_closed_position(market: Market, chain: Chain) -> None:
    trader = market.trader(0)
    chain.send(market.close_position(trader))
    chain.refused(market.close_position(trader), error="AccountOwnedByWrongProgram")


def test_the_parent_wallet_alone_closes_and_gets_the_rent(market: Market, chain: Chain) -> None:
    linked = market.linked(0)
    session, parent = linked.session, linked.parent
    chain.refused(market.close_position(session), error="WrongOwner")
    before = [chain.account(wallet.owner) for wallet in (session, parent)]
    rent = chain.account(parent.position)
    event = chain.send(market.close_position(parent)).event("PositionClosed")
    after = [chain.account(wallet.owner) for wallet in (session, parent)]
    assert None not in (*before, *after, rent)
    moved = [now.lamports - then.lamports for then, now in zip(before, after, strict=True) if then and now]
    assert moved == [0, rent.lamports if rent else None]
    assert (event.owner, event.position) == (session.owner, parent.position)


def test_refusals(market: Market, chain: Chain) -> None:
    refuses_wrong_accounts(chain, market.close_position(market.trader(0)))
