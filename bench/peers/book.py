"""litebook on a flow of orders and cancels."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from litebook import OrderBook, OrderType
from worker import Case, serve

FLOW = struct.Struct("<BQBQQ")  # is a cancel, order number, side (0 buys), price in ticks, size in lots


def trades(folder: Path) -> Case:
    """One call per order or cancel; the trades as (the two orders, the older first, lots).

    Not compared, because litebook 0.0.1 differs: it trades at the seller's price instead of the resting
    order's, and calls the resting order the buyer whatever its side.
    """
    sides = (OrderType.Buy, OrderType.Sell)
    flow = [
        (cancel, number, sides[side], float(ticks), float(lots))
        for cancel, number, side, ticks, lots in FLOW.iter_unpack((folder / "flow.bin").read_bytes())
    ]

    def run() -> tuple[dict[int, str], list[Any]]:
        book = OrderBook(tick_size=1.0)
        create, add, cancel = book.create_order, book.add, book.cancel
        ids: dict[int, str] = {}
        fills: list[Any] = []
        for is_cancel, number, side, price, quantity in flow:
            if is_cancel:
                cancel(ids[number])
            else:
                order = create(side, price, quantity)
                ids[number] = order.id
                made = add(order)
                if made:
                    fills += made
        return ids, fills

    def told(outcome: tuple[dict[int, str], list[Any]]) -> list[list[int]]:
        ids, fills = outcome
        numbers = {text: number for number, text in ids.items()}
        return [
            [*sorted((numbers[fill.buy_id], numbers[fill.sell_id])), round(fill.quantity)] for fill in fills
        ]

    return Case(run, told)


if __name__ == "__main__":
    serve({"trades": trades}, label="litebook", package="litebook")
