"""The rules as a Hypothesis state machine, for runs that shrink."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine
from hypothesis.stateful import rule as step

from . import rules
from .steps import RULES, Rule, take
from .world import World

assert rules


@cache
def shared_world() -> World:
    """One chain per process: going back to its start is a hundred times faster than a new one."""
    return World()


class Machine(RuleBasedStateMachine):
    """Every example begins at the same state of the exchange."""

    def __init__(self) -> None:
        super().__init__()
        self.world = shared_world()
        self.world.begin()


def _method(one: Rule) -> Callable[..., None]:
    def apply(self: Machine, **arguments: Any) -> None:
        take(self.world, one.name, arguments)

    apply.__name__ = one.name
    strategies = {name: parameter.strategy() for name, parameter in one.parameters.items()}
    decorated: Callable[..., None] = step(**strategies)(apply)
    return decorated


ExchangeMachine = type("ExchangeMachine", (Machine,), {name: _method(one) for name, one in RULES.items()})
