"""What each refusal of a batch leads to."""

from __future__ import annotations

import pytest
from gdx_keepers.core.verdict import PASSING, STOPPING, Verdict, judge, named_index

from gdx_sdk.errors import ChainError, ProgramError, TransactionError, TransactionExpired
from gdx_sdk.errors.registry import all_errors
from tests.keepers.keeper_fakes import refusal

POSITION_ERRORS = {entry.name for entry in all_errors() if entry.program == "position_mgmt"}


def test_every_name_is_an_error_of_the_program() -> None:
    assert PASSING | STOPPING <= POSITION_ERRORS
    assert not PASSING & STOPPING


@pytest.mark.parametrize("name", sorted(POSITION_ERRORS - PASSING - STOPPING))
def test_other_refusals_go_back_to_the_matcher(name: str) -> None:
    assert judge(refusal(name, 6400)) is Verdict.REFUSE


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        *((refusal(name, 6400), Verdict.RETRY) for name in sorted(PASSING)),
        *((refusal(name, 6400), Verdict.STOP) for name in sorted(STOPPING)),
        (ProgramError("system", 1, "Custom1", "insufficient lamports"), Verdict.RETRY),
        (ProgramError("oracle", 6202, "NotPublisher", "not a publisher"), Verdict.STOP),
        (TransactionError("BlockhashNotFound"), Verdict.RETRY),
        (TransactionError("instruction 2 failed: position_mgmt: ProgramFailedToComplete"), Verdict.STOP),
        (TransactionExpired("too late"), Verdict.RETRY),
    ],
    ids=str,
)
def test_verdicts(error: ChainError, verdict: Verdict) -> None:
    assert judge(error) is verdict


@pytest.mark.parametrize(
    ("logs", "index"),
    [
        (["Program log: Instruction: SettleBatch", "Program log: refused at trade 7"], 7),
        (["Program log: refused at entry 0"], 0),
        (["Program log: trade 3 and so on"], None),
        ([], None),
    ],
)
def test_the_log_names_the_trade_or_entry(logs: list[str], index: int | None) -> None:
    assert named_index(refusal("InsufficientMargin", 6469, logs)) == index
