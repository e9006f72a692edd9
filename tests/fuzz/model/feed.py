"""Price feeds: the oracle tests' naive feed, kept in the account's fields, and what is wrong with a price."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from solders.pubkey import Pubkey

from tests.programs.oracle.naive_feed import NaiveFeed
from tests.programs.position_mgmt.model import Refused

from .book import Draft, Fields

PROGRAM = "oracle"
MINUTES, MAX_PUBLISHERS, MAX_PRICE_E6, MAX_SECONDS = 60, 8, 10**15, 30 * 86_400
FUTURE_TOLERANCE_SECONDS = 5

BLOCKED_BY = {
    "settle_reduction": {"non_positive"},
    "add_risk": {"non_positive", "volatile", "uncertain", "stale", "too_old", "too_few", "fallback"},
    "release": {"non_positive", "volatile", "uncertain", "stale", "too_old"},
    "liquidate": {"non_positive", "volatile", "too_old", "too_few"},
    "funding": {"non_positive", "volatile", "uncertain", "too_old"},
}


@dataclass(frozen=True)
class Reading:
    """A price and the names of its faults."""

    price_e6: int
    faults: frozenset[str]

    def allows(self, action: str) -> bool:
        return not self.faults & BLOCKED_BY[action]


@dataclass(frozen=True)
class Pyth:
    """A price in the exchange's units; `account` is the fallback's, None for the feed's own."""

    price_e6: int
    confidence_e6: int
    ema_e6: int
    publish_ts: int
    account: Pubkey | None = None


def publish(tx: Draft, key: Pubkey, publisher: Pubkey, price: int, confidence: int, publish_ts: int) -> None:
    if price == 0:
        raise Refused("PriceIsZero")
    if price > MAX_PRICE_E6:
        raise Refused("PriceTooHigh")
    if confidence > MAX_PRICE_E6:
        raise Refused("ConfidenceTooHigh")
    feed = tx.edit(key)
    activate_due(feed, tx.now_ts)
    known = [one["key"] for one in feed["publishers"][: feed["publisher_count"]]]
    if publisher not in known:
        raise Refused("NotPublisher")
    place = known.index(publisher)
    said = feed["publishers"][place]
    if publish_ts <= said["publish_ts"]:
        raise Refused("PublishTimeNotLater")
    if publish_ts > tx.now_ts + FUTURE_TOLERANCE_SECONDS:
        raise Refused("PublishTimeInFuture")
    news = {"price_e6": price, "confidence_e6": confidence, "publish_ts": publish_ts}
    feed["publishers"][place] = said | news | {"publish_slot": tx.slot}
    _aggregate(tx, feed, place)


def _aggregate(tx: Draft, feed: Fields, publisher: int) -> None:
    """Has the naive feed take the observation that was just written."""
    if not _has_quorum(feed, tx.now_ts):
        return
    newest = feed["minutes"]["newest_minute"]
    ranges = feed["minutes"]["ranges"]
    naive = NaiveFeed(
        feed["min_publishers"],
        feed["limits"],
        {
            place: (one["price_e6"], one["confidence_e6"], one["publish_ts"])
            for place, one in enumerate(feed["publishers"][: feed["publisher_count"]])
            if one["price_e6"]
        },
        feed["price_e6"],
        feed["confidence_e6"],
        feed["publish_ts"],
        feed["ema_e9"],
        feed["twap_e9"],
        feed["average_ts"],
        (feed["last_good_price_e6"], feed["last_good_ts"]),
        {
            minute: (ranges[minute % MINUTES]["low_e6"], ranges[minute % MINUTES]["high_e6"])
            for minute in range(newest - MINUTES + 1, newest + 1)
            if newest and ranges[minute % MINUTES]["low_e6"]
        },
    )
    said = feed["publishers"][publisher]
    naive.publish(publisher, said["price_e6"], said["confidence_e6"], said["publish_ts"], tx.now_ts)
    feed.update(
        price_e6=naive.price_e6,
        confidence_e6=naive.confidence_e6,
        publish_ts=naive.publish_ts,
        publish_slot=tx.slot,
        ema_e9=naive.ema_e9,
        twap_e9=naive.twap_e9,
        average_ts=naive.average_ts,
        last_good_price_e6=naive.last_good[0],
        last_good_ts=naive.last_good[1],
    )
    newest = tx.now_ts // 60
    kept = [(minute, naive.minutes.get(minute, (0, 0))) for minute in range(newest - MINUTES + 1, newest + 1)]
    for minute, (low, high) in kept:
        ranges[minute % MINUTES] = {"low_e6": low, "high_e6": high}
    feed["minutes"]["newest_minute"] = newest


