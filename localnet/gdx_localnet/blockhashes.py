"""Recent blockhashes and how long each is good for."""

from __future__ import annotations

from solders.hash import Hash

MAX_AGE = 150
"""Blocks that may be built on a block before its blockhash expires (the cluster's MAX_PROCESSING_AGE)."""

_KEPT = 20_000
"""Blockhashes remembered at most: in fast mode many share one height."""


class BlockhashQueue:
    """Blockhashes by the height of the block that each one seals."""

    def __init__(self, genesis: Hash) -> None:
        self._height_of: dict[Hash, int] = {genesis: 0}
        self.latest = genesis

    def push(self, blockhash: Hash, height: int) -> None:
        """Make `blockhash` the latest, and forget the ones that can't be used any more."""
        self._height_of[blockhash] = height
        self.latest = blockhash
        for oldest in list(self._stale(height)):
            del self._height_of[oldest]

    def _stale(self, height: int) -> list[Hash]:
        stale = []
        surplus = len(self._height_of) - _KEPT
        for blockhash, born in self._height_of.items():
            if height - born <= MAX_AGE + 1 and surplus <= 0:
                break
            stale.append(blockhash)
            surplus -= 1
        return stale

    def is_valid(self, blockhash: Hash, height: int) -> bool:
        """Whether a transaction with `blockhash` may run in the open block, which is of `height`."""
        born = self._height_of.get(blockhash)
        return born is not None and height - born <= MAX_AGE + 1

    def expire(self) -> None:
        """Forget every blockhash but the latest."""
        self._height_of = {self.latest: self._height_of[self.latest]}
