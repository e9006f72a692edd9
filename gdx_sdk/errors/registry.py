"""Every error of our programs: number, name, sentence, usual cause, what to do, whether to try again.

The file beside this module is written by `python -m gdx_sdk.errors.build_registry`, from the programs' IDLs
(number, name, sentence) and `guidance.toml` (the rest).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pkgutil import get_data

from gdx_sdk.errors import InputError


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """One error of one program."""

    code: int
    program: str
    name: str
    sentence: str
    cause: str
    fix: str
    is_retryable: bool  # the same transaction may succeed later, with nothing changed by the caller


@cache
def all_errors() -> tuple[ErrorEntry, ...]:
    """The whole registry, by number."""
    raw = get_data("gdx_sdk.errors", "registry.json")  # importlib.resources loads ten times as many modules
    assert raw is not None, "the package was installed without its registry"
    content = json.loads(raw)
    return tuple(ErrorEntry(**entry) for entry in content)


def explain(code: int | str) -> ErrorEntry:
    """The error with this number (``6471``, ``"6471"``, ``"0x1947"``) or name.

    Raises `InputError` when there is none, or when several programs use the name.
    """
    if isinstance(code, str) and not code.strip().lower().startswith("0x") and not code.strip().isdigit():
        return _named(code.strip())
    try:
        number = int(code, 0) if isinstance(code, str) else code
    except ValueError:
        raise InputError("code", code, "must be a number or a name") from None
    for entry in all_errors():
        if entry.code == number:
            return entry
    raise InputError("code", code, "is no error of these programs")


def find_error(program: str, code: int) -> ErrorEntry | None:
    """The error `code` of `program`; None when that program has none such."""
    return _by_place().get((program, code))


@cache
def _by_place() -> dict[tuple[str, int], ErrorEntry]:
    return {(entry.program, entry.code): entry for entry in all_errors()}


def _named(name: str) -> ErrorEntry:
    found = [entry for entry in all_errors() if entry.name.casefold() == name.casefold()]
    if not found:
        raise InputError("code", name, "is no error of these programs")
    if len(found) > 1:
        choices = ", ".join(f"{entry.code} ({entry.program})" for entry in found)
        raise InputError("code", name, f"several programs have it, give the number: {choices}")
    return found[0]
