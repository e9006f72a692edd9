"""Pairs trades that name no order with the two order events of the same amount around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gdx_sdk.units import Side


@dataclass(frozen=True, slots=True)
class Fill:
    """An order lost `size_e8` by trading; None when the order is older than the recording."""

    order_id: str
    side: Side
    price_e6: int
    size_e8: int | None
    line: int

    @property
    def age(self) -> tuple[int, str]:
        """Sorts orders by when the venue numbered them, oldest first."""
        return (len(self.order_id), self.order_id)


@dataclass(frozen=True, slots=True)
class VenueTrade:
    """A trade as printed."""

    trade_id: str
    price_e6: int
    size_e8: int
    line: int
    taker_side: Side | None
    order_ids: tuple[str, ...] = ()  # of buyer and seller, where the venue names them


class FillMatcher:
    """Keeps recent fills and trades until a trade finds a buyer and a seller of its amount."""

    PATIENCE_LINES: ClassVar[int] = 60

    def __init__(self) -> None:
        self._fills: list[Fill] = []
        self._trades: list[VenueTrade] = []
        self._is_changed = False

    def add_fill(self, fill: Fill) -> None:
        """An order event that says something traded."""
        self._fills.append(fill)
        self._is_changed = True

    def add_trade(self, trade: VenueTrade) -> None:
        """A printed trade."""
        self._trades.append(trade)
        self._is_changed = True

    def take_pairs(self) -> list[tuple[VenueTrade, Fill, Fill]]:
        """Trades with their maker's and taker's fill, in the order printed; each is handed out once."""
        if not self._is_changed or not self._trades:
            return []
        self._is_changed = False
        pairs = []
        for trade in list(self._trades):
            pair = self._pair(trade)
            if pair is not None:
                self._trades.remove(trade)
                self._fills.remove(pair[0])
                self._fills.remove(pair[1])
                pairs.append((trade, *pair))
        return pairs

    def take_expired(self, line: int) -> tuple[list[Fill], list[VenueTrade]]:
        """Fills and trades that waited too long for a partner."""
        oldest = line - self.PATIENCE_LINES
        fills = [fill for fill in self._fills if fill.line <= oldest]
        trades = [trade for trade in self._trades if trade.line <= oldest]
        if fills:
            self._fills = [fill for fill in self._fills if fill.line > oldest]
        if trades:
            self._trades = [trade for trade in self._trades if trade.line > oldest]
        return fills, trades

    def _pair(self, trade: VenueTrade) -> tuple[Fill, Fill] | None:
        """Maker and taker: the latest buy and sell of the traded amount, the older order at the price."""
        sides: dict[Side, Fill] = {}
        for fill in self._fills:
            if trade.order_ids and fill.order_id not in trade.order_ids:
                continue
            is_known = fill.size_e8 == trade.size_e8
            is_unknown_maker = fill.size_e8 is None and fill.price_e6 == trade.price_e6
            if is_known or (is_unknown_maker and fill.side not in sides):
                sides[fill.side] = fill
        if len(sides) < 2:
            return None
        maker, taker = sorted(sides.values(), key=lambda fill: fill.age)
        if maker.price_e6 != trade.price_e6 or taker.size_e8 is None:
            return None
        return maker, taker
