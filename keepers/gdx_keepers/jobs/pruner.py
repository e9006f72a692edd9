"""Removes records of batches that the chain need not keep; their rent goes back to the relayer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from gdx_keepers.core.clock import Now
from gdx_keepers.core.job import Job
from gdx_keepers.core.log import Logger
from gdx_keepers.core.metrics import Metrics
from gdx_keepers.core.sender import Sender


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """One settled batch on chain."""

    batch_id: bytes
    market: Pubkey
    relayer: Pubkey
    sequence: int
    settled_ts: int


@dataclass(frozen=True, slots=True)
class PrunerState:
    """Every record of the markets, each market's last sequence, and how long records are kept."""

    records: tuple[BatchRecord, ...]
    last_sequences: Mapping[Pubkey, int]
    retention_s: int


@dataclass(frozen=True, slots=True)
class PruneBatch:
    """Send `prune_batch` for the record."""

    record: BatchRecord


class PrunerChain(Protocol):
    """What the job reads, and the instruction it sends."""

    async def read_records(self, markets: Sequence[Pubkey]) -> PrunerState:
        """All records of the markets."""

    def prune_batch(self, record: BatchRecord) -> Instruction:
        """The instruction; pure."""


class Pruner(Job[PrunerState, PruneBatch]):
    """The job; it keeps no state of its own."""

    kind: ClassVar[str] = "pruner"
    poll_ms = 60_000

    def __init__(
        self,
        name: str,
        metrics: Metrics,
        log: Logger,
        *,
        markets: Mapping[Pubkey, str],
        chain: PrunerChain,
        sender: Sender,
        max_per_run: int = 16,
    ) -> None:
        super().__init__(name, metrics, log)
        self._markets, self._chain, self._sender = dict(markets), chain, sender
        self._max_per_run = max_per_run

    async def observe(self, now: Now) -> PrunerState:
        """Every record."""
        del now
        return await self._chain.read_records(list(self._markets))

    def is_due(self, state: PrunerState, now: Now) -> bool:
        """Some record may go."""
        return any(_is_prunable(record, state, now) for record in state.records)

    def plan(self, state: PrunerState, now: Now) -> list[PruneBatch]:
        """The oldest records that may go: the market has moved on and the retention time has passed."""
        old = [record for record in state.records if _is_prunable(record, state, now)]
        old.sort(key=lambda record: (record.settled_ts, record.sequence, record.batch_id))
        return [PruneBatch(record) for record in old[: self._max_per_run]]

    async def act(self, action: PruneBatch, now: Now) -> bool:
        """Send it; a second one finds no account and changes nothing."""
        del now
        sent = await self._sender.send([self._chain.prune_batch(action.record)])
        return sent is not None


def _is_prunable(record: BatchRecord, state: PrunerState, now: Now) -> bool:
    has_moved_on = record.sequence < state.last_sequences.get(record.market, 0)
    return has_moved_on and now.ts > record.settled_ts + state.retention_s
