"""The book by price level that a feed described so far, and what a newer picture changes in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gdx_matcher.recordings.actions import LevelSet
from gdx_sdk.units import Side

Levels = list[tuple[int, int]]


class LevelBook:
    """Size by price for both sides; what a message says is answered with the `LevelSet`s that describe it.

    A size that is repeated is set again: trades may have taken from the level in between.
    """

    def __init__(self) -> None:
        self.sizes: dict[Side, dict[int, int]] = {Side.BUY: {}, Side.SELL: {}}

    def apply(
        self, at_ms: int, bids: Iterable[tuple[int, int]], asks: Iterable[tuple[int, int]]
    ) -> list[LevelSet]:
        """Set some levels to new sizes: first what goes, then what comes, so that a book that moves as a
        whole never crosses itself on the way.
        """
        gone: list[LevelSet] = []
        grown: list[LevelSet] = []
        for side, levels in ((Side.BUY, bids), (Side.SELL, asks)):
            sizes = self.sizes[side]
            for price_e6, size_e8 in levels:
                before_e8 = sizes.get(price_e6, 0)
                if size_e8:
                    sizes[price_e6] = size_e8
                elif before_e8:
                    del sizes[price_e6]
                else:
                    continue
                target = gone if size_e8 < before_e8 else grown
                target.append(LevelSet(at_ms, side, price_e6, size_e8))
        return gone + grown

    def replace(self, at_ms: int, bids: Mapping[int, int], asks: Mapping[int, int]) -> list[LevelSet]:
        """Set the whole book: levels that are not named are gone."""
        pictures = ((Side.BUY, bids), (Side.SELL, asks))
        buys, sells = (
            [(price, 0) for price in self.sizes[side] if price not in levels] + list(levels.items())
            for side, levels in pictures
        )
        return self.apply(at_ms, buys, sells)

    def reset(self, side: Side, price_e6: int, size_e8: int) -> None:
        """Note a size that the caller announces by itself."""
        if size_e8:
            self.sizes[side][price_e6] = size_e8
        else:
            self.sizes[side].pop(price_e6, None)