def _has_quorum(feed: Fields, now_ts: int) -> bool:
    oldest = now_ts - feed["limits"]["stale_seconds"]
    publishers = feed["publishers"][: feed["publisher_count"]]
    fresh = [one for one in publishers if one["price_e6"] and one["publish_ts"] >= oldest]
    return len(fresh) >= feed["min_publishers"]


def reading(feed: Fields, now_ts: int, fallback: Pyth | None = None, *, by: str = "") -> Reading:
    """The feed's price; the fallback's when one is given and too few publishers are fresh.

    `by` is the program that reads, which then refuses an account that is not the fallback in force.
    """
    feed = _in_force(feed, now_ts)
    if _has_quorum(feed, now_ts):
        return _judge(feed, _own(feed), now_ts)
    if fallback is None:
        own = _judge(feed, _own(feed), now_ts)
        return Reading(own.price_e6, own.faults | {"too_few"})
    if feed["fallback"]["account"] != fallback.account:
        raise Refused(f"{by}:oracle.WrongFallback")
    other = _judge(feed, fallback, now_ts)
    return Reading(other.price_e6, other.faults | {"fallback"})


def _in_force(feed: Fields, now_ts: int) -> Fields:
    """The feed as its next change would find it: what is due counts for readers too."""
    present = dict(feed)
    activate_due(present, now_ts)
    return present


