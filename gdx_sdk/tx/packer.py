"""How full a transaction is, and how many fills go into each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from gdx_sdk.batch.builder import BatchBuilder, BatchLimits, BatchUsage
from gdx_sdk.batch.header import ZERO_ID
from gdx_sdk.batch.sealed import SealedBatch
from gdx_sdk.batch.trade import Trade
from gdx_sdk.tx.transaction import PACKET_BYTES, Tables, account_locks, compile_message, transaction_size

MAX_LOCKS = 64


@dataclass(frozen=True, slots=True)
class TransactionUsage:
    """How much of a packet and of the account locks a transaction takes."""

    size_bytes: int
    locks: int

    @property
    def fits(self) -> bool:
        """Whether a cluster would take it."""
        return self.size_bytes <= PACKET_BYTES and self.locks <= MAX_LOCKS

    @property
    def bytes_percent(self) -> int:
        """Share of the packet used, rounded down."""
        return 100 * self.size_bytes // PACKET_BYTES


@dataclass(frozen=True, slots=True)
class PlannedBatch:
    """A batch that fills one transaction, and how full it is."""

    batch: SealedBatch
    usage: BatchUsage


def measure_transaction(
    instructions: Sequence[Instruction], payer: Pubkey, *, lookup_tables: Tables = ()
) -> TransactionUsage:
    """Size and locks of the v0 transaction that these instructions (budget included) make."""
    message = compile_message(instructions, payer, lookup_tables=lookup_tables)
    return TransactionUsage(transaction_size(message), account_locks(message))


def plan_batches(
    market: Pubkey,
    version: int,
    trades: Iterable[Trade],
    *,
    after: tuple[int, bytes] = (0, ZERO_ID),
    limits: BatchLimits | None = None,
) -> list[PlannedBatch]:
    """Cut `trades` into as few batches as their order allows, chained behind `after` (sequence, id).

    Each batch but the last is full: its successor's first trade would not have fit. The last one is a
    flush, since it may be smaller than the smallest batch the configuration takes.
    """
    builder = BatchBuilder(market, version, limits)
    planned: list[PlannedBatch] = []
    sequence, previous_id = after

    def cut(*, flush: bool) -> None:
        nonlocal sequence, previous_id
        usage = builder.usage
        batch = builder.seal(sequence + 1, previous_id, flush=flush)
        sequence, previous_id = batch.sequence, batch.batch_id
        planned.append(PlannedBatch(batch, usage))

    for trade in trades:
        if not builder.try_add(trade):
            cut(flush=False)
            builder.try_add(trade)
    if len(builder):
        cut(flush=True)
    return planned
