"""Which errors pass by themselves and which never will."""

from __future__ import annotations

from gdx_keepers.errors import Fatal, Transient
from gdx_sdk.errors import (
    AccountNotFound,
    ProgramError,
    RpcError,
    TransactionError,
    TransactionExpired,
)
from gdx_sdk.errors.registry import find_error

# JSON-RPC: the request itself is wrong, so repeating it is pointless.
_OUR_FAULT = {-32600, -32601, -32602}


def is_transient(error: BaseException) -> bool:
    """True when backing off and trying again may help.

    An unreachable or overloaded endpoint, an expired transaction, a runtime refusal (blockhash, a fee payer
    short of lamports) and an account that is not there yet pass. A program's refusal passes only when its
    registry says so; a bug never does.
    """
    if isinstance(error, Transient):
        return True
    if isinstance(error, Fatal):
        return False
    if isinstance(error, RpcError):
        return error.code not in _OUR_FAULT
    if isinstance(error, ProgramError):
        return is_retryable(error)
    return isinstance(error, TransactionExpired | TransactionError | AccountNotFound | TimeoutError)


def is_retryable(error: ProgramError) -> bool:
    """What the error registry says about trying the same instruction again."""
    entry = find_error(error.program, error.code)
    return entry is not None and entry.is_retryable
