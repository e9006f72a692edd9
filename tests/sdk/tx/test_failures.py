"""What the cluster says about a failure becomes a typed error."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gdx_sdk.errors import ProgramError, TransactionError
from gdx_sdk.programs import PROGRAM_IDS
from gdx_sdk.tx import decode_failure

POSITION, VAULT = (str(PROGRAM_IDS[name]) for name in ("position_mgmt", "collateral_vault"))
TOKEN = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"


def custom(code: int, index: int = 0) -> dict[str, Any]:
    return {"InstructionError": [index, {"Custom": code}]}


def test_our_programs_errors_have_name_and_sentence() -> None:
    logs = [f"Program {POSITION} invoke [1]", f"Program {POSITION} failed: custom program error: 0x1900"]
    error = decode_failure(custom(6400, 1), logs)
    assert isinstance(error, ProgramError)
    assert (error.program, error.code, error.name, error.instruction_index) == (
        "position_mgmt",
        6400,
        "NotAdmin",
        1,
    )
    assert str(error).startswith("position_mgmt refused: 6400 NotAdmin: the signer is not the admin")


def test_the_innermost_program_is_named() -> None:
    logs = [
        f"Program {POSITION} invoke [1]",
        f"Program {VAULT} invoke [2]",
        f"Program {VAULT} failed: custom program error: 0x1772",
        f"Program {POSITION} failed: custom program error: 0x1772",
    ]
    error = decode_failure(custom(6002), logs)
    assert isinstance(error, ProgramError)
    assert (error.program, error.name) == ("collateral_vault", "MarketPoolShort")


def test_the_frameworks_errors_are_read_from_the_log() -> None:
    said = "Program log: AnchorError caused by account: x. Error Code: ConstraintSeeds. Error Number: 2006. "
    logs = [
        said + "Error Message: A seeds constraint was violated.",
        f"Program {POSITION} failed: custom program error",
    ]
    error = decode_failure(custom(2006), logs)
    assert isinstance(error, ProgramError)
    assert (error.name, error.sentence) == ("ConstraintSeeds", "A seeds constraint was violated")


def test_a_foreign_program_speaks_through_its_last_log() -> None:
    logs = [
        "Program log: Instruction: Transfer",
        "Program log: Error: insufficient funds",
        f"Program {TOKEN} failed: custom program error: 0x1",
    ]
    error = decode_failure(custom(1), logs)
    assert isinstance(error, ProgramError)
    assert (error.program, error.name, error.sentence) == ("token", "Custom1", "Error: insufficient funds")


def test_without_logs_the_instructions_program_is_named() -> None:
    error = decode_failure(custom(6200), (), [PROGRAM_IDS["oracle"]])
    assert isinstance(error, ProgramError)
    assert (error.program, error.name) == ("oracle", "NotUpgradeAuthority")
    unknown = decode_failure(custom(7, 3))
    assert isinstance(unknown, ProgramError)
    assert (unknown.program, unknown.sentence) == ("instruction 3", "the program gives no text for this code")


@pytest.mark.parametrize(
    ("reported", "words"),
    [
        ("BlockhashNotFound", "BlockhashNotFound"),
        ({"InsufficientFundsForRent": {"account_index": 0}}, "InsufficientFundsForRent"),
        (
            {"InstructionError": [2, "ProgramFailedToComplete"]},
            "instruction 2 failed: .*ProgramFailedToComplete",
        ),
        ({"InstructionError": [0, {"BorshIoError": "x"}]}, "BorshIoError x"),
    ],
)
def test_the_runtimes_refusals_are_transaction_errors(reported: Any, words: str) -> None:
    error = decode_failure(reported)
    assert isinstance(error, TransactionError)
    assert re.search(words, str(error))
