"""Slot modes and the chain's own time."""

from __future__ import annotations

import time
from enum import StrEnum

MOST_UNIX_TS = 2**40 - 1
"""The latest time a chain can be set to, unix seconds: far from where a program's sums overflow."""


class SlotMode(StrEnum):
    """When the chain opens a new slot.

    CLOCK   every `slot_ms`, as a cluster does
    FAST    after each transaction, so that everything a transaction did is final at once
    MANUAL  only when asked (`gdx_advanceSlots`, `gdx_warp`)
    """

    CLOCK = "clock"
    FAST = "fast"
    MANUAL = "manual"


class ChainTime:
    """The chain's unix time in milliseconds.

    It follows the computer's clock, shifted by what `set` asked for; a held time moves only by `add`.
    """

    def __init__(self, *, is_held: bool) -> None:
        self._offset_ms = 0
        self._held_ms: int | None = _wall_ms() if is_held else None

    @property
    def is_held(self) -> bool:
        """Whether the time stands still until moved."""
        return self._held_ms is not None

    def now_ms(self) -> int:
        """Unix time of the chain, milliseconds."""
        return _wall_ms() + self._offset_ms if self._held_ms is None else self._held_ms

    def now_ts(self) -> int:
        """Unix time of the chain, seconds."""
        return self.now_ms() // 1000

    def set(self, unix_ms: int, *, hold: bool) -> None:
        """Move to `unix_ms`; held there, or going on at the computer's pace."""
        self._held_ms = unix_ms if hold else None
        self._offset_ms = unix_ms - _wall_ms()

    def add(self, ms: int) -> None:
        """Move forward (or back) by `ms`."""
        if self._held_ms is None:
            self._offset_ms += ms
        else:
            self._held_ms += ms


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000
