"""Keeps our book like the venue's: places, reduces and cancels through the engine, follows its answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from gdx_matcher import commands, events
from gdx_matcher.recordings.accounts import AccountSpread
from gdx_matcher.recordings.mirror import Mirror, Resting, WaitingRoom
from gdx_matcher.recordings.stats import ReplayStats
from gdx_sdk.errors import InputError
from gdx_sdk.units import BPS, Side

Submit = Callable[[commands.Command, int], Sequence[events.Event]]

MAX_SET_ASIDE: Final = 200
"""Orders that are moved out of the way of one trade at most; beyond that the trade is given up."""


class Desk:
    """The replay's hands.

    Orders further than `band_bps` from the current price wait outside the book, because the engine's price
    band would refuse them and they cannot trade; they are placed, in order of arrival, as soon as the price
    comes near. No order at such a price was placed before them meanwhile, so every queue stays in order.
    """

    def __init__(
        self,
        submit: Submit,
        accounts: AccountSpread,
        stats: ReplayStats,
        *,
        price_e6: int,
        market_index: int,
        band_bps: int,
        first_order_id: int,
    ) -> None:
        if not 0 < band_bps < BPS:
            raise InputError("band_bps", band_bps, f"must be above 0 and below {BPS}")
        self.mirror = Mirror()
        self.waiting = WaitingRoom()
        self.now_ms = 0
        self.trades: list[events.TradeExecuted] = []
        self._submit = submit
        self._accounts = accounts
        self._stats = stats
        self._market_index = market_index
        self._band_bps = band_bps
        self._next_order_id = first_order_id
        self._low_e6 = self._high_e6 = 0
        self.set_price(price_e6)

    def set_price(self, price_e6: int) -> None:
        """The market is here now: place those who waited for it."""
        if price_e6 <= 0:
            raise InputError("price_e6", price_e6, "must be above zero")
        self._low_e6 = price_e6 * (BPS - self._band_bps) // BPS
        self._high_e6 = price_e6 * (BPS + self._band_bps) // BPS
        if self.waiting.count:
            self.admit(self._low_e6, self._high_e6)

    def admit(self, low_e6: int, high_e6: int) -> None:
        """Place everyone who waits at these prices."""
        for resting in self.waiting.take_between(low_e6, high_e6):
            self.place(resting)

    def add(self, venue_id: str, side: Side, price_e6: int, size_e8: int) -> Resting:
        """A new resting order: into the book, or to those waiting outside."""
        resting = Resting(venue_id, side, price_e6, size_e8, self._accounts.maker(venue_id))
        self.mirror.orders[venue_id] = resting
        self.place_or_wait(resting)
        return resting

    def place_or_wait(self, resting: Resting) -> None:
        """Place within the band, else wait."""
        if self._low_e6 <= resting.price_e6 <= self._high_e6:
            self.place(resting)
        else:
            self.waiting.enter(resting)
            self._stats.peak_waiting = max(self._stats.peak_waiting, self.waiting.count)

    def place(self, resting: Resting) -> bool:
        """Rest in our book, behind the others at the price; never trades on arrival. False when refused."""
        order_id = self._next_order_id
        self._next_order_id += 1
        self._stats.orders += 1
        answers = self._send(
            commands.PlaceOrder(
                order_id=order_id,
                account=resting.account,
                market_index=self._market_index,
                side=resting.side,
                price_e6=resting.price_e6,
                size_e8=resting.left_e8,
                post_only=True,
            )
        )
        if any(isinstance(answer, events.OrderRejected | events.OrderCanceled) for answer in answers):
            return False
        resting.order_id = order_id
        self.mirror.enter(resting)
        self._stats.peak_resting = max(self._stats.peak_resting, len(self.mirror.by_order_id))
        return True

    def withdraw(self, resting: Resting) -> None:
        """Out of our book or the waiting room; the venue's id stays known."""
        if resting.order_id:
            self._stats.cancels += 1
            self._send(commands.CancelOrder(resting.order_id))
        else:
            self.waiting.leave(resting)

    def cancel(self, resting: Resting) -> None:
        """The venue's order is gone."""
        self.withdraw(resting)
        self.mirror.orders.pop(resting.venue_id, None)

    def reduce(self, resting: Resting, by_e8: int) -> None:
        """The venue's order got smaller and kept its place; by all that is left, it is gone."""
        if by_e8 >= resting.left_e8:
            self.cancel(resting)
        elif resting.order_id:
            self._stats.reductions += 1
            self._send(commands.ReduceOrder(resting.order_id, by_e8))
        else:
            resting.left_e8 -= by_e8

    def clear(self) -> None:
        """The venue started anew: nothing rests any more."""
        for resting in list(self.mirror.orders.values()):
            self.cancel(resting)
        self.waiting.clear()

    def take(self, side: Side, price_e6: int, size_e8: int, key: str) -> list[events.TradeExecuted]:
        """Trade at once at this price or better, and drop the rest."""
        order_id = self._next_order_id
        self._next_order_id += 1
        self._stats.orders += 1
        answers = self._send(
            commands.PlaceOrder(
                order_id=order_id,
                account=self._accounts.taker(key),
                market_index=self._market_index,
                side=side,
                price_e6=price_e6,
                size_e8=size_e8,
                time_in_force=commands.TimeInForce.IOC,
            )
        )
        return [answer for answer in answers if isinstance(answer, events.TradeExecuted)]

    def _send(self, command: commands.Command) -> Sequence[events.Event]:
        answers = self._submit(command, self.now_ms)
        for answer in answers:
            self._follow(answer)
        return answers

    def _follow(self, event: events.Event) -> None:
        if isinstance(event, events.TradeExecuted):
            self.trades.append(event)
            maker = self.mirror.by_order_id.get(event.maker_order_id)
            if maker is not None:
                maker.left_e8 = event.maker_left_e8
                if maker.left_e8 == 0:
                    self.mirror.leave(maker)
                    self.mirror.orders.pop(maker.venue_id, None)
        elif isinstance(event, events.OrderReduced):
            reduced = self.mirror.by_order_id.get(event.order_id)
            if reduced is not None:
                reduced.left_e8 = event.size_left_e8
        elif isinstance(event, events.OrderCanceled):
            gone = self.mirror.by_order_id.get(event.order_id)
            if gone is not None:
                self.mirror.leave(gone)
        elif isinstance(event, events.OrderRejected):
            self._stats.refused[event.reason.name.lower()] += 1
