"""Time, publishers, the fallback, and funding that follows from them."""

from __future__ import annotations

from functools import partial

from solders.pubkey import Pubkey

from tests.fuzz.model import feed, funding
from tests.fuzz.steps import Choice, Scaled, Whole, rule
from tests.fuzz.world import FEED_LIMITS, MARKETS, World
from tests.programs.funding_rate.funding_world import FundingWorld
from tests.programs.harness.oracle_world import FeedWorld
from tests.programs.position_mgmt.exchange import CONFIG

MARKET = Whole(0, len(MARKETS) - 1)
CALM = (0, 5, -5, 20, -20, 50, -50)
MOVE = Choice(CALM * 3 + (150, -150, 400, -400, 1_000, -1_000, 3_000, -4_000))
FEW = Choice((0, 0, 0, 0, 0, 1, 2, 3, 4, 7))
RISE = 10_000


@rule(10, seconds=Choice((1, 1, 2, 5, 10, 15, 30, 45, 61, 90, 300)))
def pass_time(world: World, seconds: int) -> None:
    world.chain.advance(seconds)
    world.moved()


@rule(2, hours=Choice((1, 1, 1, 2, 5, 12, 25, 30, 73)), seconds=Whole(0, 3_599))
def pass_hours(world: World, hours: int, seconds: int) -> None:
    world.chain.advance(hours * 3_600 + seconds)
    world.moved()


