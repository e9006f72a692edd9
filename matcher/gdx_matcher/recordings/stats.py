"""What a replay counts: how many of the venue's own trades our matcher made too, and what was passed over."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A trade of the venue that our matcher would have made differently.

    `venue_maker` is the venue's id of the order that traded, `our_front` of the one that was first in our
    queue ("" when that side was empty).
    """

    at_ms: int
    venue_maker: str
    our_front: str
    price_e6: int
    size_e8: int
    reason: str


@dataclass(slots=True)
class ReplayStats:
    """Counts of one replayer, over all it ran.

    `known`: the venue's trades whose maker our book held (by order id; for files of price levels: whose price
    the mirrored book held). `reproduced`: those that our matcher made with the same maker, price and size.
    `unknown`: the maker is older than the recording, or nothing was shown at that price. `off_book`: trades
    that took no displayed order, by reason. `refused`: commands the engine refused, by reason.
    """

    LISTED_MISMATCHES: ClassVar[int] = 1_000

    orders: int = 0
    cancels: int = 0
    reductions: int = 0
    trades_recorded: int = 0
    trades_synthetic: int = 0
    known: int = 0
    reproduced: int = 0
    unknown: int = 0
    off_book: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    mismatch_count: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)
    peak_resting: int = 0
    peak_waiting: int = 0

    @property
    def trades(self) -> int:
        """Trades of our matcher."""
        return self.trades_recorded + self.trades_synthetic

    def add_mismatch(self, mismatch: Mismatch) -> None:
        """Count it, and list it unless the list is full already."""
        self.mismatch_count += 1
        if len(self.mismatches) < self.LISTED_MISMATCHES:
            self.mismatches.append(mismatch)

    def venue_trades(self) -> dict[str, int]:
        """The two figures that say how far we agree with the venue."""
        return {"known": self.known, "reproduced": self.reproduced}
