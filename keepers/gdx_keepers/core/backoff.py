"""Exponential backoff with full jitter, in whole milliseconds and without a clock of its own."""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass(slots=True)
class Backoff:
    """How long to wait after consecutive failures.

    The n-th failure waits a random time in [ceiling/2, ceiling], ceiling = min(first·2^(n−1), limit): the
    lower half spares a failing endpoint, the jitter keeps many keepers from returning at once.
    """

    first_ms: int = 250
    limit_ms: int = 30_000
    rng: random.Random = field(default_factory=random.Random)
    failures: int = 0
    not_before_ms: int = 0

    def fail(self, now_ms: int) -> int:
        """Count a failure at `now_ms`; returns the milliseconds to wait."""
        self.failures += 1
        ceiling = min(self.first_ms << min(self.failures - 1, 40), self.limit_ms)
        wait_ms = self.rng.randint(ceiling // 2, ceiling)
        self.not_before_ms = now_ms + wait_ms
        return wait_ms

    def reset(self) -> None:
        """Forget the failures after a success."""
        self.failures = 0
        self.not_before_ms = 0

    def is_waiting(self, now_ms: int) -> bool:
        """True while the wait after the last failure is not over."""
        return now_ms < self.not_before_ms
