"""Random runs of the rules by seed, their figures, and what is kept of a run that failed."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from . import rules
from .steps import RULES, take
from .world import World

assert rules
FIXTURES = Path(__file__).with_name("fixtures")
STEPS_PER_WORLD = 1_000
_ADDRESS = re.compile(r"\b[1-9A-HJ-NP-Za-km-z]{32,44}\b")
Steps = list[list[Any]]


@dataclass(frozen=True)
class Failure:
    """A run that ended too early; `steps` are all that it took, or fewer that do the same."""

    seed: int
    sign: str
    steps: Steps


@dataclass
class Report:
    """What a run did."""

    steps: int
    seconds: float
    tally: Counter[tuple[str, str]]
    failure: Failure | None = None

    def lines(self) -> Iterator[str]:
        """What each rule's steps and each instruction's calls came to, most of all first."""
        yield f"{self.steps} steps, {int(self.steps / max(self.seconds, 0.001))} steps/s"
        for name in [*sorted(RULES), *sorted({name for name, _ in self.tally} - RULES.keys())]:
            succeeded, refused = self.outcomes(name)
            reasons = ", ".join(f"{count} {outcome}" for outcome, count in refused.most_common())
            yield f"{name}: {succeeded} ok, {refused.total()} refused" + (f" ({reasons})" if reasons else "")

    def outcomes(self, name: str) -> tuple[int, Counter[str]]:
        """How often a rule or an instruction succeeded, and how often it was refused for which reason."""
        found = Counter({outcome: count for (one, outcome), count in self.tally.items() if one == name})
        found.pop("nothing", 0)
        return found.pop("ok", 0), found


def run(
    world: World,
    seed: int,
    *,
    seconds: float = 1e9,
    steps: int = 10**9,
    tell: Callable[[int], None] = lambda _steps: None,
) -> Report:
    """Random steps for so long, or so many, from the start again every thousand; `tell` hears how many."""
    started, done = time.monotonic(), 0
    world.tally.clear()
    names = list(RULES)
    weights = [RULES[name].weight for name in names]
    while done < steps and time.monotonic() - started < seconds:
        world_seed = seed + done // STEPS_PER_WORLD
        source = Random(world_seed)
        world.begin()
        for _ in range(min(STEPS_PER_WORLD, steps - done)):
            name = source.choices(names, weights)[0]
            try:
                take(world, name, RULES[name].random(source))
            except Exception as error:
                failure = Failure(world_seed, sign_of(error), list(world.steps))
                return Report(done + 1, time.monotonic() - started, Counter(world.tally), failure)
            done += 1
        tell(done)
    return Report(done, time.monotonic() - started, Counter(world.tally))


def sign_of(error: BaseException) -> str:
    """What is the same when a failure happens again: its type and first line, without addresses."""
    first = str(error).split("\n", maxsplit=1)[0]
    return f"{type(error).__name__}: {_ADDRESS.sub('…', first)}"


def replay(world: World, steps: Steps) -> str | None:
    """Takes written-down steps from the start; the sign of the failure they lead to, if any."""
    world.begin()
    for name, arguments in steps:
        try:
            take(world, name, arguments)
        except Exception as error:
            return sign_of(error)
    return None


def shrink(world: World, failure: Failure, *, seconds: float = 120) -> Failure:
    """Leaves out steps, ever fewer at a time, as long as the same failure remains."""
    started, steps = time.monotonic(), failure.steps
    size = len(steps) // 2
    while size and time.monotonic() - started < seconds:
        at = 0
        while at < len(steps) and time.monotonic() - started < seconds:
            fewer = steps[:at] + steps[at + size :]
            if replay(world, fewer) == failure.sign:
                steps = list(world.steps)
            else:
                at += size
        size //= 2
    return Failure(failure.seed, failure.sign, steps)


def write(failure: Failure, folder: Path = FIXTURES) -> Path:
    """Keeps a failure, so that a test replays it for ever."""
    content = {"seed": failure.seed, "sign": failure.sign, "steps": failure.steps}
    path = folder / f"seed_{failure.seed}_{len(failure.steps)}_steps.json"
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(content, indent=None).replace('], ["', '],\n  ["') + "\n")
    partial.replace(path)
    return path


def read(path: Path) -> Failure:
    """A failure that was kept."""
    content = json.loads(path.read_text())
    return Failure(content["seed"], content["sign"], content["steps"])
