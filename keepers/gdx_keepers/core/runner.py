"""Runs jobs: one task each, backing off after transient errors, stopping a job after a fatal one.

The same `Runner` serves production (`run_forever`) and tests or scripts that own the clock (`run_once`).
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from gdx_keepers.core.backoff import Backoff
from gdx_keepers.core.clock import Clock, Now
from gdx_keepers.core.health import Health
from gdx_keepers.core.job import AnyJob, RunReport
from gdx_keepers.core.log import Logger
from gdx_keepers.core.metrics import Metrics
from gdx_keepers.core.triage import is_transient
from gdx_keepers.errors import Fatal

Outcome = Literal["done", "idle", "waiting", "transient", "fatal", "stopped"]
STALL_RUNS = 10  # a job that has not come round for this many polls (and 30 s) is stuck
STALL_FLOOR_MS = 30_000


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """How one job's turn ended; `actions` is empty unless `outcome` is "done"."""

    job: str
    outcome: Outcome
    actions: tuple[str, ...] = ()
    error: Exception | None = None


@dataclass(slots=True)
class JobState:
    """A job with what the runner remembers about it."""

    job: AnyJob
    backoff: Backoff
    runs: int = 0
    actions: int = 0
    errors: int = 0
    last_turn_ms: int | None = None
    last_error: str = ""
    stopped_by: Exception | None = None


@dataclass(frozen=True, slots=True)
class JobSummary:
    """One line of the closing summary."""

    job: str
    runs: int
    actions: int
    errors: int
    drained: bool
    stopped_because: str = ""


