"""How long to wait before connecting again."""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass(slots=True)
class Backoff:
    """Doubles from `first_s` to `last_s`, drawn from the upper half, so that clients do not return at once.

    A connection that lived for `last_s` counts as a success and starts over.
    """

    first_s: float
    last_s: float
    rng: random.Random = field(default_factory=random.Random)
    failures: int = 0

    def next_s(self, lived_s: float = 0.0) -> float:
        """Count a failure after `lived_s` of success; returns the seconds to wait."""
        if lived_s >= self.last_s:
            self.failures = 0
        ceiling_s = min(self.first_s * 2 ** min(self.failures, 32), self.last_s)
        self.failures += 1
        return self.rng.uniform(ceiling_s / 2, ceiling_s)