@rule(16, market=MARKET, move_bps=MOVE, silent=FEW, liar=Whole(0, 9), lie_bps=MOVE)
def publish_prices(world: World, market: int, move_bps: int, silent: int, liar: int, lie_bps: int) -> None:
    """A second later, publishers whose bit is not in `silent` move the price; one may lie."""
    publishing = world.markets[market].publishing
    world.chain.advance(1)
    account = world.fields(publishing.address)
    price = within_reach(market, account["price_e6"] * (10_000 + move_bps) // 10_000)
    keys = [one["key"] for one in account["publishers"][: account["publisher_count"]]]
    for place, key in enumerate(keys):
        if silent >> place & 1:
            continue
        said = price * (10_000 + lie_bps) // 10_000 if place == liar else price + place
        _publish(world, publishing, key, said, price // 5_000, world.chain.now_ts)


def within_reach(market: int, price: int) -> int:
    """At most ten thousand times the first price, where products still fit in 64 bits."""
    return min(max(price, 1), list(MARKETS.values())[market][0] * RISE)


def publish_at(world: World, market: int, price: int) -> None:
    """All publishers agree on a price."""
    publishing = world.markets[market].publishing
    account = world.fields(publishing.address)
    for one in account["publishers"][: account["publisher_count"]]:
        said = within_reach(market, price)
        _publish(world, publishing, one["key"], said, 0, world.chain.now_ts)


@rule(8, move_bps=MOVE)
def publish_everywhere(world: World, move_bps: int) -> None:
    """All publishers of all markets, until the average has followed, so that everything is open again."""
    for pause_s in (0, 55, 55):
        world.chain.advance(pause_s)
        for market in range(len(MARKETS)):
            publish_prices(world, market, 0 if pause_s else move_bps, 0, 9, 0)


@rule(2, market=MARKET, who=Whole(0, 9), price=Scaled(52), confidence=Scaled(50), early=Whole(-3, 8))
def publish_anything(world: World, market: int, who: int, price: int, confidence: int, early: int) -> None:
    publishing = world.markets[market].publishing
    people = [*publishing.publishers, world.stranger]
    key = people[who % len(people)]
    is_reasonable = price == within_reach(market, price)
    said = price if is_reasonable else price and 2**60
    _publish(world, publishing, key, said, confidence, world.chain.now_ts + early)


def _publish(
    world: World, publishing: FeedWorld, key: object, price: int, confidence: int, publish_ts: int
) -> None:
    call = publishing.publish_price(key, price, confidence, publish_ts)  # type: ignore[arg-type]
    effect = partial(
        feed.publish,
        key=publishing.address,
        publisher=key,
        price=price,
        confidence=confidence,
        publish_ts=publish_ts,
    )
    world.submit(call, effect)


@rule(2, move_bps=MOVE, doubt_bps=Choice((0, 0, 50, 200)))
def post_fallback(world: World, move_bps: int, doubt_bps: int) -> None:
    price = world.fields(world.markets[0].feed)["price_e6"]
    price = max(price * (10_000 + move_bps) // 10_000, 1)
    world.post_pyth(price, price * doubt_bps // 10_000)
    world.moved()


@rule(1, market=MARKET, deviation=Choice((500, 2_000, 10_000, 0)), stale=Choice((10, 60, 700)))
def set_feed_limits(world: World, market: int, deviation: int, stale: int) -> None:
    publishing = world.markets[market].publishing
    limits = FEED_LIMITS | {"max_deviation_bps": deviation, "stale_seconds": stale}
    signer = world.fields(publishing.address)["authority"]
    call = publishing.set_limits(**limits).but(authority=signer)
    effect = partial(feed.set_limits, key=publishing.address, signer=signer, limits=limits)
    world.submit(call, effect)


@rule(1, market=MARKET, first=Whole(0, 4), count=Choice((2, 3, 3, 4, 5)), least=Choice((2, 3, 3, 4)))
def set_publishers(world: World, market: int, first: int, count: int, least: int) -> None:
    """Some of the feed's own people in a row, and of the next market's."""
    publishing = world.markets[market].publishing
    people = [*publishing.publishers, *world.markets[(market + 1) % len(MARKETS)].publishing.publishers]
    keys = [people[(first + place) % len(people)] for place in range(count)]
    signer = world.fields(publishing.address)["authority"]
    call = publishing.set_publishers(keys, least).but(authority=signer)
    effect = partial(feed.set_publishers, key=publishing.address, signer=signer, keys=keys, least=least)
    world.submit(call, effect)


@rule(1, market=Choice((0, 0, 1)), is_none=Choice((0, 0, 0, 1)))
def set_fallback(world: World, market: int, is_none: int) -> None:
    publishing = world.markets[market].publishing
    account = Pubkey.default() if is_none else world.pyth_key
    signer = world.fields(publishing.address)["authority"]
    call = publishing.set_fallback(account, world.pyth_id).but(authority=signer)
    effect = partial(
        feed.set_fallback,
        key=publishing.address,
        signer=signer,
        account=account,
        feed_id=world.pyth_id,
    )
    world.submit(call, effect)


@rule(3, market=MARKET, other=Whole(0, 1))
def propose_feed_authority(world: World, market: int, other: int) -> None:
    publishing, proposed = world.markets[market].publishing, world.admins[other]
    signer = world.fields(publishing.address)["authority"]
    call = publishing.propose_feed_authority(proposed).but(authority=signer)
    effect = partial(feed.propose_authority, key=publishing.address, signer=signer, proposed=proposed)
    world.submit(call, effect)


@rule(3, market=MARKET, other=Whole(0, 1), wait=Choice((0, 61, 901)))
def accept_feed_authority(world: World, market: int, other: int, wait: int = 0) -> None:
    world.chain.advance(wait)
    publishing, signer = world.markets[market].publishing, world.admins[other]
    effect = partial(feed.accept_authority, key=publishing.address, signer=signer)
    world.submit(publishing.accept_feed_authority(signer), effect)


@rule(2, market=MARKET)
def restore_feed(world: World, market: int) -> None:
    """The feed's own publishers and limits, effective after the delay."""
    publishing = world.markets[market].publishing
    set_publishers(world, market, 0, len(publishing.publishers), 3)
    set_feed_limits(world, market, 2_000, 60)


@rule(6, market=MARKET, is_fallback_given=Choice((0, 0, 1)))
def sample_premium(world: World, market: int, is_fallback_given: int) -> None:
    _fund(world, market, is_fallback_given, is_update=False)


@rule(6, market=MARKET, is_fallback_given=Choice((0, 0, 1)))
def update_funding(world: World, market: int, is_fallback_given: int) -> None:
    _fund(world, market, is_fallback_given, is_update=True)


def _fund(world: World, market: int, is_fallback_given: int, *, is_update: bool) -> None:
    place, pays = world.markets[market], FundingWorld(world.markets[market])
    is_given = bool(is_fallback_given)
    key = world.pyth_key if is_given else None
    call = pays.update_funding(key) if is_update else pays.sample_premium(key)
    effect = funding.update if is_update else funding.sample
    fallback = world.pyth if is_given else None
    world.submit(call, partial(effect, market_key=place.key, feed_key=place.feed, fallback=fallback))


@rule(1, market=MARKET, rate=Choice((0, 1, 1_000, 10**6, 10**7, 10**7 + 1)))
def set_max_rate(world: World, market: int, rate: int) -> None:
    admin = world.fields(CONFIG)["admin"]
    call = FundingWorld(world.markets[market]).set_max_rate(rate).but(admin=admin)
    effect = partial(funding.set_max_rate, market_key=world.markets[market].key, signer=admin, rate_e9=rate)
    world.submit(call, effect)