def _own(feed: Fields) -> Pyth:
    return Pyth(feed["price_e6"], feed["confidence_e6"], feed["ema_e9"] // 1_000, feed["publish_ts"])


def _judge(feed: Fields, price: Pyth, now_ts: int) -> Reading:
    limits, age = feed["limits"], now_ts - price.publish_ts
    distance = abs(price.price_e6 - price.ema_e6)
    faults = {
        "non_positive": price.price_e6 == 0,
        "uncertain": price.confidence_e6 > price.price_e6 * Fraction(limits["max_confidence_bps"], 10_000),
        "volatile": distance > price.ema_e6 * Fraction(limits["max_deviation_bps"], 10_000),
        "stale": age > limits["stale_seconds"],
        "too_old": age > limits["too_old_seconds"],
    }
    return Reading(price.price_e6, frozenset(name for name, is_so in faults.items() if is_so))


def price_range(feed: Fields, from_ms: int, to_ms: int) -> tuple[int, int]:
    """Low and high over the minutes of a batch; the present price when one of them is not kept."""
    first, last = from_ms // 60_000, to_ms // 60_000
    newest, price = feed["minutes"]["newest_minute"], feed["price_e6"]
    kept = [
        feed["minutes"]["ranges"][minute % MINUTES]
        for minute in range(first, min(last, newest) + 1)
        if minute > newest - MINUTES
    ]
    is_known = newest != 0 and first > newest - MINUTES and all(one["low_e6"] for one in kept)
    if not is_known:
        return price, price
    after = [price] * (last > newest)
    lows, highs = [one["low_e6"] for one in kept], [one["high_e6"] for one in kept]
    return min(lows + after), max(highs + after)


def activate_due(feed: Fields, now_ts: int) -> None:
    """Scheduled changes whose time has come."""
    activate_due_delay(feed, now_ts)
    for name in ("limits", "publishers", "fallback"):
        not_before = feed[f"pending_{name}_not_before_ts"]
        if not_before == 0 or now_ts < not_before:
            continue
        feed[f"pending_{name}_not_before_ts"] = 0
        if name == "publishers":
            _replace_publishers(feed)
        else:
            feed[name] = dict(feed[f"pending_{name}"])


def activate_due_delay(feed: Fields, now_ts: int) -> None:
    """A longer delay whose time has come."""
    if feed["pending_delay_seconds"] and now_ts >= feed["pending_delay_not_before_ts"]:
        feed["delay_seconds"] = feed["pending_delay_seconds"]
        feed["pending_delay_seconds"] = feed["pending_delay_not_before_ts"] = 0


def _replace_publishers(feed: Fields) -> None:
    pending, blank = feed["pending_publishers"], dict.fromkeys(feed["publishers"][0], 0)
    known = {one["key"]: one for one in feed["publishers"]}
    chosen = [known.get(key, blank | {"key": key}) for key in pending["keys"][: pending["count"]]]
    unused = [blank | {"key": Pubkey.default()} for _ in range(MAX_PUBLISHERS - len(chosen))]
    feed["publishers"] = [dict(one) for one in chosen + unused]
    feed["publisher_count"], feed["min_publishers"] = pending["count"], pending["min_publishers"]


def set_limits(tx: Draft, key: Pubkey, signer: Pubkey, limits: dict[str, int]) -> None:
    feed = _scheduling(tx, key, signer)
    shares = [limits["max_confidence_bps"], limits["max_deviation_bps"]]
    is_ordered = 0 < limits["stale_seconds"] <= limits["too_old_seconds"] <= MAX_SECONDS
    if not (all(1 <= share <= 10_000 for share in shares) and is_ordered):
        raise Refused("InvalidLimits")
    _schedule(tx, feed, "limits", dict(limits))


def set_publishers(tx: Draft, key: Pubkey, signer: Pubkey, keys: list[Pubkey], least: int) -> None:
    feed = _scheduling(tx, key, signer)
    if not 3 <= len(keys) <= MAX_PUBLISHERS:
        raise Refused("WrongPublisherCount")
    if len(set(keys)) < len(keys) or Pubkey.default() in keys:
        raise Refused("PublisherRepeated")
    if not 3 <= least <= len(keys):
        raise Refused("InvalidMinPublishers")
    padded = keys + [Pubkey.default()] * (MAX_PUBLISHERS - len(keys))
    _schedule(tx, feed, "publishers", {"keys": padded, "count": len(keys), "min_publishers": least})


def set_fallback(tx: Draft, key: Pubkey, signer: Pubkey, account: Pubkey, feed_id: bytes) -> None:
    _schedule(tx, _scheduling(tx, key, signer), "fallback", {"account": account, "feed_id": feed_id})


def _scheduling(tx: Draft, key: Pubkey, signer: Pubkey) -> Fields:
    feed = tx.edit(key)
    if feed["authority"] != signer:
        raise Refused("NotFeedAuthority")
    return feed


def _schedule(tx: Draft, feed: Fields, name: str, value: Fields) -> None:
    activate_due(feed, tx.now_ts)
    feed[f"pending_{name}"] = value
    feed[f"pending_{name}_not_before_ts"] = tx.now_ts + feed["delay_seconds"]
    activate_due(feed, tx.now_ts)
    feed["event_sequence"] += 1


def raise_delay(tx: Draft, key: Pubkey, signer: Pubkey, seconds: int) -> None:
    feed = _scheduling(tx, key, signer)
    activate_due_delay(feed, tx.now_ts)
    if seconds <= feed["delay_seconds"]:
        raise Refused("DelayNotRaised")
    if seconds > MAX_SECONDS:
        raise Refused("DelayTooLong")
    feed["pending_delay_seconds"] = seconds
    feed["pending_delay_not_before_ts"] = tx.now_ts + feed["delay_seconds"]
    activate_due_delay(feed, tx.now_ts)
    feed["event_sequence"] += 1


def propose_authority(tx: Draft, key: Pubkey, signer: Pubkey, proposed: Pubkey) -> None:
    feed = _scheduling(tx, key, signer)
    activate_due_delay(feed, tx.now_ts)
    feed["pending_authority"] = proposed
    feed["pending_authority_not_before_ts"] = tx.now_ts + feed["delay_seconds"]
    feed["event_sequence"] += 1


def accept_authority(tx: Draft, key: Pubkey, signer: Pubkey) -> None:
    feed = tx.edit(key)
    if feed["pending_authority"] == Pubkey.default():
        raise Refused("NoPendingAuthority")
    if feed["pending_authority"] != signer:
        raise Refused("NotPendingAuthority")
    if tx.now_ts < feed["pending_authority_not_before_ts"]:
        raise Refused("DelayNotPassed")
    feed["authority"], feed["pending_authority"] = signer, Pubkey.default()
    feed["pending_authority_not_before_ts"] = 0
    feed["event_sequence"] += 1
