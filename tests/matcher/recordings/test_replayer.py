"""Replaying: what becomes of each action in our book, and what is counted."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from gdx_matcher import commands, events
from gdx_matcher.engine import Engine
from gdx_matcher.market import MarketConfig
from gdx_matcher.recordings import AccountSpread, RecordingKind, Replayer, Step
from gdx_matcher.recordings.actions import (
    Action,
    BookCleared,
    Execution,
    LevelSet,
    OrderAdded,
    OrderCanceled,
    OrderReduced,
    OrderTaken,
    PriceKind,
    PriceSeen,
    TopOfBook,
    TradeOffBook,
    TradePrinted,
)

from gdx_sdk.errors import InputError
from gdx_sdk.units import Side

BUY, SELL = Side.BUY, Side.SELL
ORDERS, LEVELS, TRADES = RecordingKind.ORDERS, RecordingKind.LEVELS, RecordingKind.TRADES
E6 = 10**6
MAKERS, TAKERS = range(3), range(3, 6)


class Desk:
    """An engine, a replayer, and the venue's id of each of our orders."""

    def __init__(self, *, price: int = 100, band_bps: int = 2_000, refuse: set[int] | None = None) -> None:
        self.engine = Engine([MarketConfig(0, "TEST")])
        self.refuse = refuse or set()
        self.commands: list[commands.Command] = []
        self.replayer = Replayer(
            self.submit, AccountSpread(MAKERS, TAKERS), price_e6=price * E6, band_bps=band_bps
        )
        self.stats = self.replayer.stats

    def submit(self, command: commands.Command, now_ms: int) -> Sequence[events.Event]:
        self.commands.append(command)
        if isinstance(command, commands.PlaceOrder) and command.price_e6 // E6 in self.refuse:
            reason = events.RejectReason.INSUFFICIENT_MARGIN
            return [events.OrderRejected(command.order_id, command.account, reason)]
        return self.engine.apply(command, now_ms)

    def run(self, *actions: Action, kind: RecordingKind = ORDERS, **options: object) -> list[Step]:
        return list(self.replayer.run(actions, kind, **options))  # type: ignore[arg-type]

    def book(self, side: Side) -> list[tuple[int, int]]:
        """Price and size of each order of ours, first to trade first."""
        orders = sorted(
            (order for order in self.engine.orders.values() if order.side is side),
            key=lambda order: (-side.sign * order.price_e6, order.sequence),
        )
        return [(order.price_e6 // E6, order.left_e8) for order in orders]


def add(order_id: str, side: Side, price: int, size: int, at_ms: int = 1) -> OrderAdded:
    return OrderAdded(at_ms, order_id, side, price * E6, size)


def fill(maker_id: str, taker_side: Side, price: int, size: int, at_ms: int = 2) -> Execution:
    return Execution(at_ms, maker_id, taker_side, price * E6, size)


def level(side: Side, price: int, size: int) -> LevelSet:
    return LevelSet(1, side, price * E6, size)


def printed(taker_side: Side, price: int, size: int, trade_id: str = "t") -> TradePrinted:
    return TradePrinted(2, taker_side, price * E6, size, trade_id)


def made(steps: list[Step]) -> list[tuple[int, int]]:
    return [(trade.price_e6 // E6, trade.size_e8) for step in steps for trade in step.trades]


# --- order by order


def test_an_execution_at_the_front_of_our_queue_is_reproduced() -> None:
    desk = Desk()
    steps = desk.run(add("a", SELL, 101, 5), add("b", SELL, 101, 5), fill("a", BUY, 101, 3))
    assert made(steps) == [(101, 3)]
    assert desk.stats.venue_trades() == {"known": 1, "reproduced": 1}
    assert desk.book(SELL) == [(101, 2), (101, 5)]
    [trade] = [trade for step in steps for trade in step.trades]
    assert trade.maker_account in MAKERS
    assert trade.taker_account in TAKERS


def test_a_maker_behind_others_trades_all_the_same_and_the_queue_stays_in_order() -> None:
    desk = Desk()
    desk.run(add("a", SELL, 101, 1), add("b", SELL, 101, 2), add("c", SELL, 101, 3), add("d", SELL, 102, 9))
    steps = desk.run(fill("b", BUY, 101, 1))
    assert made(steps) == [(101, 1)]
    assert desk.stats.venue_trades() == {"known": 1, "reproduced": 0}
    assert desk.book(SELL) == [(101, 1), (101, 1), (101, 3), (102, 9)]
    [mismatch] = desk.stats.mismatches
    assert (mismatch.venue_maker, mismatch.our_front, mismatch.price_e6) == ("b", "a", 101 * E6)
    steps = desk.run(fill("b", BUY, 101, 1), fill("a", BUY, 101, 1), fill("c", BUY, 101, 3))
    assert made(steps) == [(101, 1), (101, 1), (101, 3)]
    assert desk.stats.venue_trades() == {"known": 4, "reproduced": 3}


def test_better_prices_are_set_aside_and_return() -> None:
    desk = Desk()
    steps = desk.run(add("a", BUY, 99, 4), add("b", BUY, 98, 4), fill("b", SELL, 98, 4))
    assert made(steps) == [(98, 4)]
    assert desk.book(BUY) == [(99, 4)]


def test_an_execution_larger_than_what_we_had_is_made_and_listed() -> None:
    desk = Desk()
    steps = desk.run(add("a", SELL, 101, 1), fill("a", BUY, 101, 5))
    assert made(steps) == [(101, 5)]
    assert "only 1 of it" in desk.stats.mismatches[0].reason
    assert desk.book(SELL) == []


def test_executions_of_unknown_orders_are_counted_and_change_nothing() -> None:
    desk = Desk()
    assert made(desk.run(add("a", SELL, 101, 1), fill("older", BUY, 101, 1))) == []
    assert desk.stats.unknown == 1
    assert desk.stats.known == 0
    assert desk.book(SELL) == [(101, 1)]


def test_reductions_and_cancels_follow_the_venue_and_unknown_ids_are_passed_over() -> None:
    desk = Desk()
    desk.run(add("a", SELL, 101, 5), add("b", SELL, 101, 5))
    desk.run(OrderReduced(1, "a", 2), OrderReduced(1, "zz", 2), OrderCanceled(1, "b"), OrderCanceled(1, "zz"))
    assert desk.book(SELL) == [(101, 3)]
    desk.run(OrderReduced(1, "a", 3))
    assert desk.book(SELL) == []


def test_an_order_that_would_trade_on_arrival_is_refused_and_listed_when_it_trades() -> None:
    desk = Desk()
    steps = desk.run(add("a", SELL, 101, 5), add("b", BUY, 101, 5), fill("b", SELL, 101, 5))
    assert desk.stats.refused == {"post_only_would_take": 2}
    assert made(steps) == []
    assert desk.stats.venue_trades() == {"known": 1, "reproduced": 0}
    assert desk.book(SELL) == [(101, 5)]


def test_an_order_our_engine_refused_is_tried_again_for_its_trade() -> None:
    desk = Desk(refuse={101})
    desk.run(add("a", SELL, 101, 5))
    desk.refuse.clear()
    assert made(desk.run(fill("a", BUY, 101, 2))) == [(101, 2)]
    assert "refused" in desk.stats.mismatches[0].reason
    assert desk.stats.refused == {"insufficient_margin": 1}


def test_a_refused_aggressor_leaves_the_venue_state_behind() -> None:
    desk = Desk()
    desk.run(add("a", SELL, 101, 5))
    desk.refuse.add(101)
    assert made(desk.run(fill("a", BUY, 101, 2))) == []
    assert desk.book(SELL) == [(101, 3)]
    assert desk.stats.venue_trades() == {"known": 1, "reproduced": 0}


def test_a_book_that_starts_anew_forgets_everything() -> None:
    desk = Desk()
    desk.run(add("a", SELL, 101, 5), add("far", SELL, 500, 5), BookCleared(1), fill("a", BUY, 101, 2))
    assert desk.book(SELL) == []
    assert desk.stats.unknown == 1


def test_a_nameless_trade_takes_what_is_first_at_its_price() -> None:
    desk = Desk()
    steps = desk.run(add("level", SELL, 101, 5), printed(BUY, 101, 2), printed(BUY, 102, 2))
    assert made(steps) == [(101, 2)]
    assert desk.stats.unknown == 2


def test_off_book_trades_are_counted_by_reason() -> None:
    desk = Desk()
    desk.run(TradeOffBook(1, E6, 1, "hidden order"), TradeOffBook(1, E6, 1, "hidden order"))
    assert desk.stats.off_book == {"hidden order": 2}


# --- far orders


def test_far_orders_wait_and_enter_in_order_when_the_price_comes() -> None:
    desk = Desk(band_bps=1_000)
    desk.run(add("near", SELL, 109, 1), add("far", SELL, 120, 1), add("farther", SELL, 120, 2))
    assert desk.book(SELL) == [(109, 1)]
    assert desk.stats.peak_waiting == 2
    desk.run(OrderReduced(1, "farther", 1), PriceSeen(1, PriceKind.INDEX, 110 * E6))
    assert desk.book(SELL) == [(109, 1), (120, 1), (120, 1)]
    assert made(desk.run(fill("far", BUY, 120, 1))) == [(120, 1)]
    assert desk.stats.mismatches[0].our_front == "near"


def test_a_far_order_that_trades_enters_with_those_before_it() -> None:
    desk = Desk(band_bps=100)
    steps = desk.run(add("a", SELL, 150, 1), add("b", SELL, 150, 1), fill("a", BUY, 150, 1))
    assert made(steps) == [(150, 1)]
    assert desk.stats.reproduced == 1
    assert desk.book(SELL) == [(150, 1)]


def test_a_far_order_can_be_canceled_while_it_waits() -> None:
    desk = Desk(band_bps=100)
    desk.run(add("a", SELL, 150, 1), OrderCanceled(1, "a"), PriceSeen(1, PriceKind.INDEX, 150 * E6))
    assert desk.commands == []


@pytest.mark.parametrize("band_bps", [0, 10_000, -1])
def test_the_band_is_a_share_of_the_price(band_bps) -> None:
    with pytest.raises(InputError, match="band_bps"):
        Desk(band_bps=band_bps)


# --- price levels


def test_levels_are_mirrored_by_one_order_each() -> None:
    desk = Desk()
    desk.run(level(BUY, 99, 5), level(SELL, 101, 5), level(BUY, 99, 3), level(SELL, 101, 9), kind=LEVELS)
    assert desk.book(BUY) == [(99, 3)]
    assert desk.book(SELL) == [(101, 9)]
    desk.run(level(BUY, 99, 0), level(BUY, 98, 0), kind=LEVELS)
    assert desk.book(BUY) == []


def test_a_trade_at_the_best_level_is_reproduced() -> None:
    desk = Desk()
    steps = desk.run(level(SELL, 101, 5), printed(BUY, 101, 2), level(SELL, 101, 3), kind=LEVELS)
    assert made(steps) == [(101, 2)]
    assert desk.stats.venue_trades() == {"known": 1, "reproduced": 1}
    assert desk.book(SELL) == [(101, 3)]


def test_levels_better_than_a_trade_are_gone() -> None:
    desk = Desk()
    steps = desk.run(level(SELL, 101, 5), level(SELL, 102, 5), printed(BUY, 102, 2), kind=LEVELS)
    assert made(steps) == [(102, 2)]
    assert desk.stats.venue_trades() == {"known": 1, "reproduced": 0}
    assert desk.book(SELL) == [(102, 3)]


def test_a_trade_where_nothing_was_shown_gets_a_maker_of_its_own() -> None:
    desk = Desk()
    steps = desk.run(level(SELL, 103, 5), printed(BUY, 102, 2), kind=LEVELS)
    assert made(steps) == [(102, 2)]
    assert (desk.stats.unknown, desk.stats.known) == (1, 0)
    assert desk.book(SELL) == [(103, 5)]


def test_a_level_across_newer_prices_is_out_of_date() -> None:
    desk = Desk()
    desk.run(level(SELL, 101, 5), level(BUY, 102, 5), kind=LEVELS)
    assert desk.book(SELL) == []
    assert desk.book(BUY) == [(102, 5)]


def test_nothing_better_than_the_best_quote_stays() -> None:
    desk = Desk()
    desk.run(level(BUY, 99, 5), level(BUY, 98, 5), level(SELL, 101, 5), kind=LEVELS)
    desk.run(TopOfBook(1, 98 * E6, 4, 102 * E6, 7), kind=LEVELS)
    assert desk.book(BUY) == [(98, 4)]
    assert desk.book(SELL) == [(102, 7)]


def test_a_file_of_trades_only_makes_every_trade_with_a_maker_of_its_own() -> None:
    desk = Desk()
    steps = desk.run(
        printed(BUY, 100, 2, "1"), printed(SELL, 130, 3, "2"), printed(SELL, 90, 3, ""), kind=TRADES
    )
    assert made(steps) == [(100, 2), (130, 3), (90, 3)]
    assert desk.stats.unknown == 3
    assert desk.book(BUY) == desk.book(SELL) == []


# --- time, prices, counting


def test_time_is_shifted_and_never_runs_backward() -> None:
    desk = Desk()
    steps = desk.run(add("a", SELL, 101, 1, at_ms=50), add("b", SELL, 101, 1, at_ms=40), offset_ms=1_000)
    assert [step.at_ms for step in steps] == [1_050, 1_050]


def test_recorded_prices_are_passed_on_and_replace_our_own() -> None:
    desk = Desk()
    index = PriceSeen(5_000, PriceKind.INDEX, 101 * E6)
    steps = desk.run(
        add("a", SELL, 102, 1), add("b", BUY, 100, 1), index, add("c", BUY, 99, 1, at_ms=9_000), offset_ms=7
    )
    assert [step.price for step in steps] == [
        None,
        PriceSeen(8, PriceKind.MID, 101 * E6),
        PriceSeen(5_007, PriceKind.INDEX, 101 * E6),
        None,
    ]


def test_the_last_trade_is_the_price_of_a_one_sided_book() -> None:
    [step] = Desk().run(printed(BUY, 100, 2), kind=TRADES)
    assert step.price == PriceSeen(2, PriceKind.LAST, 100 * E6)


def test_the_cap_on_trades_ends_the_run() -> None:
    desk = Desk()
    steps = desk.run(*(printed(BUY, 100, 1, str(number)) for number in range(9)), kind=TRADES, max_trades=4)
    assert len(made(steps)) == 4
    assert desk.stats.trades_recorded == 4


def test_synthetic_trades_are_counted_apart_and_takers_sweep() -> None:
    desk = Desk()
    desk.run(add("a", SELL, 101, 1), fill("a", BUY, 101, 1))
    steps = desk.run(
        add("s1", SELL, 101, 1),
        add("s2", SELL, 102, 1),
        OrderTaken(3, "s3", BUY, 102 * E6, 9),
        is_synthetic=True,
    )
    assert made(steps) == [(101, 1), (102, 1)]
    assert (desk.stats.trades_recorded, desk.stats.trades_synthetic, desk.stats.trades) == (1, 2, 3)
    assert desk.stats.orders == 5


def test_the_same_recording_gives_the_same_commands() -> None:
    first, second = Desk(), Desk()
    actions = [add("a", SELL, 101, 5), add("b", SELL, 101, 5), fill("b", BUY, 101, 3), add("c", BUY, 99, 1)]
    first.run(*actions)
    second.run(*actions)
    assert first.commands == second.commands
    assert first.engine.state_hash() == second.engine.state_hash()
