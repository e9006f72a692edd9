"""What a client does about busy or failing endpoints, and what it bids for its place in a block."""

from __future__ import annotations

import random
from dataclasses import dataclass, fields

from gdx_sdk.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How one call is tried again. Times in seconds.

    attempts         tries of one call in all, over every endpoint; 1 never tries again
    first_wait_s     before the second try; it doubles from try to try, with jitter, up to `max_wait_s`
    max_wait_s       also bounds what an endpoint may ask for by `Retry-After`: one that asks for more is
                     left (another endpoint is asked) or its refusal is raised
    total_timeout_s  no new try starts later than this after the first
    cooldown_s       how long an endpoint that failed is passed over while another one works
    """

    attempts: int = 4
    first_wait_s: float = 0.25
    max_wait_s: float = 8.0
    total_timeout_s: float = 60.0
    cooldown_s: float = 10.0

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise InputError("attempts", self.attempts, "must be at least 1")
        for field in fields(self):
            if getattr(self, field.name) < 0:
                raise InputError(field.name, getattr(self, field.name), "must not be negative")

    def wait_s(self, failures: int, rng: random.Random) -> float:
        """Seconds to wait after the `failures`-th failure in a row."""
        return backoff_s(failures, first_s=self.first_wait_s, last_s=self.max_wait_s, rng=rng)


def backoff_s(failures: int, *, first_s: float, last_s: float, rng: random.Random) -> float:
    """Seconds to wait after the `failures`-th failure in a row (from 1).

    Drawn from [ceiling / 2, ceiling], ceiling = min(first_s · 2^(failures − 1), last_s): the lower half
    spares an endpoint that fails, the jitter keeps its clients from coming back at once.
    """
    ceiling_s = min(first_s * 2 ** min(failures - 1, 32), last_s)
    return rng.uniform(ceiling_s / 2, ceiling_s)


DEFAULT_RETRIES = RetryPolicy()
NO_RETRIES = RetryPolicy(attempts=1)
"""Every failure is raised at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeePolicy:
    """The priority fee: what others paid lately to write the same accounts, within bounds.

    Prices are in microlamports (1e-6 lamports) per compute unit, as the compute budget program has them.
    The default cap holds a transaction of 200,000 units to 0.001 SOL.
    """

    percentile: int = 75
    floor_microlamports: int = 0
    cap_microlamports: int = 5_000_000

    def __post_init__(self) -> None:
        if not 0 <= self.percentile <= 100:
            raise InputError("percentile", self.percentile, "must be 0 to 100")
        if not 0 <= self.floor_microlamports <= self.cap_microlamports:
            rule = f"must be 0 to cap_microlamports = {self.cap_microlamports}"
            raise InputError("floor_microlamports", self.floor_microlamports, rule)

    def price(self, recent_microlamports: list[int]) -> int:
        """The bid, given what others paid; the floor when nobody did."""
        fees = sorted(recent_microlamports)
        found = fees[min(len(fees) * self.percentile // 100, len(fees) - 1)] if fees else 0
        return min(max(found, self.floor_microlamports), self.cap_microlamports)


RECENT_FEES = FeePolicy()
"""What `priority_fee="recent"` means."""
