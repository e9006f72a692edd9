"""Instructions of the funding program. Rates in 1e-9 per hour."""

from __future__ import annotations

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from gdx_sdk import pdas
from gdx_sdk._generated.funding_rate import instructions as generated
from gdx_sdk.instructions._shared import FUNDING_EVENTS, POSITION_EVENTS


def create_funding(admin: Pubkey, market: Pubkey, *, max_rate_e9: int) -> Instruction:
    """Create the funding account of `market`; the configuration's admin signs and pays."""
    return generated.create_funding(
        {"max_rate_e9": max_rate_e9},
        {
            "admin": admin,
            "config": pdas.config(),
            "market": market,
            "funding": pdas.funding_state(market),
            "event_authority": FUNDING_EVENTS,
        },
    )


def close_funding(admin: Pubkey, market: Pubkey) -> Instruction:
    """Close a settling market's funding account; anyone may, and the configuration's admin gets the rent."""
    return generated.close_funding(
        {
            "config": pdas.config(),
            "admin": admin,
            "market": market,
            "funding": pdas.funding_state(market),
            "event_authority": FUNDING_EVENTS,
        }
    )


def sample_premium(market: Pubkey, *, price_feed: Pubkey, fallback: Pubkey | None = None) -> Instruction:
    """Sample the premium of mark over index price; anyone may, every ten seconds."""
    return generated.sample_premium(
        {
            "funding": pdas.funding_state(market),
            "market": market,
            "feed": price_feed,
            "fallback": fallback,
        }
    )


def update_funding(market: Pubkey, *, price_feed: Pubkey, fallback: Pubkey | None = None) -> Instruction:
    """Pay the full hours since the last update, at most 24; anyone may."""
    return generated.update_funding(
        {
            "funding": pdas.funding_state(market),
            "market": market,
            "feed": price_feed,
            "fallback": fallback,
            "position_mgmt_event_authority": POSITION_EVENTS,
            "event_authority": FUNDING_EVENTS,
        }
    )


def set_max_rate(admin: Pubkey, market: Pubkey, *, max_rate_e9: int) -> Instruction:
    """Schedule another clamp of the hourly rate; it comes into force after the delay."""
    return generated.set_max_rate(
        {"max_rate_e9": max_rate_e9},
        {
            "admin": admin,
            "config": pdas.config(),
            "funding": pdas.funding_state(market),
            "event_authority": FUNDING_EVENTS,
        },
    )
