"""Rules and their arguments: plain integers, so that a run can be written down and replayed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, Protocol

from hypothesis import strategies as st

if TYPE_CHECKING:
    from .world import World

Arguments = dict[str, Any]


class Parameter(Protocol):
    """What an argument may be, for either driver."""

    def random(self, source: Random) -> Any: ...

    def strategy(self) -> st.SearchStrategy[Any]: ...


@dataclass(frozen=True)
class Whole:
    """An integer, all equally likely."""

    low: int
    high: int

    def random(self, source: Random) -> int:
        return source.randint(self.low, self.high)

    def strategy(self) -> st.SearchStrategy[int]:
        return st.integers(self.low, self.high)


@dataclass(frozen=True)
class Scaled:
    """An integer up to 2 to the power of `bits`, all magnitudes equally likely."""

    bits: int

    def random(self, source: Random) -> int:
        return source.getrandbits(source.randint(0, self.bits))

    def strategy(self) -> st.SearchStrategy[int]:
        return st.integers(0, self.bits).flatmap(lambda bits: st.integers(0, 2**bits))


@dataclass(frozen=True)
class Choice:
    """One of some integers; those that come twice are twice as likely."""

    options: tuple[int, ...]

    def random(self, source: Random) -> int:
        return source.choice(self.options)

    def strategy(self) -> st.SearchStrategy[int]:
        return st.sampled_from(self.options)


@dataclass(frozen=True)
class Several:
    """A list of rows."""

    row: tuple[Parameter, ...]
    least: int
    most: int

    def random(self, source: Random) -> list[list[int]]:
        count = source.randint(self.least, source.randint(self.least, self.most))
        return [[one.random(source) for one in self.row] for _ in range(count)]

    def strategy(self) -> st.SearchStrategy[list[list[int]]]:
        row = st.tuples(*(one.strategy() for one in self.row)).map(list)
        return st.lists(row, min_size=self.least, max_size=self.most)


@dataclass(frozen=True)
class Rule:
    """A kind of step; `weight` says how often the random driver takes it."""

    name: str
    apply: Callable[..., None]
    parameters: dict[str, Parameter]
    weight: int

    def random(self, source: Random) -> Arguments:
        return {name: one.random(source) for name, one in self.parameters.items()}


RULES: dict[str, Rule] = {}


def rule(weight: int = 4, **parameters: Parameter) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Registers a function of a world and of `parameters` as a rule under its name."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        RULES[function.__name__] = Rule(function.__name__, function, parameters, weight)
        return function

    return register


def take(world: World, name: str, arguments: Arguments) -> None:
    """Takes one step, noted before anything can go wrong; its last call says what came of it."""
    world.steps.append([name, arguments])
    world.outcome = "nothing"
    RULES[name].apply(world, **arguments)
    world.tally[name, world.outcome] += 1
