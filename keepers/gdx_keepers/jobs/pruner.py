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
from gdx_sdk.errors import ProgramError

ORPHANED_AFTER_SECONDS = 86_400  # past the retention time, as the program has it


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """One settled batch on chain."""

    batch_id: bytes
    market: Pubkey | None  # None: no market that exists has the record's index, so its own was closed
    relayer: Pubkey
    sequence: int
    settled_ts: int


@dataclass(frozen=True, slots=True)
class PrunerState:
    """Records of the markets and of closed ones, each market's last sequence, how long records are kept."""

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
        """All records of those of `markets` that exist, and of all markets that were closed."""

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
        """Send it. Anyone may prune: a record that somebody else has just removed is no error."""
        del now
        try:
            sent = await self._sender.send([self._chain.prune_batch(action.record)])
        except ProgramError as error:
            self.metrics.transactions.labels(self.name, "refused").inc()
            self.log.warning("refused", batch_id=action.record.batch_id.hex(), error=str(error))
            return False
        return sent is not None


def _is_prunable(record: BatchRecord, state: PrunerState, now: Now) -> bool:
    kept_until_ts = record.settled_ts + state.retention_s
    if record.market is None:
        return now.ts > kept_until_ts + ORPHANED_AFTER_SECONDS
    has_moved_on = record.sequence < state.last_sequences.get(record.market, 0)
    return has_moved_on and now.ts > kept_until_ts
