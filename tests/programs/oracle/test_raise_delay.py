"""raise_delay: a longer delay of a feed's changes, itself delayed; there is no way back."""

from __future__ import annotations

import pytest

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_durable_nonce, refuses_wrong_accounts
from tests.programs.harness.oracle_world import FeedWorld

DAY = 86_400


@pytest.fixture
def delayed(chain: Chain) -> FeedWorld:
    """A feed with a delay of a day."""
    return FeedWorld(chain).create(delay_seconds=DAY)


def test_without_a_delay_it_is_in_force_at_once(feed: FeedWorld) -> None:
    receipt = feed.chain.send(feed.raise_delay(DAY))
    assert (feed.read().delay_seconds, feed.read().pending_delay_seconds) == (DAY, 0)
    event = receipt.event("DelayRaiseScheduled")
    assert (event.feed, event.delay_seconds, event.not_before_ts) == (feed.address, DAY, feed.chain.now_ts)
    assert event.head.sequence == 2


def test_it_waits_for_the_present_delay(delayed: FeedWorld) -> None:
    chain = delayed.chain
    event = chain.send(delayed.raise_delay(3 * DAY)).event("DelayRaiseScheduled")
    assert event.not_before_ts == chain.now_ts + DAY
    chain.advance(DAY - 1)
    scheduled = chain.send(delayed.set_limits()).event("LimitsScheduled")
    assert scheduled.not_before_ts == chain.now_ts + DAY
    chain.advance(1)
    for call in (delayed.set_limits(), delayed.set_publishers(delayed.publishers)):
        (_, scheduled), *_ = chain.send(call).events
        assert scheduled.not_before_ts == chain.now_ts + 3 * DAY
    proposed = chain.send(delayed.propose_feed_authority(chain.person())).event("FeedAuthorityProposed")
    assert proposed.not_before_ts == chain.now_ts + 3 * DAY


def test_a_proposed_authority_waits_for_the_longer_one_too(delayed: FeedWorld) -> None:
    chain = delayed.chain
    chain.send(delayed.raise_delay(3 * DAY))
    chain.advance(DAY)
    proposed = chain.send(delayed.propose_feed_authority(chain.person())).event("FeedAuthorityProposed")
    assert proposed.not_before_ts == chain.now_ts + 3 * DAY


@pytest.mark.parametrize("seconds", [0, 1, DAY - 1, DAY])
def test_it_is_only_raised(delayed: FeedWorld, seconds: int) -> None:
    delayed.chain.refused(delayed.raise_delay(seconds), error="DelayNotRaised")


def test_one_that_is_due_counts_as_the_present_one(delayed: FeedWorld) -> None:
    delayed.chain.send(delayed.raise_delay(3 * DAY))
    delayed.chain.advance(DAY)
    delayed.chain.refused(delayed.raise_delay(2 * DAY), error="DelayNotRaised")


@pytest.mark.parametrize("seconds", [30 * DAY + 1, 2**32 - 1])
def test_it_is_at_most_thirty_days(delayed: FeedWorld, seconds: int) -> None:
    delayed.chain.refused(delayed.raise_delay(seconds), error="DelayTooLong")
    delayed.chain.send(delayed.raise_delay(30 * DAY))


def test_only_the_authority_may(feed: FeedWorld) -> None:
    for signer in (feed.publishers[0], feed.chain.upgrade_authority):
        feed.chain.refused(feed.raise_delay(DAY).but(authority=signer), error="NotFeedAuthority")


def test_the_authority_of_another_feed_may_not(feed: FeedWorld) -> None:
    other = FeedWorld(feed.chain, "ETH-PERP").create()
    feed.chain.refused(feed.raise_delay(DAY).but(feed=other.address), error="NotFeedAuthority")


def test_a_durable_nonce_is_refused(feed: FeedWorld) -> None:
    refuses_durable_nonce(feed.chain, feed.raise_delay(DAY), feed.authority)


def test_accounts_are_checked(feed: FeedWorld) -> None:
    refuses_wrong_accounts(feed.chain, feed.raise_delay(DAY))
