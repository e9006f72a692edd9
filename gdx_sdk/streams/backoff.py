"""How long to wait before connecting again."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from gdx_sdk.client.policies import backoff_s


@dataclass(slots=True)
class Backoff:
    """Failures in a row and the wait after each, by `backoff_s`.

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
        self.failures += 1
        return backoff_s(self.failures, first_s=self.first_s, last_s=self.last_s, rng=self.rng)
