"""set_fallback: names the account that stands in for silent publishers; funding_rate tests how it is read."""

from __future__ import annotations

from solders.pubkey import Pubkey

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_durable_nonce, refuses_wrong_accounts
from tests.programs.harness.oracle_world import FeedWorld

DAY = 86_400
FEED_ID = bytes(range(32))


def test_without_a_delay_it_is_in_force_at_once(feed: FeedWorld) -> None:
    account = Pubkey.new_unique()
    receipt = feed.chain.send(feed.set_fallback(account, FEED_ID))
    state = feed.read()
    assert (state.fallback.account, state.fallback.feed_id) == (account, FEED_ID)
    assert state.pending_fallback_not_before_ts == 0
    event = receipt.event("FallbackScheduled")
    assert (event.feed, event.fallback.account, event.fallback.feed_id) == (feed.address, account, FEED_ID)
    assert (event.not_before_ts, event.head.sequence) == (feed.chain.now_ts, 2)


def test_with_a_delay_it_waits(chain: Chain) -> None:
    feed, account = FeedWorld(chain).create(delay_seconds=DAY), Pubkey.new_unique()
    event = chain.send(feed.set_fallback(account, FEED_ID)).event("FallbackScheduled")
    assert event.not_before_ts == chain.now_ts + DAY
    chain.advance(DAY - 1)
    feed.publish()
    assert feed.read().fallback.account == Pubkey.default()
    chain.advance(1)
    feed.publish()
    assert feed.read().fallback.account == account


def test_zeros_take_it_away(feed: FeedWorld) -> None:
    feed.chain.send(feed.set_fallback(Pubkey.new_unique(), FEED_ID))
    feed.chain.send(feed.set_fallback(Pubkey.default(), bytes(32)))
    assert feed.read().fallback.account == Pubkey.default()


def test_only_the_authority_may(feed: FeedWorld) -> None:
    for signer in (feed.publishers[0], feed.chain.upgrade_authority):
        call = feed.set_fallback(signer, FEED_ID).but(authority=signer)
        feed.chain.refused(call, error="NotFeedAuthority")


def test_the_authority_of_another_feed_may_not(feed: FeedWorld) -> None:
    other = FeedWorld(feed.chain, "ETH-PERP").create()
    feed.chain.refused(
        feed.set_fallback(feed.authority, FEED_ID).but(feed=other.address), error="NotFeedAuthority"
    )


def test_a_durable_nonce_is_refused(feed: FeedWorld) -> None:
    refuses_durable_nonce(feed.chain, feed.set_fallback(feed.authority, FEED_ID), feed.authority)


def test_accounts_are_checked(feed: FeedWorld) -> None:
    refuses_wrong_accounts(feed.chain, feed.set_fallback(feed.authority, FEED_ID))
