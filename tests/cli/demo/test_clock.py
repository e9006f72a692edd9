"""The demo's two clocks, against a chain whose clock is a number."""

from __future__ import annotations

from typing import Any

import pytest
from gdx_cli.demo import clock as module
from gdx_cli.demo.clock import DemoClock, MovedClock, RunningClock
from gdx_cli.demo.stage import Interlude

from gdx_sdk.client import Client

START_TS = 1_700_000_000


class FakeClient(Client):
    """A chain at `ts`, which runs by itself by a second each time somebody looks."""

    def __init__(self, *, runs: bool) -> None:
        self.ts, self.slot, self.runs = START_TS, 7, runs
        self.moves: list[list[Any]] = []

    async def get_clock(self) -> Any:
        self.ts += self.runs
        return type("Clock", (), {"unix_ts": self.ts})

    async def get_slot(self, *, commitment: str | None = None) -> int:
        return self.slot

    async def rpc(self, method: str, params: Any = ()) -> Any:
        assert method == "gdx_setClock"
        self.moves.append(list(params))
        self.ts, self.slot = params


async def test_the_embedded_chain_goes_where_the_recording_is() -> None:
    client, clock = FakeClient(runs=False), MovedClock()
    await clock.start(client)
    assert clock.now_ms == clock.chain_ms == START_TS * 1_000
    await clock.move_to(client, clock.now_ms + 2_000)
    await clock.move_to(client, clock.now_ms - 1_000)
    assert client.moves == [[START_TS + 2, 7 + 5]], "five slots of 400 ms; never backward"
    assert clock.stamp(5) == 5


async def test_a_limit_holds_the_chain_while_the_recording_goes_on() -> None:
    client, clock = FakeClient(runs=False), MovedClock((START_TS + 10) * 1_000)
    await clock.start(client)
    await clock.move_to(client, (START_TS + 60) * 1_000)
    assert clock.now_ms == (START_TS + 60) * 1_000
    assert clock.chain_ms == (START_TS + 10) * 1_000 == clock.stamp(clock.now_ms)
    assert [move[0] for move in client.moves] == [START_TS + 10]


async def test_a_validator_runs_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 0)
    client, clock = FakeClient(runs=True), RunningClock(123_000)
    await clock.start(client)
    seen_ms = clock.chain_ms
    await clock.move_to(client, 999_000)
    assert clock.now_ms == 999_000
    assert clock.chain_ms >= seen_ms + 1_000
    assert clock.stamp(999_000) == clock.chain_ms, "whatever the recording says"
    seen_ms = clock.chain_ms
    await clock.wait(client, 5_000)
    assert clock.chain_ms >= seen_ms + 5_000
    assert client.moves == []


def test_both_are_clocks() -> None:
    clocks: list[DemoClock] = [MovedClock(), RunningClock(0)]
    assert [clock.is_running for clock in clocks] == [False, True]


async def nothing() -> None:
    """What an interlude does here."""


@pytest.mark.parametrize(
    ("trades", "now_ms", "is_due"), [(9, 99, False), (10, 0, True), (0, 100, True), (0, 99, False)]
)
def test_an_interlude_comes_after_trades_or_at_a_time(trades: int, now_ms: int, is_due: bool) -> None:
    assert Interlude(nothing, 10, 100).is_due(trades, now_ms) is is_due
    assert Interlude(nothing, 10).is_due(0, 10**15) is False
