"""Puts messages of several streams back into the order in which the venue made them."""

from __future__ import annotations

import heapq
from typing import Generic, TypeVar

_Message = TypeVar("_Message")


class VenueTimeSorter(Generic[_Message]):
    """Holds messages until none older is expected.

    A venue sends trades, best quotes and levels on separate streams, without order between them: what a trade
    left of a level often arrives before the trade. Sorted by the venue's transaction time, with trades before
    books within a millisecond, each trade meets the book that it met at the venue.
    """

    def __init__(self, window_ms: int) -> None:
        self._window_ms = window_ms
        self._held: list[tuple[int, bool, int, int, _Message]] = []
        self._newest_ms = self._arrived = 0

    def push(self, venue_ms: int, at_ms: int, message: _Message, *, is_trade: bool) -> None:
        """Hold a message; `venue_ms` 0 when the message carries no time: it counts as the newest."""
        self._newest_ms = max(self._newest_ms, venue_ms)
        self._arrived += 1
        entry = (venue_ms or self._newest_ms, not is_trade, self._arrived, at_ms, message)
        heapq.heappush(self._held, entry)

    def pop_due(self) -> list[tuple[int, _Message]]:
        """Messages, with the local time of each, that are older than the newest by the window."""
        return self._pop_until(self._newest_ms - self._window_ms)

    def pop_all(self) -> list[tuple[int, _Message]]:
        """Everything that is held."""
        return self._pop_until(self._newest_ms)

    def _pop_until(self, until_ms: int) -> list[tuple[int, _Message]]:
        due = []
        while self._held and self._held[0][0] <= until_ms:
            *_, at_ms, message = heapq.heappop(self._held)
            due.append((at_ms, message))
        return due
