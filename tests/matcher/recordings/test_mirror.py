"""The mirror of our book and the waiting room outside it."""

from __future__ import annotations

from random import Random

from gdx_matcher.recordings.mirror import Mirror, Resting, WaitingRoom

from gdx_sdk.units import Side


def test_priority_is_price_then_arrival() -> None:
    mirror = Mirror()
    orders = [
        Resting(name, side, price, 1, 0, order_id)
        for order_id, (name, side, price) in enumerate(
            [("a", Side.BUY, 10), ("b", Side.BUY, 11), ("c", Side.BUY, 11), ("d", Side.SELL, 13)], start=1
        )
    ]
    for order in orders:
        mirror.enter(order)
    a, b, c, d = orders
    assert mirror.front(Side.BUY) is b
    assert mirror.front(Side.SELL) is d
    assert mirror.ahead_of(a) == [b, c]
    assert mirror.ahead_of(c) == [b]
    mirror.leave(b)
    assert b.order_id == 0
    assert mirror.front(Side.BUY) is c
    mirror.leave(c)
    mirror.leave(d)
    assert mirror.best(Side.BUY) == 10
    assert mirror.best(Side.SELL) is None


def test_best_and_better_agree_with_sorting_all_orders() -> None:
    seed = 20240808
    rng = Random(seed)
    mirror = Mirror()
    alive: list[Resting] = []
    for order_id in range(1, 600):
        if alive and rng.randrange(3) == 0:
            mirror.leave(alive.pop(rng.randrange(len(alive))))
        order = Resting(str(order_id), Side(rng.randrange(2)), rng.randrange(1, 40), 1, 0, order_id)
        mirror.enter(order)
        alive.append(order)
        for side in Side:
            own = [other for other in alive if other.side is side]
            own.sort(key=lambda other: (-other.side.sign * other.price_e6, other.order_id))
            assert mirror.front(side) is (own[0] if own else None), f"seed {seed}, order {order_id}"
            if own:
                assert mirror.ahead_of(own[-1]) == own[:-1], f"seed {seed}, order {order_id}"


def test_the_waiting_room_hands_out_by_price_and_arrival_once() -> None:
    room = WaitingRoom()
    first, second, far = (
        Resting(name, Side.BUY, price, 1, 0) for name, price in (("1", 5), ("2", 5), ("3", 9))
    )
    for resting in (first, second, far):
        room.enter(resting)
    assert room.count == 3
    assert list(room.take_between(1, 5)) == [first, second]
    assert list(room.take_between(1, 5)) == []
    assert far in room
    room.leave(far)
    room.leave(far)
    assert room.count == 0
