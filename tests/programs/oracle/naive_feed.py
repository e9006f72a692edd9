"""A price feed computed the simple way: lists, sorting, one dictionary of minutes."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class NaiveFeed:
    """Publishers by index; `publish` follows the rules of the program's documentation."""

    min_publishers: int
    limits: dict[str, int]
    seen: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    price_e6: int = 0
    confidence_e6: int = 0
    publish_ts: int = 0
    ema_e9: int = 0
    twap_e9: int = 0
    average_ts: int = 0
    last_good: tuple[int, int] = (0, 0)
    minutes: dict[int, tuple[int, int]] = field(default_factory=dict)

    def publish(
        self, publisher: int, price_e6: int, confidence_e6: int, publish_ts: int, now_ts: int
    ) -> None:
        self.seen[publisher] = (price_e6, confidence_e6, publish_ts)
        fresh = [one for one in self.seen.values() if one[2] >= now_ts - self.limits["stale_seconds"]]
        if len(fresh) < self.min_publishers:
            return
        values = sorted(one[0] for one in fresh)
        count, quartile = len(values), len(values) // 4
        median = (values[(count - 1) // 2] + values[count // 2]) // 2
        width = -(-(values[count - 1 - quartile] - values[quartile]) // 2)
        self._minute(median, now_ts)
        elapsed = now_ts - self.average_ts
        observed = min(elapsed, self.limits["stale_seconds"])
        self.ema_e9 = average(self.ema_e9, median * 1_000, observed, 300)
        self.twap_e9 = average(self.twap_e9, median * 1_000, elapsed, 3_600)
        self.average_ts = now_ts
        self.price_e6, self.confidence_e6 = median, max(width, *(one[1] for one in fresh))
        self.publish_ts = min(max(one[2] for one in fresh), now_ts)
        if self.is_good():
            self.last_good = (self.price_e6, self.publish_ts)

    def is_good(self) -> bool:
        """Whether the price is certain and calm enough."""
        ema_e6 = self.ema_e9 // 1_000
        is_certain = self.confidence_e6 * 10_000 <= self.price_e6 * self.limits["max_confidence_bps"]
        is_calm = abs(self.price_e6 - ema_e6) * 10_000 <= ema_e6 * self.limits["max_deviation_bps"]
        return is_certain and is_calm

    def _minute(self, price_e6: int, now_ts: int) -> None:
        now = now_ts // 60
        if self.minutes:
            for minute in range(max(self.minutes) + 1, now + 1):
                self.minutes[minute] = (self.price_e6, self.price_e6)
        low, high = self.minutes.get(now, (price_e6, price_e6))
        self.minutes[now] = (min(low, price_e6), max(high, price_e6))


def average(previous: int, sample: int, elapsed: int, period: int) -> int:
    """The previous value moved by the elapsed share of the period, rounded toward it."""
    if previous == 0 or elapsed >= period:
        return sample
    step = abs(sample - previous) * elapsed // period
    return previous + step if sample >= previous else previous - step
