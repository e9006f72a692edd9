"""The actors' own book."""

from __future__ import annotations

from gdx_matcher.recordings.actions import OrderAdded, OrderCanceled, OrderTaken
from gdx_matcher.synthetic.book import ActorsBook

from gdx_sdk.units import Side


def test_prices_round_away_from_the_market_and_never_cross() -> None:
    book = ActorsBook("x", tick_e6=10, lot_e8=5)
    assert book.add(1, Side.BUY, 107, 12) == OrderAdded(1, "x-2", Side.BUY, 100, 10)
    assert book.add(1, Side.SELL, 95, 1).price_e6 == 110
    assert book.add(1, Side.BUY, 3, 1).price_e6 == 10


def test_takers_meet_the_best_price_first() -> None:
    book = ActorsBook("x", tick_e6=1, lot_e8=1)
    near, far = book.add(1, Side.SELL, 101, 5), book.add(1, Side.SELL, 103, 5)
    assert book.take(2, Side.BUY, 102, 9) == OrderTaken(2, "x-4", Side.BUY, 102, 9)
    assert not book.rests(near.order_id)
    assert book.rests(far.order_id)
    assert book.cancel(3, far.order_id) == [OrderCanceled(3, far.order_id)]
    assert book.cancel(3, far.order_id) == []
