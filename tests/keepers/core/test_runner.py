"""The runner: turns, backoff, fatal errors, drain, signals."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from gdx_keepers.core.backoff import Backoff
from gdx_keepers.core.clock import Now
from gdx_keepers.core.health import Health
from gdx_keepers.core.job import Job
from gdx_keepers.core.metrics import Metrics
from gdx_keepers.core.runner import Runner
from gdx_keepers.errors import Fatal, Transient

from gdx_sdk.errors import ProgramError, RpcError, TransportError
from tests.keepers.keeper_fakes import silent_log


def at(ms: int) -> Now:
    return Now(ms // 400, ms // 1000, ms)


class ManualClock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.ms = 1_000_000
        self.is_chain_away = False

    def now_ms(self) -> int:
        return self.ms

    async def now(self) -> Now:
        if self.is_chain_away:
            raise TransportError("getAccountInfo", "connection refused")
        return at(self.ms)

    async def sleep(self, seconds: float) -> None:
        self.ms += int(seconds * 1000)
        await asyncio.sleep(0)


class Counter(Job[int, int]):
    """Does `work` actions, then is idle; raises what it is told to."""

    kind: ClassVar[str] = "counter"

    def __init__(self, name: str, metrics: Metrics, work: int = 0) -> None:
        super().__init__(name, metrics, silent_log())
        self.work, self.done, self.drains_left = work, 0, 0
        self.errors: list[Exception] = []
        self.on_run: Callable[[], Any] = lambda: None

    async def observe(self, now: Now) -> int:
        self.on_run()
        if self.errors:
            raise self.errors.pop(0)
        return self.work - self.done

    def is_due(self, state: int, now: Now) -> bool:
        return state > 0

    def plan(self, state: int, now: Now) -> list[int]:
        return [1]

    async def act(self, action: int, now: Now) -> bool:
        self.done += action
        return True

    async def drain(self) -> bool:
        self.drains_left -= 1
        return self.drains_left < 0


def make(*works: int) -> tuple[Runner, list[Counter], ManualClock, Health, Metrics]:
    metrics, health, clock = Metrics(), Health(), ManualClock()
    jobs = [Counter(f"job{i}", metrics, work) for i, work in enumerate(works)]
    return (
        Runner(jobs, clock, metrics, health, silent_log(), rng=random.Random(7)),
        jobs,
        clock,
        health,
        metrics,
    )


async def test_one_turn_runs_every_job_in_order() -> None:
    runner, jobs, _, _, metrics = make(2, 0)
    outcomes = await runner.run_once(at(1_000))
    assert [(outcome.job, outcome.outcome, outcome.actions) for outcome in outcomes] == [
        ("job0", "done", ("int",)),
        ("job1", "idle", ()),
    ]
    assert jobs[0].done == 1
    assert metrics.value("gdx_keeper_runs_total", job="job0", outcome="done") == 1
    assert metrics.value("gdx_keeper_actions_total", job="job0", action="int") == 1


async def test_only_the_named_job_runs() -> None:
    runner, jobs, *_ = make(1, 1)
    await runner.run_once(at(1_000), "job1")
    assert [job.done for job in jobs] == [0, 1]
    with pytest.raises(Fatal, match="no job is named 'nobody'"):
        await runner.run_once(at(1_000), "nobody")


async def test_until_idle_does_all_the_work() -> None:
    runner, jobs, *_ = make(5, 3)
    done = await runner.run_until_idle(at(1_000))
    assert [job.done for job in jobs] == [5, 3]
    assert len(done) == 8


async def test_until_idle_raises_the_fatal_error() -> None:
    runner, jobs, *_ = make(1)
    jobs[0].errors = [Fatal("the outbox is gone")]
    with pytest.raises(Fatal, match="the outbox is gone"):
        await runner.run_until_idle(at(1_000))


async def test_a_transient_error_waits_longer_each_time_and_a_success_forgets_it() -> None:
    runner, jobs, *_ = make(1)
    jobs[0].errors = [
        Transient("busy"),
        TransportError("getSlot", "refused"),
        RpcError("getSlot", "429", -32005),
    ]
    ms, waits = 0, []
    while jobs[0].errors:
        assert (await runner.run_once(at(ms)))[0].outcome == "transient"
        failed_at = ms
        while (await runner.run_once(at(ms)))[0].outcome == "waiting":
            ms += 1
            if not jobs[0].errors and ms - failed_at > 2_000:
                raise AssertionError("waits for ever")
        if jobs[0].errors:
            waits.append(ms - failed_at)
            break
    assert waits
    assert 125 <= waits[0] <= 250


@pytest.mark.parametrize(
    ("error", "is_transient"),
    [
        (Transient("x"), True),
        (TransportError("getSlot", "refused"), True),
        (RpcError("getSlot", "node is behind", -32005), True),
        (RpcError("getSlot", "no such method", -32601), False),
        (ProgramError("oracle", 6202, "NotPublisher", "not a publisher"), False),
        (Fatal("x"), False),
        (ZeroDivisionError("a bug"), False),
    ],
)
async def test_errors_are_sorted_into_passing_and_final(error: Exception, is_transient: bool) -> None:
    runner, jobs, _, _, metrics = make(1, 1)
    jobs[0].errors = [error]
    first, second = await runner.run_once(at(0))
    assert first.outcome == ("transient" if is_transient else "fatal")
    assert first.error is error
    assert second.outcome == "done", "one job's error is not the other's"
    later = (await runner.run_once(at(60_000)))[0]
    assert later.outcome == ("done" if is_transient else "stopped")
    assert metrics.value("gdx_keeper_up", job="job0") == (1 if is_transient else 0)


def test_backoff_grows_to_its_limit_within_bounds() -> None:
    backoff = Backoff(first_ms=100, limit_ms=1_000, rng=random.Random(3))
    waits = [backoff.fail(0) for _ in range(12)]
    for number, wait_ms in enumerate(waits):
        ceiling = min(100 * 2**number, 1_000)
        assert ceiling // 2 <= wait_ms <= ceiling
    assert backoff.is_waiting(waits[-1] - 1)
    assert not backoff.is_waiting(waits[-1])
    backoff.reset()
    assert backoff.failures == 0
    assert not backoff.is_waiting(0)


async def test_job_names_must_differ() -> None:
    metrics = Metrics()
    with pytest.raises(Fatal, match="job names must differ"):
        Runner([Counter("a", metrics), Counter("a", metrics)], ManualClock(), metrics, Health(), silent_log())


async def test_forever_ends_when_told_drains_and_summarizes() -> None:
    runner, jobs, *_ = make(4)
    jobs[0].drains_left = 2
    jobs[0].on_run = lambda: runner.stop() if jobs[0].done == 4 else None
    summaries = await runner.run_forever()
    assert [(s.job, s.actions, s.errors, s.drained, s.stopped_because) for s in summaries] == [
        ("job0", 4, 0, True, "")
    ]
    assert jobs[0].drains_left < 0


async def test_forever_ends_when_the_last_job_has_stopped_and_says_why() -> None:
    runner, jobs, *_ = make(1, 1)
    for job in jobs:
        job.errors = [Fatal(f"{job.name} cannot go on")]
    summaries = await runner.run_forever()
    assert [s.stopped_because for s in summaries] == ["job0 cannot go on", "job1 cannot go on"]
    assert not any(s.drained for s in summaries)


async def test_sigterm_stops_it() -> None:
    runner, jobs, *_ = make(1)
    jobs[0].on_run = lambda: os.kill(os.getpid(), signal.SIGTERM) if jobs[0].done else None
    summaries = await runner.run_forever()
    assert summaries[0].drained


async def test_a_drain_that_does_not_end_is_given_up_and_reported() -> None:
    runner, jobs, *_ = make(0)
    jobs[0].drains_left = 10**6
    jobs[0].on_run = runner.stop
    assert not (await runner.run_forever())[0].drained


async def test_an_unreachable_chain_backs_off_every_job_and_shows_in_readiness() -> None:
    runner, jobs, clock, health, _ = make(1)
    clock.is_chain_away = True
    sleeps = 0
    sleep = clock.sleep

    async def counted(seconds: float) -> None:
        nonlocal sleeps
        sleeps += 1
        if sleeps == 3:
            ready = {status.name: status for status in await health.readyz()}
            assert not ready["job:job0"].is_ok
            assert "connection refused" in ready["job:job0"].reason
        if sleeps > 5:
            clock.is_chain_away = False
        if jobs[0].done:
            runner.stop()
        await sleep(seconds)

    clock.sleep = counted  # type: ignore[method-assign]
    summaries = await runner.run_forever()
    assert jobs[0].done == 1
    assert summaries[0].errors > 0
    assert all(status.is_ok for status in await health.readyz())


async def test_liveness_falls_when_turns_do_not_come_round() -> None:
    runner, _, clock, health, _ = make(0)
    await runner.run_once(at(clock.ms))
    assert all(status.is_ok for status in await health.livez())
    clock.ms += 120_000
    assert [status.reason for status in await health.livez()] == ["Fatal: no turn for 120000 ms"]


async def test_readiness_is_false_before_the_first_turn_and_after_a_stop() -> None:
    runner, jobs, _, health, _ = make(0)
    assert [status.reason for status in await health.readyz() if not status.is_ok] == [
        "Fatal: has not run yet"
    ]
    jobs[0].errors = [Fatal("gone")]
    await runner.run_once(at(0))
    assert [status.reason for status in await health.readyz() if not status.is_ok] == ["Fatal: stopped: gone"]


class StandingClock(ManualClock):
    """Nobody sleeps to the end."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.Event().wait()


