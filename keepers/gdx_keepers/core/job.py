"""A job: `observe` reads, `is_due` and `plan` decide (pure), `act` carries out; `run` is all four."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from gdx_keepers.core.clock import Now
from gdx_keepers.core.health import Check
from gdx_keepers.core.log import Logger
from gdx_keepers.core.metrics import Metrics

State = TypeVar("State")
Action = TypeVar("Action")


@dataclass(frozen=True, slots=True)
class RunReport:
    """What one run did: the names of the actions that changed something, in order."""

    actions: tuple[str, ...] = ()

    @property
    def is_idle(self) -> bool:
        """True when nothing changed."""
        return not self.actions


class Job(ABC, Generic[State, Action]):
    """One keeper. Subclasses keep no decision outside `is_due` and `plan`, and no I/O inside them."""

    kind: ClassVar[str]
    poll_ms: int = 1_000

    def __init__(self, name: str, metrics: Metrics, log: Logger) -> None:
        self.name, self.metrics = name, metrics
        self.log = log.bind(job=name)
        self.wake = asyncio.Event()  # set: look now, not only when `poll_ms` have passed

    @abstractmethod
    async def observe(self, now: Now) -> State:
        """Read everything the decision needs; raises `Transient` or `RpcError` when it cannot."""

    @abstractmethod
    def is_due(self, state: State, now: Now) -> bool:
        """Is there anything to decide at all? Pure."""

    @abstractmethod
    def plan(self, state: State, now: Now) -> list[Action]:
        """What to do, in order. Pure; raises `Fatal` when the state allows no honest next step."""

    @abstractmethod
    async def act(self, action: Action, now: Now) -> bool:
        """Carry one action out; a second call after a crash must be harmless.

        True when something changed, so that looking again at once makes sense.
        """

    async def run(self, now: Now) -> RunReport:
        """Observe, decide, act once."""
        state = await self.observe(now)
        if not self.is_due(state, now):
            return RunReport()
        done: list[str] = []
        for action in self.plan(state, now):
            if await self.act(action, now):
                done.append(action_name(action))
                self.metrics.actions.labels(self.name, done[-1]).inc()
        return RunReport(tuple(done))

    async def drain(self) -> bool:
        """Called after SIGTERM until it returns True: finish what was begun, begin nothing new."""
        return True

    def readiness(self) -> Mapping[str, Check]:
        """What this job depends on, by name."""
        return {}


AnyJob = Job[Any, Any]


def action_name(action: object) -> str:
    """The label of an action in reports, logs and metrics."""
    return type(action).__name__
