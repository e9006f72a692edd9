"""What a transaction failed with: who raised it and under which name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from gdx_sdk.programs import PROGRAM_IDS, name_of

from .codec import idl

ANCHOR = {
    "InstructionDidNotDeserialize": 102,
    "ConstraintMut": 2000,
    "ConstraintSeeds": 2006,
    "ConstraintAddress": 2012,
    "ConstraintMintTokenProgram": 2022,
    "ConstraintDuplicateMutableAccount": 2040,
    "AccountDiscriminatorNotFound": 3001,
    "AccountDiscriminatorMismatch": 3002,
    "AccountDidNotDeserialize": 3003,
    "AccountNotEnoughKeys": 3005,
    "AccountOwnedByWrongProgram": 3007,
    "InvalidProgramId": 3008,
    "InvalidProgramExecutable": 3009,
    "AccountNotSigner": 3010,
    "AccountNotSystemOwned": 3011,
    "AccountNotInitialized": 3012,
}
OTHERS = {
    "system": {"AccountAlreadyInUse": 0, "ResultWithNegativeLamports": 1},
    "token": {"InsufficientFunds": 1, "MintMismatch": 3, "OwnerMismatch": 4, "AccountFrozen": 17},
}
OTHERS["token_2022"] = OTHERS["token"] | {
    "NoMemo": 36,
    "CpiGuardTransferBlocked": 42,
    "CpiGuardApproveBlocked": 45,
}


@dataclass(frozen=True)
class Failure:
    """`raiser` is a program's name; `code` its custom number, or the runtime's own error by name."""

    raiser: str
    code: int | str


def failure_of(error: Any, logs: list[str]) -> Failure:
    """The failure that a transaction's error and logs tell: the innermost program that failed raised it."""
    failed = [found for line in logs if (found := re.match(r"Program (\w+) failed: (.*)", line))]
    raiser = name_of(failed[0][1]) if failed else "runtime"
    found = re.search(r"custom program error: (0x[0-9a-f]+)", failed[0][2]) if failed else None
    if found:
        return Failure(raiser, int(found[1], 16))
    inner = getattr(error, "err", error)
    return Failure("runtime", str(inner).rsplit(".", maxsplit=1)[-1])


def expected_failure(error: str, program: str) -> Failure:
    """The failure that `error` names: `Name` is raised by `program`, `other.Name` by another one.

    `program:other.Name` is raised by `program` with a number of the other one, whose code it contains.
    """
    said, _, rest = error.rpartition(":")
    owner, _, name = rest.rpartition(".")
    owner = owner or program
    if owner == "runtime":
        return Failure(owner, name)
    known = OTHERS.get(owner, {})
    if owner in PROGRAM_IDS:
        known = ANCHOR | idl(owner).errors
    assert name in known, f"{owner} has no error called {name}"
    return Failure(said or owner, known[name])


def describe(failure: Failure) -> str:
    """The failure with the error's name, for messages."""
    known = OTHERS.get(failure.raiser, {})
    if failure.raiser in PROGRAM_IDS:
        known = ANCHOR | idl(failure.raiser).errors
    names = {code: name for name, code in known.items()}
    return f"{failure.raiser}.{names.get(failure.code, failure.code)}"


def check_sentence(failure: Failure, logs: list[str]) -> None:
    """Where the program said what is wrong, it used the name and the sentence of that number in its IDL."""
    for program in PROGRAM_IDS:
        sentences = idl(program).sentences
        if failure.code not in sentences:
            continue
        name, sentence = sentences[failure.code]
        said = [line for line in logs if f"Error Number: {failure.code}." in line]
        expected = f"Error Code: {name}. Error Number: {failure.code}. Error Message: {sentence}."
        assert all(line.endswith(expected) for line in said), (expected, said)
