"""Positions that went wrong, and what a market earned: liquidation, bankruptcy, fees, records."""

from __future__ import annotations

from functools import partial

from tests.fuzz.model import positions
from tests.fuzz.steps import Choice, Whole, rule
from tests.fuzz.world import World

from .people import USER, share_of
from .prices import MARKET, publish_at
from .trading import trader


@rule(
    24,
    market=MARKET,
    which=Whole(0, 5),
    taker=USER,
    beyond_bps=Choice((-1, 0, 1, 10, 100, 300, 1_000, 3_000, 6_000)),
    share=Choice((16, 16, 16, 8, 1)),
)
def crash(world: World, market: int, which: int, taker: int, beyond_bps: int, share: int) -> None:
    """The price passes the point at which an open position is liquidated; then somebody tries."""
    place = world.markets[market]
    open_ones = [
        user
        for user in range(len(world.users))
        if (key := trader(world, market, user).position) in world.accounts and world.fields(key)["size"]
    ]
    if not open_ones:
        return
    victim = open_ones[which % len(open_ones)]
    position = world.fields(trader(world, market, victim).position)
    away = -beyond_bps if position["size"] > 0 else beyond_bps
    price = position["liquidation_price"] or world.fields(place.feed)["price_e6"]
    world.chain.advance(301)
    publish_at(world, market, price * (10_000 + away) // 10_000)
    liquidate(world, market, victim, taker, share, 0)


@rule(
    6,
    market=MARKET,
    victim=USER,
    taker=USER,
    share=Choice((16, 16, 16, 8, 1, 0, 17)),
    is_fallback_given=Choice((0, 0, 1)),
)
def liquidate(world: World, market: int, victim: int, taker: int, share: int, is_fallback_given: int) -> None:
    """Somebody takes over what a position holds, or tries to."""
    place = world.markets[market]
    one, other = trader(world, market, victim), trader(world, market, taker)
    held = abs(world.fields(one.position)["size"]) if one.position in world.accounts else 1
    wanted = share_of(held, share, 0)
    is_given = bool(is_fallback_given)
    call = place.liquidate(other, one, wanted).but(fallback_feed=world.pyth_key if is_given else None)
    effect = partial(
        positions.liquidate,
        market_key=place.key,
        feed_key=place.feed,
        keys=(one.position, other.position),
        wanted=wanted,
        fallback=world.pyth if is_given else None,
    )
    world.submit(call, effect)


@rule(5, market=MARKET, is_short=Whole(0, 1))
def resolve_bankruptcy(world: World, market: int, is_short: int) -> None:
    place = world.markets[market]
    side = "short" if is_short else "long"
    effect = partial(positions.resolve_bankruptcy, market_key=place.key, side=side)
    world.submit(place.resolve_bankruptcy(is_short_bankrupt=bool(is_short)), effect)


@rule(3, market=MARKET)
def sweep_fees(world: World, market: int) -> None:
    place = world.markets[market]
    world.submit(place.sweep_fees(), partial(positions.sweep_fees, market_key=place.key))


@rule(4, back=Whole(0, 40), is_of_other=Choice((0, 0, 0, 1)))
def prune_batch(world: World, back: int, is_of_other: int) -> None:
    """One of the records that are there."""
    records = [key for key, entry in world.accounts.items() if entry.kind == "SettlementBatch"]
    if not records:
        return
    record = records[back % len(records)]
    found = world.fields(record)
    market = world.markets[(found["market_index"] + is_of_other) % len(world.markets)]
    call = market.prune_batch(found["batch_id"], found["relayer"])
    effect = partial(positions.prune_batch, market_key=market.key, record=record, relayer=found["relayer"])
    world.submit(call, effect)
