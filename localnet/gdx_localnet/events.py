"""What the chain tells its listeners (the WebSocket hub, tests)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from solders.account import Account
from solders.pubkey import Pubkey

from gdx_localnet.ledger import TransactionRecord


class Commitment(StrEnum):
    """How settled a slot must be for a reader."""

    PROCESSED = "processed"
    CONFIRMED = "confirmed"
    FINALIZED = "finalized"


@dataclass(frozen=True, slots=True)
class SlotOpened:
    """A new slot is open; `root_slot` and `confirmed_slot` are the newest finalized and confirmed ones."""

    slot: int
    parent_slot: int
    root_slot: int
    confirmed_slot: int


@dataclass(frozen=True, slots=True)
class Applied:
    """A write. `record` is None when a developer control made it, not a transaction."""

    slot: int
    record: TransactionRecord | None
    written: Sequence[tuple[Pubkey, Account]]


@dataclass(frozen=True, slots=True)
class Reached:
    """`applied` is now visible at `commitment`."""

    commitment: Commitment
    applied: Applied


Listener = Callable[[SlotOpened | Reached], None]
