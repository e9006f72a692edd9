"""Session wallets with positions of their own: opened by both wallets, used by either and by others."""

from __future__ import annotations

from functools import partial

from solders.pubkey import Pubkey

from tests.fuzz.model import positions, wallets
from tests.fuzz.steps import Choice, Whole, rule
from tests.fuzz.world import World
from tests.programs.position_mgmt.market import Trader

from .people import NUDGE, SHARE, USER, share_of
from .prices import MARKET

SIGNER = Choice((0, 0, 0, 1, 1, 2))


def linked(world: World, market: int, user: int, signer: int) -> Trader:
    """The position of a user's session key, as the parent, the key or a stranger would use it."""
    person, key = world.users[user], world.sessions[user].session_key
    wallet = (person.owner, key, world.stranger)[signer]
    position = positions.position_of(key, world.markets[market].key)
    return Trader(wallet, person.collateral, position, person)


def held(world: World, position: Pubkey) -> int:
    return int(world.fields(position)["collateral"]) if position in world.accounts else 0


@rule(1, user=USER, market=MARKET, leverage=Whole(0, 21))
def open_session_position(world: World, user: int, market: int, leverage: int) -> None:
    place, parent, key = world.markets[market], world.users[user].owner, world.sessions[user].session_key
    effect = partial(
        wallets.open_session_position, owner=key, parent=parent, market_key=place.key, leverage=leverage
    )
    world.submit(place.open_session_position(key, parent, leverage=leverage), effect)


@rule(1, user=USER, market=MARKET, share=SHARE, nudge=NUDGE)
def add_to_session_position(world: World, user: int, market: int, share: int, nudge: int) -> None:
    """From the parent's free balance."""
    place, trader = world.markets[market], linked(world, market, user, 0)
    key = world.sessions[user].session_key
    if trader.position not in world.accounts:
        open_session_position(world, user, market, 5)
    amount = share_of(world.fields(trader.collateral)["free_atoms"], share, nudge) // 8
    effect = partial(
        positions.add_collateral, owner=key, market_key=place.key, amount=amount, signer=trader.owner
    )
    world.submit(place.add_collateral(trader, amount), effect)


@rule(2, user=USER, market=MARKET, share=SHARE, nudge=NUDGE, signer=SIGNER)
def request_of_session(world: World, user: int, market: int, share: int, nudge: int, signer: int) -> None:
    place, trader = world.markets[market], linked(world, market, user, signer)
    amount = share_of(held(world, trader.position), share, nudge)
    effect = partial(
        wallets.request_release,
        owner=world.sessions[user].session_key,
        market_key=place.key,
        feed_key=place.feed,
        amount=amount,
        signer=trader.owner,
    )
    world.submit(place.request_release(trader, amount), effect)


@rule(1, user=USER, market=MARKET, is_due=Choice((0, 1, 1)))
def execute_of_session(world: World, user: int, market: int, is_due: int) -> None:
    """To the parent's free balance, whoever asked."""
    if is_due:
        add_to_session_position(world, user, market, 1, 0)
        request_of_session(world, user, market, 8, 0, 0)
        world.chain.advance(60)
    place, key = world.markets[market], world.sessions[user].session_key
    effect = partial(positions.execute_release, owner=key, market_key=place.key, feed_key=place.feed)
    world.submit(place.execute_release(linked(world, market, user, 2)), effect)


@rule(2, user=USER, market=MARKET, signer=SIGNER)
def close_session_position(world: World, user: int, market: int, signer: int) -> None:
    place, trader = world.markets[market], linked(world, market, user, signer)
    if signer < 2 and trader.position not in world.accounts:
        open_session_position(world, user, market, 5)
    if signer == 0 and held(world, trader.position):
        request_of_session(world, user, market, 16, 0, 0)
        world.chain.advance(60)
        execute_of_session(world, user, market, 0)
    effect = partial(
        wallets.close_position,
        owner=world.sessions[user].session_key,
        market_key=place.key,
        signer=trader.owner,
    )
    world.submit(place.close_position(trader), effect)