async def run_woken(runner: Runner, job: Counter, wakes: int) -> None:
    """Run the only job and wake it so many times, each time after the event loop has gone round."""
    runner.clock = StandingClock()
    running = asyncio.create_task(runner.run_forever())
    for _ in range(wakes):
        await asyncio.sleep(0.01)
        job.wake.set()
    await asyncio.sleep(0.01)
    runner.stop()
    await running


async def test_a_woken_job_looks_at_once() -> None:
    runner, (job,), *_ = make(0)
    turns: list[int] = []
    job.on_run = lambda: turns.append(1)
    await run_woken(runner, job, 3)
    assert len(turns) == 4


async def test_what_happens_during_a_turn_makes_another() -> None:
    runner, (job,), *_ = make(0)
    turns: list[int] = []

    def hear_of_something_once() -> None:
        turns.append(1)
        if len(turns) == 1:
            job.wake.set()

    job.on_run = hear_of_something_once
    await run_woken(runner, job, 0)
    assert len(turns) == 2


async def test_a_job_that_backs_off_is_not_woken() -> None:
    runner, (job,), *_ = make(0)
    job.errors = [Transient("busy")]
    turns: list[int] = []
    job.on_run = lambda: turns.append(1)
    await run_woken(runner, job, 3)
    assert len(turns) == 1
