"""How other programs read a feed: what its authority scheduled is in force when due, publication or not."""

from __future__ import annotations

import pytest
from solders.pubkey import Pubkey

from tests.programs.funding_rate.funding_world import HOUR, INDEX_E6, FundingWorld
from tests.programs.harness.chain import START_TS
from tests.programs.harness.oracle_world import put_pyth

FEED_ID = bytes(range(32))
DELAY = 60


@pytest.fixture
def ready(funding: FundingWorld) -> FundingWorld:
    """A fresh price; changes of the feed wait for a minute, which is shorter than its soft age limit."""
    funding.advance_to(START_TS + 101)
    funding.chain.rewrite(funding.feed.address, delay_seconds=DELAY)
    funding.mark(5_000_000)
    return funding


def index_of_last_sample(funding: FundingWorld) -> int:
    """Index price that the last sample used."""
    hour = funding.chain.now_ts // HOUR
    price: int = funding.read().hours[hour % 24].index_price_e6
    return price


def test_tighter_limits_hold_without_a_publication(ready: FundingWorld) -> None:
    limits = vars(ready.feed.read().limits)
    tighter = limits | {"stale_seconds": 5, "too_old_seconds": DELAY - 1}
    call = ready.feed.set_limits()
    ready.chain.send(call.given(limits=tighter))
    ready.chain.advance(DELAY - 1)
    ready.chain.send(ready.sample_premium())
    ready.chain.advance(10)
    ready.chain.refused(ready.sample_premium(), error="PriceBlocked")
    assert vars(ready.feed.read().limits) == limits


def test_a_due_fallback_stands_in_without_a_publication(ready: FundingWorld) -> None:
    pyth = Pubkey.new_unique()
    ready.chain.send(ready.feed.set_fallback(pyth, FEED_ID))
    ready.chain.rewrite(ready.feed.address, min_publishers=3)
    silence(ready)
    ready.chain.advance(DELAY - 1)
    put_pyth(ready.chain, FEED_ID, key=pyth, price=4_000_000_000_000)
    ready.chain.refused(ready.sample_premium(pyth), error="funding_rate:oracle.WrongFallback")
    ready.chain.advance(1)
    ready.chain.send(ready.sample_premium(pyth))
    assert index_of_last_sample(ready) == 40_000 * 10**6


def test_publishers_that_are_due_to_go_count_no_more(ready: FundingWorld) -> None:
    chain, pyth = ready.chain, Pubkey.new_unique()
    chain.rewrite(ready.feed.address, delay_seconds=0)
    chain.send(ready.feed.set_fallback(pyth, FEED_ID))
    chain.rewrite(ready.feed.address, delay_seconds=DELAY)
    newcomers = [chain.person() for _ in range(3)]
    chain.send(ready.feed.set_publishers(newcomers))
    chain.advance(DELAY - 1)
    put_pyth(chain, FEED_ID, key=pyth, price=4_000_000_000_000)
    chain.send(ready.sample_premium(pyth))
    assert index_of_last_sample(ready) == INDEX_E6
    chain.advance(10)
    chain.send(ready.sample_premium(pyth))
    assert index_of_last_sample(ready) == 40_000 * 10**6


def test_a_publisher_that_stays_counts_on(ready: FundingWorld) -> None:
    chain, pyth = ready.chain, Pubkey.new_unique()
    chain.rewrite(ready.feed.address, delay_seconds=0)
    chain.send(ready.feed.set_fallback(pyth, FEED_ID))
    chain.rewrite(ready.feed.address, delay_seconds=DELAY)
    chain.send(ready.feed.set_publishers([*reversed(ready.feed.publishers), chain.person()]))
    chain.advance(DELAY)
    put_pyth(chain, FEED_ID, key=pyth, price=4_000_000_000_000)
    chain.send(ready.sample_premium(pyth))
    assert index_of_last_sample(ready) == INDEX_E6


@pytest.mark.parametrize(
    "changes",
    [
        {"exponent": -(2**31)},
        {"exponent": 2**31 - 1},
        {"exponent": 14},
        {"exponent": -26},
        {"price": -(2**63)},
        {"price": 2**63 - 1, "ema": 2**63 - 1, "exponent": 13},
        {"price": 1, "ema": 1, "exponent": -7},
        {"ema": -5},
        {"ema": 0},
        {"confidence": 2**64 - 1},
        {"publish_ts": 0},
        {"publish_ts": 1 - 2**63},
    ],
    ids=str,
)
def test_extremes_of_the_fallback_block(ready: FundingWorld, changes: dict[str, int]) -> None:
    pyth = Pubkey.new_unique()
    ready.chain.rewrite(ready.feed.address, delay_seconds=0)
    ready.chain.send(ready.feed.set_fallback(pyth, FEED_ID))
    silence(ready)
    put_pyth(ready.chain, FEED_ID, key=pyth, **changes)
    ready.chain.refused(ready.sample_premium(pyth), error="PriceBlocked")


@pytest.mark.parametrize(
    ("price", "exponent", "expected"),
    [(50_000 * 10**5, -5, INDEX_E6), (5, 4, INDEX_E6), (INDEX_E6 * 10 + 9, -7, INDEX_E6), (1, 0, 10**6)],
)
def test_every_scale_is_read_rounded_down(
    ready: FundingWorld, price: int, exponent: int, expected: int
) -> None:
    pyth = Pubkey.new_unique()
    ready.chain.rewrite(ready.feed.address, delay_seconds=0)
    ready.chain.send(ready.feed.set_fallback(pyth, FEED_ID))
    silence(ready)
    put_pyth(ready.chain, FEED_ID, key=pyth, price=price, exponent=exponent, confidence=0)
    ready.chain.send(ready.sample_premium(pyth))
    assert index_of_last_sample(ready) == expected


def silence(funding: FundingWorld) -> None:
    """One publisher too few: its last word is as old as the first one's in 1970."""
    feed = funding.feed.read()
    feed.publishers[0].publish_ts = 1
    funding.chain.rewrite(funding.feed.address, publishers=feed.publishers)
