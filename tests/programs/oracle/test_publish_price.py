"""publish_price: monotonic in time; median, averages and minutes like those of a naive model."""

from __future__ import annotations

import random

import pytest

from gdx_sdk.validity import Validity, feed_validity
from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.oracle_world import CONFIDENCE_E6, LIMITS, PRICE_E6, FeedWorld
from tests.programs.oracle.naive_feed import NaiveFeed

MAX_E6 = 10**15


def test_a_publisher_alone_makes_no_price(feed: FeedWorld) -> None:
    feed.chain.send(feed.publish_price(feed.publishers[0], PRICE_E6, 7))
    state = feed.read()
    first = state.publishers[0]
    assert (first.price_e6, first.confidence_e6) == (PRICE_E6, 7)
    assert (first.publish_ts, first.publish_slot) == (feed.chain.now_ts, feed.chain.slot)
    assert (state.price_e6, state.ema_e9) == (0, 0)


def test_enough_publishers_make_the_median(feed: FeedWorld) -> None:
    state = feed.publish(PRICE_E6, PRICE_E6 + 3, PRICE_E6 + 10, confidence_e6=2)
    assert (state.price_e6, state.confidence_e6) == (PRICE_E6 + 3, 5)
    assert (state.publish_ts, state.publish_slot) == (feed.chain.now_ts, feed.chain.slot)
    assert (state.last_good_price_e6, state.last_good_ts) == (PRICE_E6 + 3, feed.chain.now_ts)
    assert (state.ema_e9, state.twap_e9) == ((PRICE_E6 + 3) * 1_000,) * 2


def test_an_even_number_takes_the_middle_rounded_down(chain: Chain) -> None:
    feed = FeedWorld(chain, publisher_count=4).create(min_publishers=4)
    state = feed.publish(100, 101, 104, 110, confidence_e6=0)
    assert (state.price_e6, state.confidence_e6) == (102, 2)


def test_the_widest_confidence_counts(feed: FeedWorld) -> None:
    first, second, third = feed.publishers
    feed.chain.send(feed.publish_price(first, PRICE_E6, 5))
    feed.chain.send(feed.publish_price(second, PRICE_E6, 900))
    feed.chain.send(feed.publish_price(third, PRICE_E6, 0))
    assert feed.read().confidence_e6 == 900


@pytest.mark.parametrize("lie_e6", [1, MAX_E6])
def test_one_liar_of_three_stays_within_the_honest_prices(feed: FeedWorld, lie_e6: int) -> None:
    feed.publish(PRICE_E6, PRICE_E6 + 10, PRICE_E6 + 20)
    feed.chain.advance(1)
    state = feed.publish(PRICE_E6, PRICE_E6 + 20, lie_e6)
    assert PRICE_E6 <= state.price_e6 <= PRICE_E6 + 20


def test_a_silent_publisher_stops_counting(feed: FeedWorld) -> None:
    first, second, third = feed.publishers
    feed.publish()
    feed.chain.advance(LIMITS["stale_seconds"])
    feed.chain.send(feed.publish_price(first, PRICE_E6 + 50))
    feed.chain.send(feed.publish_price(second, PRICE_E6 + 50))
    assert feed.read().price_e6 == PRICE_E6 + 50
    feed.chain.advance(1)
    feed.chain.send(feed.publish_price(first, PRICE_E6 + 90))
    assert feed.read().price_e6 == PRICE_E6 + 50
    feed.chain.send(feed.publish_price(third, PRICE_E6 + 70))
    assert feed.read().price_e6 == PRICE_E6 + 70


