"""What a refused batch means: give it back to the matcher, try it again later, or stop."""

from __future__ import annotations

import re
from enum import Enum

from gdx_keepers.core.triage import is_transient
from gdx_sdk.errors import ChainError, ProgramError, TransactionError

SETTLING_PROGRAM = "position_mgmt"

# This relayer, or its copy of the outbox, is the wrong one: no batch of it can settle.
STOPPING = frozenset(
    {
        "BatchConflict",
        "BatchOutOfOrder",
        "BatchPreviousMismatch",
        "BatchTooOld",
        "WrongBatchAddress",
        "WrongEpoch",
        "WrongRelayer",
    }
)

# The very same batch settles once the cause has passed: a pause, no oracle price, a lagging clock, a
# smallest size that the admin has raised above what the matcher cuts.
PASSING = frozenset(
    {
        "AddRiskPaused",
        "BatchFromFuture",
        "BatchTooSmall",
        "MarketNotActive",
        "OracleNotUsable",
        "SettlePaused",
    }
)

_NAMED = re.compile(r"refused at (?:trade|entry) (\d+)$")


class Verdict(Enum):
    """The three answers."""

    REFUSE = "refuse"
    RETRY = "retry"
    STOP = "stop"


def judge(error: ChainError) -> Verdict:
    """A refusal by the settling program concerns the batch, unless it concerns the relayer or passes.

    The system program refuses when the relayer cannot pay a record's rent, which its operator can mend. An
    instruction that the runtime aborts (compute units, memory) would be aborted again. Neither is a reason to
    break a trade.
    """
    if isinstance(error, ProgramError) and error.program == SETTLING_PROGRAM:
        if error.name in STOPPING:
            return Verdict.STOP
        return Verdict.RETRY if error.name in PASSING else Verdict.REFUSE
    if isinstance(error, ProgramError):
        return Verdict.RETRY if error.program == "system" else Verdict.STOP
    is_aborted = isinstance(error, TransactionError) and error.reason.startswith("instruction ")
    return Verdict.RETRY if is_transient(error) and not is_aborted else Verdict.STOP


def named_index(error: ProgramError) -> int | None:
    """The trade or entry that the program's log names, None when it names none."""
    return next((int(found[1]) for line in error.logs if (found := _NAMED.search(line))), None)
