"""What may be done on which oracle price: one table, shared with the programs and written by their build."""

from __future__ import annotations

import json
from enum import Enum, IntFlag
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from gdx_sdk.units import BPS

if TYPE_CHECKING:
    from gdx_sdk.accounts import PriceFeed

AVERAGE_PER_PRICE: Final = 1_000  # averages carry three more digits than prices


class Validity(IntFlag):
    """What is wrong with a price; 0 when nothing is."""

    NON_POSITIVE = 1
    TOO_VOLATILE = 2
    TOO_UNCERTAIN = 4
    STALE = 8
    TOO_OLD = 16
    TOO_FEW_PUBLISHERS = 32
    ON_FALLBACK = 64


class OracleAction(Enum):
    """Something that a program does with an oracle price."""

    SETTLE_REDUCTION = "settle_reduction"
    ADD_RISK = "add_risk"
    RELEASE_COLLATERAL = "release_collateral"
    LIQUIDATE = "liquidate"
    UPDATE_FUNDING = "update_funding"
    START_SETTLING = "start_settling"


@cache
def action_table() -> dict[OracleAction, Validity]:
    """The bits that block each action."""
    table = json.loads(files("gdx_sdk.programs").joinpath("action_table.json").read_bytes())
    return {OracleAction(name): Validity(mask) for name, mask in table["actions"].items()}


def is_allowed(action: OracleAction, validity: Validity | int) -> bool:
    """Whether a price with this validity may be used for `action`: no bit of it blocks."""
    return not action_table()[action] & validity


def feed_validity(feed: PriceFeed, now_ts: int) -> Validity:
    """What is wrong with the feed's own price at `now_ts` (unix seconds), as the programs judge it.

    The fallback is not looked at: a feed with too few fresh publishers says so even when it has one.
    """
    limits = feed.limits
    average_e6 = feed.ema_e9 // AVERAGE_PER_PRICE
    age_s = now_ts - feed.publish_ts
    fresh = sum(
        publisher.price_e6 > 0 and publisher.publish_ts >= now_ts - limits.stale_seconds
        for publisher in feed.publishers[: feed.publisher_count]
    )
    faults = {
        Validity.NON_POSITIVE: feed.price_e6 == 0,
        Validity.TOO_UNCERTAIN: feed.confidence_e6 * BPS > feed.price_e6 * limits.max_confidence_bps,
        Validity.TOO_VOLATILE: abs(feed.price_e6 - average_e6) * BPS > average_e6 * limits.max_deviation_bps,
        Validity.STALE: age_s > limits.stale_seconds,
        Validity.TOO_OLD: age_s > limits.too_old_seconds,
        Validity.TOO_FEW_PUBLISHERS: fresh < feed.min_publishers,
    }
    found = Validity(0)
    for bit, is_faulty in faults.items():
        if is_faulty:
            found |= bit
    return found
