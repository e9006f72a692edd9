"""set_publishers: scheduled by the authority; who stays keeps its observation."""

from __future__ import annotations

import pytest
from solders.pubkey import Pubkey

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_durable_nonce, refuses_wrong_accounts
from tests.programs.harness.oracle_world import PRICE_E6, FeedWorld

DAY = 86_400


def others(chain: Chain, count: int) -> list[Pubkey]:
    return [chain.person() for _ in range(count)]


def test_without_a_delay_they_are_in_force_at_once(feed: FeedWorld) -> None:
    publishers = others(feed.chain, 8)
    receipt = feed.chain.send(feed.set_publishers(publishers, 5))
    state = feed.read()
    assert (feed.publisher_keys(), state.publisher_count, state.min_publishers) == (publishers, 8, 5)
    assert state.pending_publishers_not_before_ts == 0
    event = receipt.event("PublishersScheduled")
    assert (event.feed, event.publishers, event.min_publishers) == (feed.address, publishers, 5)
    assert (event.not_before_ts, event.head.sequence) == (feed.chain.now_ts, 2)


def test_with_a_delay_they_wait(chain: Chain) -> None:
    feed = FeedWorld(chain).create(delay_seconds=DAY)
    publishers = others(chain, 3)
    event = chain.send(feed.set_publishers(publishers)).event("PublishersScheduled")
    assert event.not_before_ts == chain.now_ts + DAY
    assert feed.publisher_keys() == feed.publishers
    chain.advance(DAY - 1)
    chain.refused(feed.publish_price(publishers[0]), error="NotPublisher")
    chain.advance(1)
    chain.send(feed.publish_price(publishers[0]))
    assert feed.publisher_keys() == publishers


def test_who_stays_keeps_its_observation(feed: FeedWorld) -> None:
    feed.publish()
    first, second, third = feed.publishers
    fourth = feed.chain.person()
    feed.chain.send(feed.set_publishers([fourth, third, first]))
    kept = [publisher.price_e6 for publisher in feed.read().publishers[:4]]
    assert kept == [0, PRICE_E6, PRICE_E6, 0]
    assert second not in feed.publisher_keys()


@pytest.mark.parametrize("count", [0, 2, 9])
def test_three_to_eight_publishers(feed: FeedWorld, count: int) -> None:
    call = feed.set_publishers(others(feed.chain, count))
    feed.chain.refused(call, error="WrongPublisherCount")


def test_publishers_are_different_addresses(feed: FeedWorld) -> None:
    first, second, _ = feed.publishers
    for publishers in ([first, second, second], [first, second, Pubkey.default()]):
        feed.chain.refused(feed.set_publishers(publishers), error="PublisherRepeated")


@pytest.mark.parametrize("least", [0, 2, 4])
def test_the_least_number_of_publishers(feed: FeedWorld, least: int) -> None:
    call = feed.set_publishers(feed.publishers, least)
    feed.chain.refused(call, error="InvalidMinPublishers")


def test_only_the_authority_may(feed: FeedWorld) -> None:
    for signer in (feed.publishers[0], feed.chain.upgrade_authority):
        call = feed.set_publishers(feed.publishers).but(authority=signer)
        feed.chain.refused(call, error="NotFeedAuthority")


def test_the_authority_of_another_feed_may_not(feed: FeedWorld) -> None:
    other = FeedWorld(feed.chain, "ETH-PERP").create()
    call = feed.set_publishers(feed.publishers)
    feed.chain.refused(call.but(feed=other.address), error="NotFeedAuthority")


def test_a_feed_that_contradicts_itself_is_refused(feed: FeedWorld) -> None:
    feed.chain.rewrite(feed.address, ema_e9=5)
    feed.chain.refused(feed.set_publishers(feed.publishers), error="FeedInconsistent")


def test_a_durable_nonce_is_refused(feed: FeedWorld) -> None:
    refuses_durable_nonce(feed.chain, feed.set_publishers(feed.publishers), feed.authority)


def test_accounts_are_checked(feed: FeedWorld) -> None:
    refuses_wrong_accounts(feed.chain, feed.set_publishers(feed.publishers))
