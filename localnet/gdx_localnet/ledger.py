"""What happened: blocks, transaction records, signatures by address. Bounded: the oldest goes first."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from solders.hash import Hash
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

SAMPLE_PERIOD_S = 60
_SAMPLES_KEPT = 720


@dataclass(slots=True)
class TokenBalance:
    """A token account's balance before or after a transaction."""

    account_index: int
    mint: Pubkey
    owner: Pubkey
    program: Pubkey
    amount: int
    decimals: int


@dataclass(slots=True, eq=False)
class TransactionRecord:
    """One transaction that landed: what it was, what it did. Balances in lamports, time in unix seconds."""

    signature: Signature
    ordinal: int
    slot: int
    index: int
    block_time_ts: int
    tx: VersionedTransaction
    keys: Sequence[Pubkey]
    loaded_writable: Sequence[Pubkey]
    loaded_readonly: Sequence[Pubkey]
    writable: Sequence[int]
    err: Any
    meta: Any
    fee: int
    is_executed: bool
    pre_balances: list[int]
    post_balances: list[int]
    pre_tokens: list[TokenBalance]
    post_tokens: list[TokenBalance]
    data_bytes: int
    """What its accounts counted for when it loaded them, less programs' code."""

    def writes(self, address: Pubkey) -> bool:
        """Whether the transaction locks `address` for writing."""
        return any(self.keys[i] == address for i in self.writable)


@dataclass(frozen=True, slots=True)
class Sample:
    """What went by in `SAMPLE_PERIOD_S` seconds of chain time, up to `slot`."""

    slot: int
    slots: int
    transactions: int


class Samples:
    """Samples of the chain's pace, the newest 720."""

    def __init__(self) -> None:
        self._closed: deque[Sample] = deque(maxlen=_SAMPLES_KEPT)
        self._began_ts: int | None = None
        self._slots = self._transactions = 0

    def add(self, slot: int, transactions: int, block_time_ts: int) -> None:
        """Count a block in."""
        if self._began_ts is None or block_time_ts < self._began_ts:
            self._began_ts = block_time_ts
        self._slots += 1
        self._transactions += transactions
        if block_time_ts - self._began_ts >= SAMPLE_PERIOD_S:
            self._closed.appendleft(Sample(slot, self._slots, self._transactions))
            self._began_ts, self._slots, self._transactions = block_time_ts, 0, 0

    def newest(self, limit: int) -> list[Sample]:
        """The newest `limit`, newest first."""
        return list(islice(self._closed, limit))


@dataclass(slots=True)
class Block:
    """One closed slot."""

    slot: int
    parent_slot: int
    height: int
    blockhash: Hash
    previous_blockhash: Hash
    block_time_ts: int
    records: list[TransactionRecord] = field(default_factory=list)


class Ledger:
    """Blocks and records; the newest `limit` of each are kept."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.blocks: dict[int, Block] = {}
        self.by_signature: dict[Signature, TransactionRecord] = {}
        self.open_records: list[TransactionRecord] = []
        self.transaction_count = 0
        self.samples = Samples()
        self._by_address: dict[Pubkey, deque[TransactionRecord]] = {}
        self._order: deque[TransactionRecord] = deque()

    def add_record(self, record: TransactionRecord) -> None:
        """Put a record into the open slot's block and the indexes."""
        self.transaction_count += 1
        self.open_records.append(record)
        self.by_signature[record.signature] = record
        self._order.append(record)
        for key in dict.fromkeys(record.keys):
            self._by_address.setdefault(key, deque()).append(record)
        while len(self._order) > self.limit:
            self._forget(self._order.popleft())

    def _forget(self, record: TransactionRecord) -> None:
        self.by_signature.pop(record.signature, None)
        for key in dict.fromkeys(record.keys):
            records = self._by_address[key]
            records.popleft()
            if not records:
                del self._by_address[key]
        block = self.blocks.get(record.slot)
        if block is not None:
            block.records.remove(record)

    def close_block(self, block: Block) -> None:
        """Seal the open slot's block."""
        block.records, self.open_records = self.open_records, []
        self.blocks[block.slot] = block
        self.samples.add(block.slot, len(block.records), block.block_time_ts)
        if len(self.blocks) > self.limit:
            del self.blocks[next(iter(self.blocks))]

    @property
    def first_slot(self) -> int:
        """The oldest slot still kept."""
        return next(iter(self.blocks), 0)

    def slots_between(self, first: int, last: int) -> Iterator[int]:
        """Slots with a block, ascending, both ends included."""
        first = max(first, self.first_slot)
        if last - first > len(self.blocks):  # a jump left a hole behind
            return (slot for slot in self.blocks if first <= slot <= last)
        return (slot for slot in range(first, last + 1) if slot in self.blocks)

    def records_of(
        self, address: Pubkey, before: int | None, until: int | None, limit: int, tip_slot: int
    ) -> list[TransactionRecord]:
        """Records that name `address`, newest first.

        `before` and `until` are record ordinals, both excluded; `tip_slot` hides what is newer.
        """
        records = self._by_address.get(address)
        if not records:
            return []
        ordered = list(records)
        end = len(ordered)
        if before is not None:
            end = bisect_left(ordered, before, key=lambda record: record.ordinal)
        chosen: list[TransactionRecord] = []
        for record in reversed(ordered[:end]):
            if (until is not None and record.ordinal <= until) or len(chosen) == limit:
                break
            if record.slot <= tip_slot:
                chosen.append(record)
        return chosen
