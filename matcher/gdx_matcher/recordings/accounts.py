"""Spreads a recording's orders over a few accounts of our own."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from gdx_sdk.errors import InputError


class AccountSpread:
    """Makers and takers are disjoint, so that no account ever trades with itself.

    The account follows from the venue's order id alone: the same file gives the same accounts.
    """

    def __init__(self, makers: Sequence[int], takers: Sequence[int]) -> None:
        if not makers or not takers:
            raise InputError("accounts", (list(makers), list(takers)), "needs a maker and a taker at least")
        shared = sorted(set(makers) & set(takers))
        if shared:
            raise InputError("accounts", shared, "an account is a maker or a taker, not both")
        self._makers = tuple(makers)
        self._takers = tuple(takers)

    def maker(self, venue_id: str) -> int:
        """Account of a resting order."""
        return self._makers[zlib.crc32(venue_id.encode()) % len(self._makers)]

    def taker(self, key: str) -> int:
        """Account of an aggressor, by the venue's id of its order or of the trade."""
        return self._takers[zlib.crc32(key.encode()) % len(self._takers)]
