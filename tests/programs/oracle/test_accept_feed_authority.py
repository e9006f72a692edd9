"""accept_feed_authority: the proposed authority takes over after the delay."""

from __future__ import annotations

import pytest
from solders.pubkey import Pubkey

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_durable_nonce, refuses_wrong_accounts
from tests.programs.harness.oracle_world import FeedWorld

DAY = 86_400


@pytest.fixture
def successor(feed: FeedWorld) -> Pubkey:
    """Somebody proposed as the next authority, without delay."""
    successor = feed.chain.person()
    feed.chain.send(feed.propose_feed_authority(successor))
    return successor


def test_the_successor_takes_over(feed: FeedWorld, successor: Pubkey) -> None:
    receipt = feed.chain.send(feed.accept_feed_authority(successor))
    state = feed.read()
    assert (state.authority, state.pending_authority) == (successor, Pubkey.default())
    assert state.pending_authority_not_before_ts == 0
    event = receipt.event("FeedAuthorityAccepted")
    assert (event.feed, event.authority, event.head.sequence) == (feed.address, successor, 3)
    feed.chain.refused(feed.set_limits(), error="NotFeedAuthority")
    feed.chain.send(feed.set_limits().but(authority=successor))


def test_not_before_the_delay_has_passed(chain: Chain) -> None:
    feed, successor = FeedWorld(chain).create(delay_seconds=DAY), chain.person()
    chain.send(feed.propose_feed_authority(successor))
    chain.advance(DAY - 1)
    chain.refused(feed.accept_feed_authority(successor), error="DelayNotPassed")
    chain.advance(1)
    chain.send(feed.accept_feed_authority(successor))


def test_nobody_else_may(feed: FeedWorld, successor: Pubkey) -> None:
    assert successor != feed.authority
    for signer in (feed.authority, feed.publishers[0], feed.chain.upgrade_authority):
        feed.chain.refused(feed.accept_feed_authority(signer), error="NotPendingAuthority")


def test_the_successor_of_another_feed_may_not(feed: FeedWorld, successor: Pubkey) -> None:
    other = FeedWorld(feed.chain, "ETH-PERP").create()
    feed.chain.send(other.propose_feed_authority(feed.chain.person()))
    call = feed.accept_feed_authority(successor).but(feed=other.address)
    feed.chain.refused(call, error="NotPendingAuthority")


def test_nothing_pending(feed: FeedWorld) -> None:
    feed.chain.refused(feed.accept_feed_authority(feed.authority), error="NoPendingAuthority")


def test_a_durable_nonce_is_refused(feed: FeedWorld, successor: Pubkey) -> None:
    refuses_durable_nonce(feed.chain, feed.accept_feed_authority(successor), successor)


def test_accounts_are_checked(feed: FeedWorld, successor: Pubkey) -> None:
    refuses_wrong_accounts(feed.chain, feed.accept_feed_authority(successor))
