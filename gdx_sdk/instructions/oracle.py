"""Instructions of the oracle. Prices in 1e-6 USDT per base unit, times in unix seconds."""

from __future__ import annotations

from collections.abc import Sequence

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from gdx_sdk import pdas
from gdx_sdk._generated.oracle import instructions as generated
from gdx_sdk._generated.oracle.types import CreateFeedArgs, FallbackFeed, FeedLimits
from gdx_sdk.instructions._shared import ORACLE_EVENTS
from gdx_sdk.programs import PROGRAM_IDS


def create_feed(
    upgrade_authority: Pubkey,
    symbol: str,
    *,
    authority: Pubkey,
    publishers: Sequence[Pubkey],
    min_publishers: int,
    limits: FeedLimits,
    delay_s: int,
) -> Instruction:
    """Create the feed of `symbol`; `upgrade_authority` is the program's and pays.

    Three to eight `publishers`, at least `min_publishers` (from three) of them fresh for a valid price.
    """
    args = CreateFeedArgs(
        pdas.symbol_hash(symbol), authority, tuple(publishers), min_publishers, limits, delay_s
    )
    return generated.create_feed(
        {"args": args},
        {
            "upgrade_authority": upgrade_authority,
            "feed": pdas.price_feed(symbol),
            "program_data": pdas.program_data(PROGRAM_IDS["oracle"]),
            "event_authority": ORACLE_EVENTS,
        },
    )


def publish_price(
    publisher: Pubkey, feed: Pubkey, *, price_e6: int, confidence_e6: int, publish_ts: int
) -> Instruction:
    """Publish a price with the half-width of its confidence interval; times must rise."""
    return generated.publish_price(
        {"price_e6": price_e6, "confidence_e6": confidence_e6, "publish_ts": publish_ts},
        {"feed": feed, "publisher": publisher},
    )


def set_publishers(
    authority: Pubkey, feed: Pubkey, publishers: Sequence[Pubkey], *, min_publishers: int
) -> Instruction:
    """Schedule another list of publishers; it comes into force after the feed's delay."""
    return generated.set_publishers(
        {"publishers": list(publishers), "min_publishers": min_publishers},
        {"feed": feed, "authority": authority, "event_authority": ORACLE_EVENTS},
    )


def set_feed_limits(authority: Pubkey, feed: Pubkey, limits: FeedLimits) -> Instruction:
    """Schedule other limits of confidence, deviation (bps) and age (seconds)."""
    return generated.set_limits(
        {"limits": limits},
        {"feed": feed, "authority": authority, "event_authority": ORACLE_EVENTS},
    )


def set_feed_fallback(authority: Pubkey, feed: Pubkey, fallback: FallbackFeed) -> Instruction:
    """Schedule another fallback: a Pyth price account and its feed id."""
    return generated.set_fallback(
        {"fallback": fallback},
        {"feed": feed, "authority": authority, "event_authority": ORACLE_EVENTS},
    )


def propose_feed_authority(authority: Pubkey, feed: Pubkey, new_authority: Pubkey) -> Instruction:
    """Propose another authority of the feed; the new key accepts after the delay."""
    return generated.propose_feed_authority(
        {"new_authority": new_authority},
        {"feed": feed, "authority": authority, "event_authority": ORACLE_EVENTS},
    )


def accept_feed_authority(new_authority: Pubkey, feed: Pubkey) -> Instruction:
    """Become the feed's authority."""
    return generated.accept_feed_authority(
        {"feed": feed, "new_authority": new_authority, "event_authority": ORACLE_EVENTS}
    )


def raise_feed_delay(authority: Pubkey, feed: Pubkey, delay_s: int) -> Instruction:
    """Schedule a longer delay of the feed's changes (seconds, at most thirty days)."""
    return generated.raise_delay(
        {"delay_seconds": delay_s},
        {"feed": feed, "authority": authority, "event_authority": ORACLE_EVENTS},
    )
