"""propose_feed_authority: names the next authority and starts the delay."""

from __future__ import annotations

from solders.pubkey import Pubkey

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_durable_nonce, refuses_wrong_accounts
from tests.programs.harness.oracle_world import FeedWorld

DAY = 86_400


def test_names_the_next_authority(chain: Chain) -> None:
    feed, successor = FeedWorld(chain).create(delay_seconds=DAY), chain.person()
    receipt = chain.send(feed.propose_feed_authority(successor))
    state = feed.read()
    assert (state.authority, state.pending_authority) == (feed.authority, successor)
    assert state.pending_authority_not_before_ts == chain.now_ts + DAY
    event = receipt.event("FeedAuthorityProposed")
    assert (event.feed, event.authority, event.pending_authority) == (feed.address, feed.authority, successor)
    assert (event.not_before_ts, event.head.sequence) == (chain.now_ts + DAY, 2)


def test_the_default_address_withdraws_the_proposal(feed: FeedWorld) -> None:
    successor = feed.chain.person()
    feed.chain.send(feed.propose_feed_authority(successor))
    feed.chain.send(feed.propose_feed_authority(Pubkey.default()))
    feed.chain.refused(feed.accept_feed_authority(successor), error="NoPendingAuthority")


def test_only_the_authority_may(feed: FeedWorld) -> None:
    for signer in (feed.publishers[0], feed.chain.upgrade_authority):
        call = feed.propose_feed_authority(signer).but(authority=signer)
        feed.chain.refused(call, error="NotFeedAuthority")


def test_the_authority_of_another_feed_may_not(feed: FeedWorld) -> None:
    other = FeedWorld(feed.chain, "ETH-PERP").create()
    feed.chain.refused(
        feed.propose_feed_authority(feed.publishers[0]).but(feed=other.address), error="NotFeedAuthority"
    )


def test_a_durable_nonce_is_refused(feed: FeedWorld) -> None:
    refuses_durable_nonce(feed.chain, feed.propose_feed_authority(feed.publishers[0]), feed.authority)


def test_accounts_are_checked(feed: FeedWorld) -> None:
    refuses_wrong_accounts(feed.chain, feed.propose_feed_authority(feed.publishers[0]))
