"""The saved form of an engine: what a snapshot holds and what a state hash is taken over."""

from __future__ import annotations

import hashlib

import msgspec

from gdx_matcher.book import Book, Order
from gdx_matcher.commands import MarketStatus, SetMarketLimits
from gdx_matcher.events import TradeExecuted
from gdx_matcher.positions import Holding
from gdx_matcher.risk import Risk
from gdx_sdk.math import MarketState


class BookState(msgspec.Struct, array_like=True):
    """One market without its orders."""

    limits: SetMarketLimits
    status: MarketStatus
    oracle_price_e6: int
    mark_price_e6: int
    anchor_price_e6: int
    anchor_ms: int
    next_trade_id: int

    @classmethod
    def of(cls, book: Book) -> BookState:
        """What of a book is saved."""
        return cls(
            book.limits,
            book.status,
            book.oracle_price_e6,
            book.mark_price_e6,
            book.anchor_price_e6,
            book.anchor_ms,
            book.next_trade_id,
        )

    def put_into(self, book: Book) -> None:
        """The reverse of `of`."""
        book.status, book.next_trade_id = self.status, self.next_trade_id
        book.oracle_price_e6, book.mark_price_e6 = self.oracle_price_e6, self.mark_price_e6
        book.anchor_price_e6, book.anchor_ms = self.anchor_price_e6, self.anchor_ms
        book.set_limits(self.limits)


class RiskState(msgspec.Struct, array_like=True):
    """Holdings, indices and unsettled trades."""

    holdings: list[Holding]
    markets: list[tuple[int, MarketState]]
    unsettled: list[tuple[int, list[TradeExecuted]]]

    @classmethod
    def of(cls, risk: Risk) -> RiskState:
        """What of the risk module is saved."""
        return cls(
            [risk.holdings[key] for key in sorted(risk.holdings)],
            [(index, risk.markets[index]) for index in sorted(risk.markets)],
            [(index, list(risk.unsettled[index])) for index in sorted(risk.unsettled)],
        )

    def put_into(self, risk: Risk) -> None:
        """The reverse of `of`."""
        for holding in self.holdings:
            risk.holdings[holding.account, holding.market_index] = holding
        risk.markets.update(self.markets)
        for index, trades in self.unsettled:
            risk.unsettled[index].extend(trades)
            risk.recount_interest(index)


class EngineState(msgspec.Struct, array_like=True):
    """A whole engine; the orders in order of arrival, which holds each price's queue as well."""

    now_ms: int
    is_paused: bool
    sequence: int
    books: list[BookState]
    orders: list[Order]
    risk: RiskState | None

    def hash(self) -> bytes:
        """sha256 of the encoded state."""
        return hashlib.sha256(msgspec.msgpack.encode(self)).digest()
