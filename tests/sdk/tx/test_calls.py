"""Logs tell which call of which instruction failed."""

from __future__ import annotations

import pytest

from gdx_sdk.errors import ProgramError
from gdx_sdk.programs import PROGRAM_IDS
from gdx_sdk.tx import call_path, decode_failure

POSITION, VAULT = PROGRAM_IDS["position_mgmt"], PROGRAM_IDS["collateral_vault"]
TOKEN = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
STRANGER = "So11111111111111111111111111111111111111112"
FAILED = [
    "Program ComputeBudget111111111111111111111111111111 invoke [1]",
    "Program ComputeBudget111111111111111111111111111111 success",
    f"Program {POSITION} invoke [1]",
    "Program log: Instruction: AddCollateral",
    f"Program {VAULT} invoke [2]",
    "Program log: Instruction: Release",
    f"Program {VAULT} success",
    f"Program {VAULT} invoke [2]",
    "Program log: Instruction: Lock",
    f"Program {TOKEN} invoke [3]",
    f"Program {TOKEN} failed: custom program error: 0x1",
    f"Program {VAULT} failed: custom program error: 0x1",
    f"Program {POSITION} failed: custom program error: 0x1",
]


def test_the_path_leads_to_the_innermost_call_that_failed() -> None:
    assert call_path(FAILED) == ("position_mgmt.add_collateral", "collateral_vault.lock", "token")
    assert call_path(FAILED[:-4] + FAILED[-2:]) == ("position_mgmt.add_collateral", "collateral_vault.lock")


def test_a_stranger_is_named_by_its_address() -> None:
    assert call_path([f"Program {STRANGER} invoke [1]", f"Program {STRANGER} failed: x"]) == (STRANGER,)


@pytest.mark.parametrize("logs", [[], ["Log truncated"], FAILED[:7], ["Program log: Instruction: Alone"]])
def test_logs_without_a_failure_tell_nothing(logs: list[str]) -> None:
    assert call_path(logs) == ()


def test_an_error_says_where_it_happened() -> None:
    error = decode_failure({"InstructionError": [1, {"Custom": 1}]}, FAILED)
    assert isinstance(error, ProgramError)
    assert error.program == "token"
    assert error.call_path == call_path(FAILED)
    assert str(error).endswith("(in position_mgmt.add_collateral > collateral_vault.lock > token)")
    assert "(in" not in str(decode_failure("BlockhashNotFound"))


def test_an_anchor_program_names_the_account_that_broke_a_rule() -> None:
    program = PROGRAM_IDS["position_mgmt"]
    said = "AnchorError caused by account: position. Error Code: ConstraintSeeds. Error Number: 2006."
    logs = [
        f"Program {program} invoke [1]",
        "Program log: Instruction: AddCollateral",
        f"Program log: {said} Error Message: A seeds constraint was violated.",
        f"Program {program} failed: custom program error: 0x7d6",
    ]
    error = decode_failure({"InstructionError": [0, {"Custom": 2006}]}, logs)
    assert error.account == "position"
    assert str(error).endswith("(account position; in position_mgmt.add_collateral)")