def test_a_jump_is_not_a_good_price(feed: FeedWorld) -> None:
    feed.publish()
    feed.chain.advance(1)
    state = feed.publish(PRICE_E6 * 12 // 10)
    assert state.price_e6 == PRICE_E6 * 12 // 10
    assert state.last_good_price_e6 == PRICE_E6


@pytest.mark.parametrize("silent_s", [20, 300, 3_600])
def test_silence_does_not_let_a_jump_pass_for_calm(feed: FeedWorld, silent_s: int) -> None:
    """Two of three are silent, then say twice the price: the averages have seen one moment of it."""
    first, second, third = feed.publishers
    feed.publish()
    for _ in range(silent_s // 20):
        feed.chain.advance(20)
        feed.chain.send(feed.publish_price(third, PRICE_E6))
    for liar in (first, second):
        feed.chain.send(feed.publish_price(liar, 2 * PRICE_E6))
    state = feed.read()
    assert state.price_e6 == 2 * PRICE_E6
    assert feed_validity(state, feed.chain.now_ts) & Validity.TOO_VOLATILE
    assert state.ema_e9 == PRICE_E6 * 1_000 * (300 + LIMITS["stale_seconds"]) // 300
    assert state.last_good_price_e6 == PRICE_E6


def test_an_uncertain_price_is_not_a_good_price(feed: FeedWorld) -> None:
    feed.publish()
    feed.chain.advance(1)
    state = feed.publish(PRICE_E6 + 1, confidence_e6=PRICE_E6 // 99)
    assert (state.price_e6, state.last_good_price_e6) == (PRICE_E6 + 1, PRICE_E6)


def test_the_highest_price_fits(feed: FeedWorld) -> None:
    assert feed.publish(MAX_E6, confidence_e6=MAX_E6).price_e6 == MAX_E6
    feed.chain.advance(299)
    assert feed.publish(1).price_e6 == 1


def test_no_zero_and_nothing_beyond_a_billion(feed: FeedWorld) -> None:
    publisher = feed.publishers[0]
    feed.chain.refused(feed.publish_price(publisher, 0), error="PriceIsZero")
    for price in (MAX_E6 + 1, 2**64 - 1):
        feed.chain.refused(feed.publish_price(publisher, price), error="PriceTooHigh")
        feed.chain.refused(feed.publish_price(publisher, PRICE_E6, price), error="ConfidenceTooHigh")


def test_only_publishers_of_the_feed_may(feed: FeedWorld) -> None:
    other = FeedWorld(feed.chain, "ETH-PERP").create()
    for signer in (feed.authority, feed.chain.upgrade_authority, other.publishers[0]):
        feed.chain.refused(feed.publish_price(signer), error="NotPublisher")


def test_a_publisher_of_another_feed_may_not(feed: FeedWorld) -> None:
    other = FeedWorld(feed.chain, "ETH-PERP").create()
    call = feed.publish_price(feed.publishers[0]).but(feed=other.address)
    feed.chain.refused(call, error="NotPublisher")


def test_a_former_publisher_may_not(chain: Chain) -> None:
    feed = FeedWorld(chain, publisher_count=4).create()
    chain.send(feed.set_publishers(feed.publishers[:3]))
    chain.refused(feed.publish_price(feed.publishers[3]), error="NotPublisher")


@pytest.mark.parametrize("earlier", [0, 1, 1_000])
def test_time_only_moves_forward(feed: FeedWorld, earlier: int) -> None:
    publisher = feed.publishers[0]
    feed.chain.send(feed.publish_price(publisher))
    call = feed.publish_price(publisher, publish_ts=feed.chain.now_ts - earlier)
    feed.chain.refused(call, error="PublishTimeNotLater")


def test_times_before_1970_are_refused(feed: FeedWorld) -> None:
    for ts in (0, -1, -(2**63)):
        call = feed.publish_price(feed.publishers[0], publish_ts=ts)
        feed.chain.refused(call, error="PublishTimeNotLater")


def test_a_clock_may_run_five_seconds_ahead(feed: FeedWorld) -> None:
    first, second, third = feed.publishers
    for ahead in (6, 2**62):
        call = feed.publish_price(first, publish_ts=feed.chain.now_ts + ahead)
        feed.chain.refused(call, error="PublishTimeInFuture")
    for publisher in (first, second, third):
        feed.chain.send(feed.publish_price(publisher, publish_ts=feed.chain.now_ts + 5))
    assert feed.read().publish_ts == feed.chain.now_ts


def test_an_old_observation_is_stored_but_makes_no_price(feed: FeedWorld) -> None:
    for publisher in feed.publishers:
        feed.chain.send(feed.publish_price(publisher, publish_ts=feed.chain.now_ts - 11))
    assert feed.read().price_e6 == 0


def test_changes_that_are_due_come_into_force(chain: Chain) -> None:
    feed = FeedWorld(chain, publisher_count=4).create(delay_seconds=100)
    feed.publish()
    chain.send(feed.set_publishers(feed.publishers[1:], 3))
    chain.send(feed.set_limits(stale_seconds=1, too_old_seconds=2))
    chain.advance(99)
    chain.send(feed.publish_price(feed.publishers[0]))
    chain.advance(1)
    chain.refused(feed.publish_price(feed.publishers[0]), error="NotPublisher")
    chain.send(feed.publish_price(feed.publishers[1]))
    state = feed.read()
    assert (state.limits.stale_seconds, feed.publisher_keys()) == (1, feed.publishers[1:])


def test_a_feed_that_contradicts_itself_is_refused(feed: FeedWorld) -> None:
    feed.chain.rewrite(feed.address, min_publishers=4)
    feed.chain.refused(feed.publish_price(feed.publishers[0]), error="FeedInconsistent")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_random_day_is_that_of_the_naive_model(chain: Chain, seed: int) -> None:
    dice = random.Random(seed)
    count = dice.randint(3, 8)
    feed = FeedWorld(chain, publisher_count=count).create()
    naive = NaiveFeed(3, LIMITS)
    price = PRICE_E6
    for step in range(120):
        chain.advance(dice.choice([0, 1, 1, 2, 5, 20, 65, 200, 4_000]))
        price = max(1, price * dice.randint(9_900, 10_100) // 10_000)
        for index in dice.sample(range(count), dice.randint(1, count)):
            said = (price + dice.randint(-1_000_000, 1_000_000), dice.randint(0, 10**9))
            ts = chain.now_ts - dice.randint(-5, 15)
            if ts <= naive.seen.get(index, (0, 0, 0))[2]:
                continue
            chain.send(feed.publish_price(feed.publishers[index], *said, publish_ts=ts))
            naive.publish(index, *said, ts, chain.now_ts)
        compare(feed, naive, f"seed {seed}, step {step}")


def compare(feed: FeedWorld, naive: NaiveFeed, where: str) -> None:
    """Every computed field of the feed, and each minute that the ring still holds."""
    state = feed.read()
    found = (state.price_e6, state.confidence_e6, state.publish_ts, state.ema_e9, state.twap_e9)
    expected = (naive.price_e6, naive.confidence_e6, naive.publish_ts, naive.ema_e9, naive.twap_e9)
    assert found == expected, where
    assert (state.last_good_price_e6, state.last_good_ts) == naive.last_good, where
    assert state.minutes.newest_minute == max(naive.minutes, default=0), where
    for minute in range(state.minutes.newest_minute - 59, state.minutes.newest_minute + 1):
        kept = state.minutes.ranges[minute % 60]
        assert (kept.low_e6, kept.high_e6) == naive.minutes.get(minute, (0, 0)), (where, minute)


def test_accounts_are_checked(feed: FeedWorld) -> None:
    refuses_wrong_accounts(feed.chain, feed.publish_price(feed.publishers[0], PRICE_E6, CONFIDENCE_E6))
