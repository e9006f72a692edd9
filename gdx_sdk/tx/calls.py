"""Where in a transaction something failed, read from its logs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gdx_sdk.programs import name_of

_INVOKE = re.compile(r"^Program (\w{32,44}) invoke \[(\d+)\]$")
_ENDED = re.compile(r"^Program (\w{32,44}) (success|failed)")
_INSTRUCTION = re.compile(r"^Program log: Instruction: (\w+)$")
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def call_path(logs: Sequence[str]) -> tuple[str, ...]:
    """The calls that were open when the innermost one failed, outermost first; empty when none failed.

    A call is ``program.instruction`` as far as the logs tell, else ``program``; programs that GDX does not
    know are named by address. ``("ephemeral_vault.fast_deposit", "collateral_vault.deposit")``.
    """
    open_calls: list[str] = []
    for line in logs:
        if found := _INVOKE.match(line):
            del open_calls[int(found[2]) - 1 :]
            open_calls.append(name_of(found[1]))
        elif (found := _INSTRUCTION.match(line)) and open_calls and "." not in open_calls[-1]:
            open_calls[-1] += f".{_WORD.sub('_', found[1]).lower()}"
        elif found := _ENDED.match(line):
            if found[2] == "failed":
                return tuple(open_calls)
            del open_calls[-1:]
    return ()
