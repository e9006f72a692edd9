"""What one lying publisher of three can do to a price, and what that is worth in the stated market."""

from __future__ import annotations

import random
from dataclasses import dataclass

from gdx_sdk.units import Side
from tests.programs.harness.oracle_world import FeedWorld
from tests.programs.harness.tokens import USDT
from tests.programs.position_mgmt.market import ONE, V1, Market, Trader

from .search import new_random, rounds
from .stated_market import FEED_LIMITS, LIMITS, PRICE_E6, StatedMarket

SPREAD_BPS = 10
"""How far apart the two honest publishers may be, an observation that is still fresh included."""
STATED_BPS, STATED_USDT = 10, 375
"""The figures of `docs/security.md`: of the price, and per 50,000 USDT of notional liquidated too early."""
LIAR = 2


@dataclass
class Span:
    """Least and greatest honest observation within reach of the feed."""

    low_e6: int
    high_e6: int

    def holds(self, price_e6: int) -> bool:
        return self.low_e6 <= price_e6 <= self.high_e6


class Feed:
    """Two honest publishers who follow a price that walks, and one who says anything at any time."""

    def __init__(self, world: StatedMarket, rng: random.Random) -> None:
        self.world, self.chain, self.rng = world, world.chain, rng
        self.publishing = FeedWorld(world.chain, "LIE-PERP").create(limits=FEED_LIMITS)
        self.center_e6 = PRICE_E6
        self.said = [PRICE_E6, PRICE_E6]
        self.ever = Span(PRICE_E6, PRICE_E6)
        self.chain.advance(1)
        self.publishing.publish(PRICE_E6, confidence_e6=0)

    def honest(self, index: int) -> None:
        """An honest observation within half the spread of the market."""
        half = self.center_e6 * SPREAD_BPS // 20_000
        self.said[index] = self.center_e6 + self.rng.randint(-half, half)
        self.ever = Span(min(self.ever.low_e6, *self.said), max(self.ever.high_e6, *self.said))
        self._publish(index, self.said[index], self.rng.randrange(PRICE_E6 // 10_000))

    def lie(self) -> None:
        """Zero-like, huge, or just beyond the honest; any confidence; any time that is accepted."""
        around = self.rng.choice(self.said)
        price = self.rng.choice([1, 10**15, around + self.rng.randint(-(10**9), 10**9)])
        ts = self.chain.now_ts + self.rng.randint(-60, 5)
        self._publish(LIAR, price, self.rng.choice([0, PRICE_E6 // 50, 10**15]), ts)

    def walk(self) -> None:
        """The market moves, and both honest publishers follow within the second."""
        self.chain.advance(self.rng.randint(1, 30))
        self.center_e6 += self.rng.randint(-PRICE_E6 // 500, PRICE_E6 // 500)
        self.honest(0)
        self.honest(1)

    def _publish(self, index: int, price_e6: int, confidence_e6: int, ts: int | None = None) -> None:
        publisher = self.publishing.publishers[index]
        call = self.publishing.publish_price(publisher, price_e6, confidence_e6, ts)
        self.world.attempt(call)


def test_no_lie_leaves_the_span_of_the_honest(world: StatedMarket) -> None:
    """Median of three: a liar moves it between the other two, averages and minutes between all they said."""
    world.restore()
    rng = new_random("publisher")
    feed, furthest = Feed(world, rng), 0
    for _ in range(rounds(250)):
        action = rng.choice([feed.lie, feed.lie, feed.walk])
        action()
        now = feed.publishing.read()
        if action == feed.walk:
            feed.lie()
            now = feed.publishing.read()
        assert Span(min(feed.said), max(feed.said)).holds(now.price_e6)
        for average_e9 in (now.ema_e9, now.twap_e9):
            assert feed.ever.low_e6 * 999 <= average_e9 <= feed.ever.high_e6 * 1_001
            assert feed.ever.holds(average_e9 // 1_000) or average_e9 % 1_000
        kept = [minute for minute in now.minutes.ranges if minute.low_e6]
        assert all(feed.ever.holds(one.low_e6) and feed.ever.holds(one.high_e6) for one in kept)
        middle = sum(feed.said) // 2
        furthest = max(furthest, abs(now.price_e6 - middle) * 20_000 // middle)
    assert SPREAD_BPS * 30 // 100 <= furthest <= STATED_BPS + 1, f"{furthest} bps"


def long_at_the_edge(market: Market, above_bps: int) -> Trader:
    """A long of one BTC whose equity meets its maintenance `above_bps` below the stated price."""
    edge = PRICE_E6 * (10_000 - above_bps) // 10_000
    least = edge * LIMITS["maintenance_margin_ratio_bps"] // 10_000 + (PRICE_E6 - edge)
    trader = market.trader(3_000 * USDT, leverage=20)
    other = market.trader(50_000 * USDT, leverage=20)
    market.settled(V1, market.trade(other, trader, ONE, side=Side.SELL))
    spare = market.position(trader).collateral - least
    market.chain.rewrite(trader.position, collateral=least)
    market.chain.rewrite(other.position, collateral=market.position(other).collateral + spare)
    return trader


def test_what_a_lie_liquidates(world: StatedMarket) -> None:
    """Only who was within the honest spread of it, and for no more than the liquidation fee.

    50,000 USDT of notional at 1 % is 500 USDT, of which three quarters are the liquidator's.
    """
    world.restore()
    market, chain = world.market, world.chain
    near, far = long_at_the_edge(market, SPREAD_BPS // 2 - 1), long_at_the_edge(market, SPREAD_BPS + 2)
    thief = world.thieves[0]
    half = PRICE_E6 * SPREAD_BPS // 20_000
    chain.advance(1)
    for index, price in enumerate((PRICE_E6 - half, PRICE_E6 + half, PRICE_E6 - 50 * half)):
        chain.send(market.publishing.publish_price(market.publishing.publishers[index], price, 0))
    assert market.publishing.read().price_e6 == PRICE_E6 - half
    before = world.wealth_atoms([thief])
    chain.refused(market.liquidate(thief, far), error="PositionHealthy")
    chain.send(market.liquidate(thief, near))
    world.wait(1)
    world.wait(60)
    gain = world.wealth_atoms([thief]) - before
    most = STATED_USDT * USDT + 50_000 * USDT * SPREAD_BPS // 20_000
    assert most * 30 // 100 <= gain <= most


def test_one_liar_and_one_outage_stop_the_price(world: StatedMarket) -> None:
    """Two fresh publishers of three make no price: risk and liquidations wait; nobody is paid at a lie."""
    world.restore()
    market, chain = world.market, world.chain
    chain.advance(FEED_LIMITS["stale_seconds"] + 1)
    for index, price in ((0, PRICE_E6), (LIAR, PRICE_E6 * 2)):
        chain.send(market.publishing.publish_price(market.publishing.publishers[index], price, 0))
    assert market.publishing.read().price_e6 == PRICE_E6
    trade = market.trade(world.thieves[0], world.honest[2], ONE // 100)
    chain.refused(market.settle(market.seal(V1, trade)), error="OracleNotUsable")
    chain.refused(market.liquidate(world.thieves[0], world.honest[0]), error="OracleNotUsable")


def test_one_liar_can_hold_up_risk_and_releases_but_not_liquidations(world: StatedMarket) -> None:
    """A wide confidence, or a far price, makes the aggregate uncertain: nobody loses, and nobody takes
    collateral out of an open position before the feed's authority has replaced the publisher."""
    world.restore()
    market, chain = world.market, world.chain
    chain.advance(1)
    for index, (price, confidence) in enumerate(((PRICE_E6, 0), (PRICE_E6, 0), (PRICE_E6, PRICE_E6))):
        chain.send(market.publishing.publish_price(market.publishing.publishers[index], price, confidence))
    trade = market.trade(world.thieves[0], world.honest[2], ONE // 100)
    chain.refused(market.settle(market.seal(V1, trade)), error="OracleNotUsable")
    chain.refused(market.request_release(world.honest[0], USDT), error="OracleNotUsable")
    chain.send(market.request_release(world.honest[2], USDT))  # a flat position needs no price
    chain.refused(market.liquidate(world.thieves[0], world.honest[0]), error="PositionHealthy")


def test_two_of_three_are_out_of_the_bound_and_only_slowed(world: StatedMarket) -> None:
    """Two liars are the median: a jump beyond the deviation limit blocks everything, one within it nothing,
    and the average follows, so that a patient majority is the price."""
    world.restore()
    market, chain = world.market, world.chain
    thief, victim = world.thieves[0], long_at_the_edge(market, 100)

    def lie(price_e6: int, seconds: int) -> None:
        chain.advance(seconds)
        for index, price in enumerate((PRICE_E6, price_e6, price_e6)):
            chain.send(market.publishing.publish_price(market.publishing.publishers[index], price, 0))

    lie(PRICE_E6 // 2, 1)
    assert market.publishing.read().price_e6 == PRICE_E6 // 2
    chain.refused(market.liquidate(thief, victim), error="OracleNotUsable")
    world.wait(1)
    world.wait(300)
    price = PRICE_E6 * (10_000 - FEED_LIMITS["max_deviation_bps"] + 10) // 10_000
    lie(price, 1)
    chain.send(market.liquidate(thief, victim))
    lie(price, 300)
    for _ in range(100):
        lie(price := price * 994 // 1_000, 50)
        reading = market.publishing.read()
        average = reading.ema_e9 // 1_000
        assert abs(reading.price_e6 - average) * 10_000 <= average * FEED_LIMITS["max_deviation_bps"]
    assert price < PRICE_E6 * 53 // 100
