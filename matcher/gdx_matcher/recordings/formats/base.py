"""What a recording format is: how it is recognized and how its lines become actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gdx_matcher.recordings.actions import Action


class RecordingKind(StrEnum):
    """How much of the market a recording holds."""

    ORDERS = "orders"
    LEVELS = "levels"
    TRADES = "trades"
    PRICES = "prices"


class Parser(Protocol):
    """Turns lines into actions. One parser reads one file from its first line to its last."""

    @property
    def symbol(self) -> str:
        """The market as the venue names it; empty until a line named it (some formats never do)."""
        ...

    @property
    def warnings(self) -> Sequence[str]:
        """What was odd but usable, a sentence each."""
        ...

    def feed(self, text: str) -> Sequence[Action]:
        """Actions of the next line; `BadLine` when it breaks the format."""
        ...

    def finish(self) -> Sequence[Action]:
        """Actions that waited for a line which never came."""
        ...


@dataclass(frozen=True, slots=True)
class Format:
    """One entry of the table of formats: `recognizes` looks at the first lines of a file, `parser` makes a
    parser for the symbol that was asked for, if any.
    """

    name: str
    title: str
    kind: RecordingKind
    recognizes: Callable[[Sequence[str]], bool]
    parser: Callable[[str | None], Parser]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A kind of file that is recognized in order to be refused with a sentence that helps."""

    title: str
    recognizes: Callable[[Sequence[str]], bool]
    rule: str
