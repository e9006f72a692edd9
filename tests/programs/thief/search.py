"""Searching for the most a thief can take: random strategies, then the best one changed step by step.

The best strategies found so far stand in `best/*.json` and are replayed first. Knobs, as environment
variables: `GDX_THIEF_ROUNDS` multiplies the rounds (`make thief` sets it), `GDX_THIEF_SEED` repeats a run,
`GDX_THIEF_KEEP=1` writes a better strategy over its fixture.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

FOLDER = Path(__file__).parent / "best"


@dataclass(frozen=True)
class Move:
    """One step of a strategy. Every field is a plain number, so that any change of it is a strategy again."""

    kind: int
    victim: int
    thief: int
    version: int
    side: int
    share: int
    price: int
    back: int
    turnover: int
    seconds: int


RANGES = {
    "kind": 11,
    "victim": 9,
    "thief": 3,
    "version": 2,
    "side": 2,
    "share": 1_001,
    "price": 2_001,
    "back": 61,
    "turnover": 101,
    "seconds": 8,
}
"""Each field is drawn from 0 to below its bound; the strategy's interpreter gives it a meaning."""
assert set(RANGES) == {field.name for field in fields(Move)}

Plan = tuple[Move, ...]


@dataclass(frozen=True)
class Found:
    """The best strategy of a search and what it took, in atoms."""

    gain_atoms: int
    plan: Plan


def rounds(least: int) -> int:
    """How many strategies to try: more with `GDX_THIEF_ROUNDS`."""
    return least * int(os.environ.get("GDX_THIEF_ROUNDS", "1"))


def new_random(name: str) -> random.Random:
    """A generator whose seed is printed, so that a run can be repeated."""
    seed = int(os.environ.get("GDX_THIEF_SEED", "0")) or random.SystemRandom().randrange(1, 2**32)
    print(f"{name}: GDX_THIEF_SEED={seed}")
    return random.Random(seed)


def random_move(rng: random.Random) -> Move:
    return Move(**{name: rng.randrange(bound) for name, bound in RANGES.items()})


def mutated(rng: random.Random, plan: Plan, longest: int) -> Plan:
    """The plan with one to three changes: a field, a move more, fewer, twice, or elsewhere."""
    moves = list(plan)
    for _ in range(rng.randint(1, 3)):
        at, way = rng.randrange(len(moves)), rng.randrange(6)
        if way <= 2:
            name = rng.choice(list(RANGES))
            moves[at] = replace(moves[at], **{name: rng.randrange(RANGES[name])})
        elif way == 3 and len(moves) < longest:
            moves.insert(at, random_move(rng))
        elif way == 4 and len(moves) < longest:
            moves.insert(rng.randrange(len(moves) + 1), moves[at])
        elif way == 5 and len(moves) > 1:
            moves.pop(at)
    return tuple(moves)


def hill_climb(
    name: str, evaluate: Callable[[Plan], int], *, random_plans: int, climbs: int, longest: int = 16
) -> Found:
    """The best of the kept strategies, of random ones, and of changes to the best of these.

    `evaluate` runs a strategy and gives what it took; it raises when that is more than the bound.
    """
    rng = new_random(name)
    best = max((Found(evaluate(plan), plan) for plan in kept(name)), key=_gain, default=Found(0, ()))
    before = best.gain_atoms
    for _ in range(rounds(random_plans)):
        plan = tuple(random_move(rng) for _ in range(rng.randint(1, longest)))
        best = max(best, Found(evaluate(plan), plan), key=_gain)
    for _ in range(rounds(climbs)):
        plan = mutated(rng, best.plan or (random_move(rng),), longest)
        best = max(best, Found(evaluate(plan), plan), key=_gain)
    print(f"{name}: kept strategies took {before} atoms, the best one {best.gain_atoms}")
    if best.gain_atoms > before and os.environ.get("GDX_THIEF_KEEP"):
        keep(name, [best.plan])
    return best


def kept(name: str) -> list[Plan]:
    """The strategies of a fixture."""
    path = FOLDER / f"{name}.json"
    if not path.exists():
        return []
    return [tuple(Move(**move) for move in plan) for plan in json.loads(path.read_text())]


def keep(name: str, plans: Sequence[Plan]) -> None:
    """Write strategies as the fixture that later runs start from."""
    FOLDER.mkdir(exist_ok=True)
    text = json.dumps([[asdict(move) for move in plan] for plan in plans], indent=1)
    (FOLDER / f"{name}.json").write_text(text + "\n")


def told(plan: Plan) -> str:
    """A strategy as it goes into a fixture, for the message of a bound that broke."""
    return json.dumps([[asdict(move) for move in plan]])


def _gain(found: Found) -> int:
    return found.gain_atoms
