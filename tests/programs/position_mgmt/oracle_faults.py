"""Each fault that a price can have, made by what really leads to it."""

from __future__ import annotations

from collections.abc import Callable

from .market import Market


def non_positive(market: Market) -> None:
    """No price was ever published: only a new feed has none."""
    market.chain.rewrite(market.feed, price_e6=0, ema_e9=0)


def too_volatile(market: Market) -> None:
    feed = market.chain.read(market.feed)
    feed.limits.max_deviation_bps = 1
    market.chain.rewrite(market.feed, limits=feed.limits, ema_e9=feed.ema_e9 * 2)


def too_uncertain(market: Market) -> None:
    price_e6 = market.chain.read(market.feed).price_e6
    market.chain.advance(1)
    market.publishing.publish(price_e6, confidence_e6=price_e6 // 10)


def only_stale(market: Market) -> None:
    """The price is old, but its publishers are as fresh as they must be."""
    market.chain.rewrite(market.feed, publish_ts=market.chain.now_ts - 61)


def too_old(market: Market) -> None:
    market.chain.rewrite(market.feed, publish_ts=market.chain.now_ts - 601)


def too_few_publishers(market: Market) -> None:
    """One of three publishers falls silent; the other two cannot make a new price."""
    feed = market.chain.read(market.feed)
    feed.publishers[0].publish_ts -= 61
    market.chain.rewrite(market.feed, publishers=feed.publishers)


FAULTS: dict[str, Callable[[Market], None]] = {
    fault.__name__: fault
    for fault in (non_positive, too_volatile, too_uncertain, only_stale, too_old, too_few_publishers)
}
