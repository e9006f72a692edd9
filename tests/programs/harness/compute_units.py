"""Compute units that each instruction took, read from the logs of every transaction that succeeded.

Collected always, written only where `GDX_COMPUTE_UNITS` names a folder: one file per test process, which
`bench/compute.py` adds up.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solders.instruction import CompiledInstruction
from solders.message import Message, MessageV0

from gdx_sdk.programs import PROGRAM_IDS

from .codec import idl

NAMES = {program_id: name for name, program_id in PROGRAM_IDS.items()}
_INVOKE = re.compile(r"Program (\w+) invoke \[(\d+)\]")
_CONSUMED = re.compile(r"Program (\w+) consumed (\d+) of \d+ compute units")
_LEFT = re.compile(r"Program \w+ (?:success|failed: .*)")


@dataclass
class Invocation:
    """One run of a program; `units` stays None for what is built into the runtime."""

    program_id: str
    depth: int
    units: int | None = None


class Ledger:
    """How often each instruction took how many units: sent in a transaction, and called by a program."""

    def __init__(self) -> None:
        self.sent: dict[str, Counter[int]] = defaultdict(Counter)
        self.called: dict[str, Counter[int]] = defaultdict(Counter)

    def record(self, message: Message | MessageV0, result: Any) -> None:
        """Add what a transaction that succeeded took; callees count in their caller's figure as well."""
        runs = invocations(result.logs())
        outer = [run for run in runs if run.depth == 1]
        inner = [run for run in runs if run.depth > 1]
        called = [one.instruction() for each in result.inner_instructions() for one in each]
        self._add(self.sent, message, message.instructions, outer)
        self._add(self.called, message, called, inner)

    def write(self, path: Path) -> None:
        """Both tables as JSON: {"sent": {"program.instruction": {units: cases}}, "called": …}."""
        tables = {"sent": self.sent, "called": self.called}
        path.write_text(json.dumps(tables, sort_keys=True))

    def _add(
        self,
        table: dict[str, Counter[int]],
        message: Message | MessageV0,
        instructions: Sequence[CompiledInstruction],
        runs: Sequence[Invocation],
    ) -> None:
        assert len(instructions) == len(runs), f"{len(instructions)} instructions, {len(runs)} in the logs"
        for instruction, run in zip(instructions, runs, strict=True):
            key = message.account_keys[instruction.program_id_index]
            assert str(key) == run.program_id, f"{key} ran as {run.program_id}"
            for program, name in _named(key, bytes(instruction.data)):
                assert run.units is not None, f"the logs do not say what {name} took"
                table[f"{program}.{name}"][run.units] += 1


def _named(program_id: Any, data: bytes) -> Iterator[tuple[str, str]]:
    """Program and instruction, where it is one of ours; an event that a program reports to itself is none."""
    program = NAMES.get(program_id)
    name = idl(program).instruction_names.get(data[:8]) if program else None
    if program and name:
        yield program, name


def invocations(logs: Sequence[str]) -> list[Invocation]:
    """Every run of a program, in the order in which they began."""
    found: list[Invocation] = []
    stack: list[Invocation] = []
    for line in logs:
        if begun := _INVOKE.fullmatch(line):
            stack.append(Invocation(begun[1], int(begun[2])))
            assert stack[-1].depth == len(stack), line
            found.append(stack[-1])
        elif consumed := _CONSUMED.fullmatch(line):
            assert stack[-1].program_id == consumed[1], line
            stack[-1].units = int(consumed[2])
        elif _LEFT.fullmatch(line):
            stack.pop()
    assert not stack, f"the logs end inside {stack[-1].program_id}"
    return found


LEDGER = Ledger()
record = LEDGER.record