@dataclass(slots=True)
class Runner:
    """Drives `jobs`; names must differ."""

    jobs: Sequence[AnyJob]
    clock: Clock
    metrics: Metrics
    health: Health
    log: Logger
    drain_seconds: float = 20.0
    rng: random.Random = field(default_factory=random.Random)
    _states: dict[str, JobState] = field(init=False)
    _stopping: asyncio.Event = field(init=False, default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._states = {job.name: JobState(job, Backoff(rng=self.rng)) for job in self.jobs}
        if len(self._states) != len(self.jobs):
            raise Fatal(f"job names must differ: {[job.name for job in self.jobs]}")
        for state in self._states.values():
            self.metrics.is_up.labels(state.job.name).set(1)
            self._register_health(state)

    async def run_once(self, now: Now, only: str | None = None) -> list[JobOutcome]:
        """One turn of every job (or of the job named `only`) at `now`, in order, respecting backoff."""
        return [await self._turn(state, now) for state in self._chosen(only)]

    async def run_until_idle(
        self, now: Now, only: str | None = None, max_rounds: int = 10_000
    ) -> list[JobOutcome]:
        """Turns until no job does anything more; the outcomes that did, in order. A fatal error is raised."""
        done: list[JobOutcome] = []
        for _ in range(max_rounds):
            outcomes = await self.run_once(now, only)
            for outcome in outcomes:
                if outcome.outcome in ("fatal", "stopped") and outcome.error is not None:
                    raise outcome.error
            acted = [outcome for outcome in outcomes if outcome.outcome == "done"]
            if not acted:
                return done
            done += acted
        raise Fatal(f"still busy after {max_rounds} rounds")

    async def run_forever(self) -> list[JobSummary]:
        """Run until SIGTERM, SIGINT, `stop()` or the last job's fatal error; then drain and summarize."""
        with self._signals():
            tasks = [
                asyncio.create_task(self._loop(state), name=state.job.name) for state in self._states.values()
            ]
            await asyncio.gather(*tasks)
            drained = await asyncio.gather(*(self._drain(state) for state in self._states.values()))
        summaries = [
            JobSummary(
                state.job.name,
                state.runs,
                state.actions,
                state.errors,
                is_drained,
                str(state.stopped_by) if state.stopped_by else "",
            )
            for state, is_drained in zip(self._states.values(), drained, strict=True)
        ]
        for summary in summaries:
            self.log.info("summary", **{name: getattr(summary, name) for name in JobSummary.__slots__})
        return summaries

    def stop(self) -> None:
        """Ask `run_forever` to drain and return."""
        self._stopping.set()

    def _chosen(self, only: str | None) -> list[JobState]:
        if only is None:
            return list(self._states.values())
        if only not in self._states:
            raise Fatal(f"no job is named {only!r}; there are {sorted(self._states)}")
        return [self._states[only]]

    async def _turn(self, state: JobState, now: Now) -> JobOutcome:
        name = state.job.name
        state.last_turn_ms = self.clock.now_ms()
        if state.stopped_by is not None:
            return JobOutcome(name, "stopped", error=state.stopped_by)
        if state.backoff.is_waiting(now.ms):
            return JobOutcome(name, "waiting")
        try:
            with self.metrics.run_seconds.labels(name).time():
                report = await state.job.run(now)
        except (
            Exception
        ) as error:  # the one place where errors are sorted; a bug stops its job, not the process
            outcome = self._failed(state, error, now)
        else:
            outcome = self._succeeded(state, report, now)
        self.metrics.runs.labels(name, outcome.outcome).inc()
        return outcome

    def _succeeded(self, state: JobState, report: RunReport, now: Now) -> JobOutcome:
        state.runs += 1
        state.actions += len(report.actions)
        state.last_error = ""
        state.backoff.reset()
        self.metrics.last_success_ts.labels(state.job.name).set(now.ms // 1000)
        if report.actions:
            state.job.log.info("done", actions=list(report.actions), slot=now.slot)
        return JobOutcome(state.job.name, "idle" if report.is_idle else "done", report.actions)

    def _failed(self, state: JobState, error: Exception, now: Now) -> JobOutcome:
        state.runs += 1
        state.errors += 1
        state.last_error = f"{type(error).__name__}: {error}"
        if is_transient(error):
            wait_ms = state.backoff.fail(now.ms)
            state.job.log.warning("backing off", error=state.last_error, wait_ms=wait_ms)
            return JobOutcome(state.job.name, "transient", error=error)
        state.stopped_by = error
        self.metrics.is_up.labels(state.job.name).set(0)
        state.job.log.error("stopped", error=state.last_error, exc_info=not isinstance(error, Fatal))
        return JobOutcome(state.job.name, "fatal", error=error)

    async def _loop(self, state: JobState) -> None:
        while not self._stopping.is_set() and state.stopped_by is None:
            state.job.wake.clear()
            outcome = await self._turn_now(state)
            if all(other.stopped_by is not None for other in self._states.values()):
                self._stopping.set()
            if outcome.outcome != "done":  # after work there may be more of it: look again at once
                await self._pause(state)

    async def _turn_now(self, state: JobState) -> JobOutcome:
        """A turn at the chain's own time; not even that is readable while the cluster is away."""
        now_ms = self.clock.now_ms()
        if state.backoff.is_waiting(now_ms):
            state.last_turn_ms = now_ms
            return JobOutcome(state.job.name, "waiting")
        try:
            now = await self.clock.now()
        except Exception as error:
            return self._failed(state, error, Now(0, now_ms // 1000, now_ms))
        return await self._turn(state, now)

    async def _pause(self, state: JobState) -> None:
        """Until the job is due again or woken; a job that backs off sleeps on."""
        backing_off_ms = state.backoff.not_before_ms - self.clock.now_ms()
        sleep = self.clock.sleep(max(state.job.poll_ms, backing_off_ms) / 1000)
        waiters = [asyncio.ensure_future(sleep), asyncio.ensure_future(self._stopping.wait())]
        if backing_off_ms <= 0:
            waiters.append(asyncio.ensure_future(state.job.wake.wait()))
        try:
            await asyncio.wait(waiters, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiter in waiters:
                waiter.cancel()
            await asyncio.gather(*waiters, return_exceptions=True)

    async def _drain(self, state: JobState) -> bool:
        """Finish what the job has begun, for `drain_seconds` at most."""
        if state.stopped_by is not None:
            return False
        deadline_ms = self.clock.now_ms() + int(self.drain_seconds * 1000)
        while self.clock.now_ms() < deadline_ms:
            try:
                if await state.job.drain():
                    return True
            except Exception as error:
                state.job.log.warning("drain failed", error=f"{type(error).__name__}: {error}")
                if not is_transient(error):
                    return False
            await self.clock.sleep(min(state.job.poll_ms, 500) / 1000)
        return False

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        caught: list[signal.Signals] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):  # not in the main thread
                loop.add_signal_handler(number, self.stop)
                caught.append(number)
        try:
            yield
        finally:
            for number in caught:
                loop.remove_signal_handler(number)

    def _register_health(self, state: JobState) -> None:
        async def turns_come_round() -> None:
            limit_ms = max(STALL_FLOOR_MS, STALL_RUNS * state.job.poll_ms) + state.backoff.limit_ms
            if state.stopped_by is None and state.last_turn_ms is not None:
                age_ms = self.clock.now_ms() - state.last_turn_ms
                if age_ms > limit_ms:
                    raise Fatal(f"no turn for {age_ms} ms")

        async def works() -> None:
            if state.stopped_by is not None:
                raise Fatal(f"stopped: {state.stopped_by}")
            if state.backoff.failures:
                raise Fatal(f"{state.backoff.failures} failures in a row: {state.last_error}")
            if state.last_turn_ms is None:
                raise Fatal("has not run yet")

        self.health.add_liveness(f"loop:{state.job.name}", turns_come_round)
        self.health.add_readiness(f"job:{state.job.name}", works)
        for name, check in state.job.readiness().items():
            self.health.add_readiness(f"{state.job.name}:{name}", check)
