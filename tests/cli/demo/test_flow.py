"""Several flows on one clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from gdx_cli.demo.flow import Flow, first_time_ms, merge
from gdx_matcher.engine import Engine
from gdx_matcher.market import MarketConfig
from gdx_matcher.recordings import AccountSpread, RecordingKind, Replayer
from gdx_matcher.recordings.actions import Action, TradePrinted

from gdx_sdk.units import Side

PRICE_E6 = 100_000_000


def trades(*times_ms: int) -> list[Action]:
    return [TradePrinted(at_ms, Side.BUY, PRICE_E6, 10**8, f"t{at_ms}") for at_ms in times_ms]


@pytest.fixture
def engine() -> Engine:
    return Engine([MarketConfig(index, f"M{index}") for index in range(2)])


def flow(
    engine: Engine,
    index: int,
    source: Sequence[Action] | Iterator[Action],
    *,
    offset_ms: int = 0,
    max_trades: int | None = None,
) -> Flow:
    replayer = Replayer(
        engine.apply,
        AccountSpread([1, 2], [3, 4]),
        price_e6=PRICE_E6,
        market_index=index,
        first_order_id=index * 1_000 + 1,
    )
    return Flow(
        index,
        replayer,
        source,
        RecordingKind.TRADES,
        is_synthetic=False,
        offset_ms=offset_ms,
        max_trades=max_trades,
    )


def times(flows: Sequence[Flow]) -> list[tuple[int, int]]:
    return [(index, step.at_ms) for index, step in merge(flows)]


def test_the_earlier_action_goes_first_and_the_first_flow_wins_a_tie(engine: Engine) -> None:
    flows = [flow(engine, 0, trades(10, 20, 30)), flow(engine, 1, trades(5, 20, 25, 99))]
    assert times(flows) == [(1, 5), (0, 10), (0, 20), (1, 20), (1, 25), (0, 30)]


def test_it_stops_with_the_first_flow(engine: Engine) -> None:
    endless = (action for at_ms in range(1_000_000) for action in trades(at_ms))
    flows = [flow(engine, 0, trades(3)), flow(engine, 1, endless)]
    assert times(flows)[-1] == (0, 3)


def test_an_offset_moves_a_flow_to_the_demos_clock(engine: Engine) -> None:
    flows = [flow(engine, 0, trades(10, 20), offset_ms=100), flow(engine, 1, trades(115))]
    assert times(flows) == [(0, 110), (1, 115), (0, 120)]


def test_a_cap_ends_a_flow_early(engine: Engine) -> None:
    capped = flow(engine, 0, trades(*range(1, 50)), max_trades=3)
    assert [at_ms for _, at_ms in times([capped])] == [1, 2, 3]
    assert capped.next_ms is None
    assert capped.step() is None


def test_an_empty_flow_is_over(engine: Engine) -> None:
    assert times([flow(engine, 0, []), flow(engine, 1, trades(1))]) == []


def test_time_never_runs_backward(engine: Engine) -> None:
    single = flow(engine, 0, trades(50, 40, 60))
    assert [at_ms for _, at_ms in times([single])] == [50, 50, 60]


def test_looking_at_the_first_time_takes_nothing_away() -> None:
    first, source = first_time_ms(iter(trades(7, 8)))
    assert first == 7
    assert [action.at_ms for action in source] == [7, 8]
    assert first_time_ms([]) == (0, ())
