"""From the cluster's account of a failed transaction to a typed error that says who refused and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from solders.pubkey import Pubkey

from gdx_sdk.errors import ChainError, ProgramError, TransactionError
from gdx_sdk.programs import PROGRAM_IDS, name_of
from gdx_sdk.tx.calls import call_path

_FAILED = re.compile(r"^Program (\w{32,44}) failed: ")
_ANCHOR = re.compile(r"Error Code: (\w+)\. Error Number: (\d+)\. Error Message: (.*?)\.?$")
_ACCOUNT = re.compile(r"^Program log: AnchorError caused by account: (\w+)\. Error Code: ")
_LOG = "Program log: "


def decode_failure(error: Any, logs: Sequence[str] = (), program_ids: Sequence[Pubkey] = ()) -> ChainError:
    """The error behind `err` of a simulation, status or transaction, as JSON-RPC gives it.

    `logs` name the program that refused, however deep it was called; without them `program_ids` (of the
    transaction's instructions, in order) name the outermost one. An error of our programs is of its own
    class, found in `gdx_sdk.errors.programs`. Its `call_path` names the calls that were open, its `account`
    the account that broke a rule of an Anchor program.
    """
    decoded = _decoded(error, logs, program_ids)
    decoded.call_path = call_path(logs)
    decoded.account = next((found[1] for line in reversed(logs) if (found := _ACCOUNT.search(line))), None)
    return decoded


def _decoded(error: Any, logs: Sequence[str], program_ids: Sequence[Pubkey]) -> ChainError:
    match error:
        case {"InstructionError": [int(index), reason]}:
            pass
        case _:
            return TransactionError(_plain(error), logs)
    program_id = _refusing_program(logs) or (
        str(program_ids[index]) if 0 <= index < len(program_ids) else None
    )
    program = name_of(program_id) if program_id else f"instruction {index}"
    if isinstance(reason, dict) and isinstance(code := reason.get("Custom"), int):
        return _program_error(program, code, logs, index)
    detail = _last_log(logs)
    said = f"{program}: {_plain(reason)}" + (f" ({detail})" if detail else "")
    return TransactionError(f"instruction {index} failed: {said}", logs)


def _refusing_program(logs: Sequence[str]) -> str | None:
    """The innermost program that failed reports first."""
    return next((found[1] for line in logs if (found := _FAILED.match(line))), None)


def _program_error(program: str, code: int, logs: Sequence[str], index: int) -> ProgramError:
    if program in PROGRAM_IDS:
        known: ProgramError | None = import_module(f"gdx_sdk._generated.{program}.errors").from_code(
            code, logs
        )
        if known is not None:
            known.instruction_index = index
            return known
    name, sentence = _named(code, logs)
    return ProgramError(program, code, name, sentence, logs, instruction_index=index)


def _named(code: int, logs: Sequence[str]) -> tuple[str, str]:
    for line in reversed(logs):
        if (found := _ANCHOR.search(line)) and int(found[2]) == code:
            return found[1], found[3]
    return f"Custom{code}", _last_log(logs) or "the program gives no text for this code"


def _last_log(logs: Sequence[str]) -> str:
    said = [line.removeprefix(_LOG) for line in logs if line.startswith(_LOG)]
    spoken = [line for line in said if not line.startswith("Instruction: ")]
    return spoken[-1] if spoken else ""


def _plain(error: Any) -> str:
    if isinstance(error, dict) and len(error) == 1:
        name, detail = next(iter(error.items()))
        return f"{name} {detail}"
    return str(error)
