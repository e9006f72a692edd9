"""A job's failures in a row, and until when it waits; without a clock of its own."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from gdx_sdk.client import backoff_s


@dataclass(slots=True)
class Backoff:
    """Waits grow as `gdx_sdk.client.backoff_s` has it, here in whole milliseconds."""

    first_ms: int = 250
    limit_ms: int = 30_000
    rng: random.Random = field(default_factory=random.Random)
    failures: int = 0
    not_before_ms: int = 0

    def fail(self, now_ms: int) -> int:
        """Count a failure at `now_ms`; returns the milliseconds to wait."""
        self.failures += 1
        wait_ms = round(backoff_s(self.failures, first_s=self.first_ms, last_s=self.limit_ms, rng=self.rng))
        self.not_before_ms = now_ms + wait_ms
        return wait_ms

    def reset(self) -> None:
        """Forget the failures after a success."""
        self.failures = 0
        self.not_before_ms = 0

    def is_waiting(self, now_ms: int) -> bool:
        """True while the wait after the last failure is not over."""
        return now_ms < self.not_before_ms
