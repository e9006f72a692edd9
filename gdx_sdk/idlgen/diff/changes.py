"""One change between two IDLs, and the list of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["breaking", "migration", "safe"]
Document = Literal["old", "new"]
_ORDER: tuple[Severity, ...] = ("breaking", "migration", "safe")


@dataclass(frozen=True, slots=True)
class IdlChange:
    """A change: whom it breaks, its kind, where it stands (JSON path, in which document), a sentence.

    ``breaking``: clients made from the old IDL send or read wrong bytes, or no longer compile.
    ``migration``: safe only together with what the sentence names. ``safe``: nothing to do.
    """

    severity: Severity
    kind: str
    path: str
    document: Document
    sentence: str


@dataclass(frozen=True, slots=True)
class IdlDiff:
    """All changes of one program, breaking ones first, then by path."""

    program: str
    changes: tuple[IdlChange, ...]

    def of(self, severity: Severity) -> tuple[IdlChange, ...]:
        """The changes of one severity."""
        return tuple(change for change in self.changes if change.severity == severity)

    @property
    def is_breaking(self) -> bool:
        """At least one change breaks clients."""
        return any(change.severity == "breaking" for change in self.changes)


@dataclass(slots=True)
class Changes:
    """Collects changes."""

    found: list[IdlChange] = field(default_factory=list)

    def gone(self, kind: str, path: str, sentence: str) -> None:
        """A breaking change shown where it stood in the old IDL."""
        self.found.append(IdlChange("breaking", kind, path, "old", sentence))

    def broken(self, kind: str, path: str, sentence: str) -> None:
        """A breaking change shown where it stands in the new IDL."""
        self.found.append(IdlChange("breaking", kind, path, "new", sentence))

    def conditional(self, kind: str, path: str, sentence: str) -> None:
        """A change that is safe only together with something else."""
        self.found.append(IdlChange("migration", kind, path, "new", sentence))

    def safe(self, kind: str, path: str, sentence: str) -> None:
        """A change that breaks nobody."""
        self.found.append(IdlChange("safe", kind, path, "new", sentence))

    def result(self, program: str) -> IdlDiff:
        """Every change once, sorted."""
        ordered = sorted(
            dict.fromkeys(self.found),
            key=lambda change: (_ORDER.index(change.severity), _natural(change.path), change.kind),
        )
        return IdlDiff(program, tuple(ordered))


def _natural(path: str) -> list[tuple[int, str]]:
    """``[10]`` sorts behind ``[9]``."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", path)]
