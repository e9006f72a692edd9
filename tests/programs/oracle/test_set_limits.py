"""set_limits: scheduled by the authority, in force by itself after the delay."""

from __future__ import annotations

import pytest

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_durable_nonce, refuses_wrong_accounts
from tests.programs.harness.oracle_world import LIMITS, FeedWorld

DAY = 86_400


def test_without_a_delay_they_are_in_force_at_once(feed: FeedWorld) -> None:
    receipt = feed.chain.send(feed.set_limits(stale_seconds=60))
    state = feed.read()
    assert vars(state.limits) == LIMITS | {"stale_seconds": 60}
    assert state.pending_limits_not_before_ts == 0
    event = receipt.event("LimitsScheduled")
    assert (event.feed, vars(event.limits)) == (feed.address, vars(state.limits))
    assert (event.not_before_ts, event.head.sequence) == (feed.chain.now_ts, 2)


def test_with_a_delay_they_wait(chain: Chain) -> None:
    feed = FeedWorld(chain).create(delay_seconds=DAY)
    chain.send(feed.set_limits(max_confidence_bps=5))
    state = feed.read()
    assert (vars(state.limits), state.pending_limits.max_confidence_bps) == (LIMITS, 5)
    assert state.pending_limits_not_before_ts == chain.now_ts + DAY
    chain.advance(DAY - 1)
    feed.publish()
    assert vars(feed.read().limits) == LIMITS
    chain.advance(1)
    feed.publish()
    assert feed.read().limits.max_confidence_bps == 5


def test_a_due_change_is_not_lost_to_a_later_one(chain: Chain) -> None:
    feed = FeedWorld(chain).create(delay_seconds=DAY)
    chain.send(feed.set_limits(max_confidence_bps=5))
    chain.advance(DAY)
    chain.send(feed.set_limits(max_confidence_bps=9))
    state = feed.read()
    assert (state.limits.max_confidence_bps, state.pending_limits.max_confidence_bps) == (5, 9)


@pytest.mark.parametrize(
    "changes",
    [
        {"max_confidence_bps": 0},
        {"max_confidence_bps": 10_001},
        {"max_deviation_bps": 0},
        {"max_deviation_bps": 10_001},
        {"stale_seconds": 0},
        {"stale_seconds": 61},
        {"too_old_seconds": 30 * DAY + 1},
    ],
    ids=str,
)
def test_limits_make_sense(feed: FeedWorld, changes: dict[str, int]) -> None:
    feed.chain.refused(feed.set_limits(**changes), error="InvalidLimits")


def test_the_edges_are_allowed(feed: FeedWorld) -> None:
    edges = {"max_confidence_bps": 10_000, "max_deviation_bps": 10_000, "stale_seconds": 30 * DAY}
    feed.chain.send(feed.set_limits(**edges, too_old_seconds=30 * DAY))
    feed.chain.send(
        feed.set_limits(max_confidence_bps=1, max_deviation_bps=1, stale_seconds=1, too_old_seconds=1)
    )


def test_only_the_authority_may(feed: FeedWorld) -> None:
    for signer in (feed.publishers[0], feed.chain.upgrade_authority):
        feed.chain.refused(feed.set_limits().but(authority=signer), error="NotFeedAuthority")


def test_the_authority_of_another_feed_may_not(feed: FeedWorld) -> None:
    other = FeedWorld(feed.chain, "ETH-PERP").create()
    feed.chain.refused(feed.set_limits().but(feed=other.address), error="NotFeedAuthority")


def test_a_durable_nonce_is_refused(feed: FeedWorld) -> None:
    refuses_durable_nonce(feed.chain, feed.set_limits(), feed.authority)


def test_accounts_are_checked(feed: FeedWorld) -> None:
    refuses_wrong_accounts(feed.chain, feed.set_limits())
