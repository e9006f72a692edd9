"""What streams yield: each thing with its slot, and what was missed, said in so many words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from solders.pubkey import Pubkey

from gdx_sdk.runtime import Account, Event

A = TypeVar("A", bound=Account)


class Origin(StrEnum):
    """Where an item is from: pushed by the endpoint, or read from the chain by the stream itself."""

    PUSHED = "pushed"
    READ = "read"


@dataclass(frozen=True, slots=True)
class Gap:
    """From `from_slot` on (inclusive) something may be missing, for `reason`; the stream is mending it."""

    from_slot: int
    reason: str


@dataclass(frozen=True, slots=True)
class Resynced:
    """The gap from `from_slot` to `to_slot` is mended: what it hid has just been yielded.

    An account stream has yielded the latest state of every account that changed, not the states between;
    a stream of transactions or events has yielded each one.
    """

    from_slot: int
    to_slot: int


@dataclass(frozen=True, slots=True)
class AccountUpdate(Generic[A]):
    """An account's state as of `slot`; `account` None means closed, or not matching the filters any more."""

    address: Pubkey
    account: A | None
    slot: int
    origin: Origin


@dataclass(frozen=True, slots=True)
class TransactionLogs:
    """A transaction and its logs; `error` None means it was applied, otherwise it is as JSON-RPC gives it."""

    signature: str
    slot: int
    error: Any | None
    logs: tuple[str, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class EventUpdate:
    """An event of one of our programs, with the transaction and instruction that made it."""

    event: Event
    program: str
    signature: str
    slot: int
    instruction_index: int
    origin: Origin


@dataclass(frozen=True, slots=True)
class SignatureUpdate:
    """A transaction reached the commitment asked for; `error` None means it was applied."""

    signature: str
    slot: int
    error: Any | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class SlotUpdate:
    """A slot that the node began to process; parent and root are None when it was read, not pushed."""

    slot: int
    parent_slot: int | None
    root_slot: int | None
    origin: Origin
