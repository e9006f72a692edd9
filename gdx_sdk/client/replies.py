"""What the chain answers, as typed values."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from solders.hash import Hash, ParseHashError
from solders.pubkey import Pubkey

from gdx_sdk.errors import ChainError, RpcError

T = TypeVar("T")

COMMITMENTS = ("processed", "confirmed", "finalized")
# What reading a value of another shape raises; a number may be infinite (1e999), a hash has its own error.
_MISFITS = (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, ParseHashError)


@contextmanager
def reading(method: str, result: Any) -> Iterator[None]:
    """Within it a result of another shape than the method's is an `RpcError` that quotes it."""
    try:
        yield
    except _MISFITS as error:
        shown = repr(result)
        raise RpcError(method, f"the result has not this method's shape: {shown[:120]}") from error


@dataclass(frozen=True, slots=True)
class Reply(Generic[T]):
    """A value, and the slot as of which it is true."""

    value: T
    slot: int


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """An account as stored."""

    data: bytes
    owner: Pubkey
    lamports: int
    executable: bool = False


@dataclass(frozen=True, slots=True)
class LatestBlockhash:
    """A blockhash, and the last block height at which a transaction that names it can land."""

    blockhash: Hash
    last_valid_block_height: int


@dataclass(frozen=True, slots=True)
class ChainClock:
    """The clock account: what programs see as slot and time."""

    slot: int
    epoch: int
    unix_ts: int


@dataclass(frozen=True, slots=True)
class SignatureStatus:
    """What the cluster knows of a transaction. `error` None means it was applied."""

    slot: int
    error: Any | None  # as JSON-RPC gives it; `gdx_sdk.tx.decode_failure` makes it a typed error
    commitment: str

    def has_reached(self, commitment: str) -> bool:
        """Whether it is at least at `commitment`."""
        return COMMITMENTS.index(self.commitment) >= COMMITMENTS.index(commitment)

    @property
    def is_finalized(self) -> bool:
        """Whether it can never be undone."""
        return self.commitment == "finalized"


@dataclass(frozen=True, slots=True)
class Simulation:
    """A trial run. `error` is the refusal as it would be after sending; None when it would be applied."""

    error: ChainError | None
    compute_units: int
    logs: tuple[str, ...]
    return_data: bytes = b""


@dataclass(frozen=True, slots=True)
class SentTransaction:
    """A transaction that was applied; in a dry run the trial run of one, with an empty signature."""

    signature: str
    slot: int
    compute_units: int
    fee_lamports: int  # signatures and priority fee together
    logs: tuple[str, ...] = ()
    priority_fee_microlamports: int = 0  # what was bid per compute unit
    is_cost_known: bool = True  # False: the endpoint does not show it, so units, fee and logs are 0 and empty

    @property
    def is_dry_run(self) -> bool:
        """Whether nothing was sent."""
        return not self.signature


@dataclass(frozen=True, slots=True)
class LandedRecord:
    """What the cluster recorded of a transaction that landed."""

    compute_units: int
    fee_lamports: int
    logs: tuple[str, ...]


def record_from(transaction: dict[str, Any]) -> LandedRecord | None:
    """The record in a transaction, within `reading`; None when it comes without."""
    meta = transaction.get("meta")
    if not meta:
        return None
    units, fee = meta.get("computeUnitsConsumed"), meta.get("fee")
    return LandedRecord(int(units or 0), int(fee or 0), logs_from(meta.get("logMessages")))


def text_from(value: Any) -> str:
    """A string of an answer, within `reading`."""
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def logs_from(value: Any) -> tuple[str, ...]:
    """Log lines, within `reading`; none for null."""
    return tuple(map(text_from, value or ()))


def account_from(value: Any) -> AccountInfo | None:
    """An account of a reply in base64 encoding, within `reading`."""
    if value is None:
        return None
    content, encoding = value["data"]
    if encoding != "base64":
        raise ValueError(encoding)
    data = base64.b64decode(content, validate=True)
    return AccountInfo(
        data, Pubkey.from_string(value["owner"]), int(value["lamports"]), bool(value["executable"])
    )


def status_from(value: Any) -> SignatureStatus | None:
    """One entry of getSignatureStatuses, within `reading`."""
    if value is None:
        return None
    level = value.get("confirmationStatus") or "finalized"
    if level not in COMMITMENTS:
        raise ValueError(level)
    return SignatureStatus(int(value["slot"]), value.get("err"), level)
