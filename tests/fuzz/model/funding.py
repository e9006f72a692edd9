"""Funding accounts: samples by the hour, and the index that they move."""

from __future__ import annotations

from functools import cache

from solders.pubkey import Pubkey

from tests.golden import naive_money
from tests.programs.harness.codec import pda
from tests.programs.position_mgmt.model import HOUR, MAX_PREMIUM_E9, MAX_WEIGHT_SECONDS, Refused

from .book import Draft, Fields
from .config import CONFIG
from .feed import Pyth, reading

PROGRAM = "funding_rate"
KEPT_HOURS, MIN_SAMPLE_SECONDS, MARK_MAX_AGE_SECONDS = 24, 10, 300
MAX_MAX_RATE_E9 = 10**7
ACTIVE, REDUCE_ONLY, HALTED = 0, 1, 2


@cache
def funding_of(market: Pubkey) -> Pubkey:
    return pda(PROGRAM, b"funding", market)


def _funding(tx: Draft, market: Pubkey) -> Fields:
    """Of a market that is settling it may be closed, and then belongs to the system program."""
    if not tx.has(funding_of(market), "FundingState"):
        raise Refused("AccountOwnedByWrongProgram")
    return tx.edit(funding_of(market))


def sample(tx: Draft, market_key: Pubkey, feed_key: Pubkey, fallback: Pyth | None) -> None:
    market, funding = tx.read(market_key), _funding(tx, market_key)
    if market["status"] not in (ACTIVE, REDUCE_ONLY):
        raise Refused("MarketNotTrading")
    if tx.now_ts - market["mark_ts"] > MARK_MAX_AGE_SECONDS:
        raise Refused("MarkPriceStale")
    index = _index(tx, feed_key, fallback)
    premium = naive_money.premium(market["mark_price_e6"] or index, index)
    premium = min(max(premium, -MAX_PREMIUM_E9), MAX_PREMIUM_E9)
    _collect(funding, market, index)
    if not _has_room_for(funding, tx.now_ts // HOUR):
        raise Refused("FundingOverdue")
    elapsed = tx.now_ts - funding["last_sample_ts"]
    if elapsed < MIN_SAMPLE_SECONDS:
        raise Refused("SampleTooSoon")
    weight = max(min(elapsed, MAX_WEIGHT_SECONDS, tx.now_ts % HOUR), 1)
    _add(funding, tx.now_ts // HOUR, premium * weight, weight, index)
    funding["last_sample_ts"], funding["last_premium_e9"] = tx.now_ts, premium


def update(tx: Draft, market_key: Pubkey, feed_key: Pubkey, fallback: Pyth | None) -> None:
    market, funding = tx.edit(market_key), _funding(tx, market_key)
    index = _index(tx, feed_key, fallback)
    if market["funding_index"] != funding["funding_index"]:
        raise Refused("FundingIndexMismatch")
    _collect(funding, market, index)
    first, last = funding["next_hour"], min(tx.now_ts // HOUR, funding["next_hour"] + KEPT_HOURS)
    if last <= first:
        raise Refused("FundingNotDue")
    for hour in range(first, last):
        _activate_clamp_of(funding, hour)
        rate, step = _settle_hour(funding, hour)
        funding["funding_index"] += step
        funding["rates_e9"][hour % KEPT_HOURS] = funding["last_rate_e9"] = rate
    funding["next_hour"], funding["last_update_ts"] = last, tx.now_ts
    activate_due(funding, tx.now_ts)
    _collect(funding, market, index)
    if market["status"] not in (ACTIVE, REDUCE_ONLY, HALTED):
        raise Refused("position_mgmt.MarketNotActive")
    if tx.now_ts <= market["last_funding_update"]:
        raise Refused("position_mgmt.FundingNotNewer")
    market["funding_index"], market["funding_rate"] = funding["funding_index"], funding["last_rate_e9"]
    market["last_funding_update"] = tx.now_ts
    market["event_sequence"] += 1
    funding["event_sequence"] += 1


def set_max_rate(tx: Draft, market_key: Pubkey, signer: Pubkey, rate_e9: int) -> None:
    config, funding = tx.read(CONFIG), _funding(tx, market_key)
    if config["admin"] != signer:
        raise Refused("NotAdmin")
    if not 1 <= rate_e9 <= MAX_MAX_RATE_E9:
        raise Refused("InvalidMaxRate")
    activate_due(funding, tx.now_ts)
    waiting = funding["pending_max_rate_not_before_ts"]
    if waiting and tx.now_ts >= waiting:
        raise Refused("FundingOverdue")
    funding["pending_max_rate_e9"] = rate_e9
    funding["pending_max_rate_not_before_ts"] = tx.now_ts + config["delay_seconds"]
    activate_due(funding, tx.now_ts)
    funding["event_sequence"] += 1


def activate_due(funding: Fields, now_ts: int) -> None:
    """A clamp whose time has come is in force, once no earlier hour waits to be paid with the old one."""
    if now_ts >= funding["pending_max_rate_not_before_ts"]:
        _activate_clamp_of(funding, funding["next_hour"])


def _activate_clamp_of(funding: Fields, hour: int) -> None:
    """What is in force when the hour ends."""
    not_before = funding["pending_max_rate_not_before_ts"]
    if not_before and (hour + 1) * HOUR >= not_before:
        funding["max_rate_e9"] = funding["pending_max_rate_e9"]
        funding["pending_max_rate_e9"] = funding["pending_max_rate_not_before_ts"] = 0


def _has_room_for(funding: Fields, hour: int) -> bool:
    return bool(hour < funding["next_hour"] + KEPT_HOURS)


def _index(tx: Draft, feed_key: Pubkey, fallback: Pyth | None) -> int:
    found = reading(tx.read(feed_key), tx.now_ts, fallback, by=PROGRAM)
    if not found.allows("funding"):
        raise Refused("PriceBlocked")
    return found.price_e6


def _collect(funding: Fields, market: Fields, index: int) -> None:
    """What batches accumulated since the last look belongs to the hour of the last of them, given room."""
    hour = market["mark_ts"] // HOUR
    if not _has_room_for(funding, hour):
        return
    weight = (market["premium_weight_seconds"] - funding["market_weight_seconds"]) % 2**32
    total = market["premium_accumulator"] - funding["market_premium_sum_e9"]
    funding["market_premium_sum_e9"] = market["premium_accumulator"]
    funding["market_weight_seconds"] = market["premium_weight_seconds"]
    if weight and hour >= funding["next_hour"]:
        _add(funding, hour, total, weight, index)


def _add(funding: Fields, hour: int, total: int, weight: int, index: int) -> None:
    place = hour % KEPT_HOURS
    if funding["hours"][place]["hour"] != hour:
        funding["hours"][place] = dict.fromkeys(funding["hours"][place], 0) | {"hour": hour}
    found = dict(funding["hours"][place])
    found["premium_sum_e9"] += total
    found["weight_seconds"] += weight
    found["index_price_e6"] = index
    funding["hours"][place] = found


def _settle_hour(funding: Fields, hour: int) -> tuple[int, int]:
    found = funding["hours"][hour % KEPT_HOURS]
    samples = [(found["premium_sum_e9"], 1)] if found["hour"] == hour and found["weight_seconds"] else []
    if not samples:
        return 0, 0
    premium = abs(found["premium_sum_e9"]) // found["weight_seconds"]
    premium = premium if found["premium_sum_e9"] >= 0 else -premium
    rate = naive_money.funding_rate(premium, funding["max_rate_e9"])
    return rate, naive_money.funding_step(rate, found["index_price_e6"])
