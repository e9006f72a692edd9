"""A relayer on a chain in memory, and what its tests do with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gdx_keepers.core.clock import Now
from gdx_keepers.core.flights import Flight, FlightJournal
from gdx_keepers.core.metrics import Metrics
from gdx_keepers.jobs.relayer import Relayer
from solders.pubkey import Pubkey

from gdx_sdk.batch import FileOutbox, SealedBatch
from gdx_sdk.tx import SignedTransaction
from tests.keepers.keeper_fakes import (
    MARKET,
    FakeChain,
    FakeSender,
    Knife,
    NoTables,
    WithKnife,
    silent_log,
)

NOW = Now(1_000, 1_700_000_000, 1_700_000_000_000)
STEPS = {
    "outbox": ("mark_settled", "refuse"),
    "journal": ("record", "forget"),
    "sender": ("simulate", "sign", "broadcast", "outcomes", "finalized_block_height"),
    "chain": ("read_heads",),
}


async def no_sleep(ms: int) -> None:
    del ms


def make_relayer(
    folder: Path,
    chain: FakeChain,
    knife: Knife | None = None,
    *,
    markets: Sequence[Pubkey] = (MARKET,),
    epoch: int = 1,
    is_dry_run: bool = False,
    sender: FakeSender | None = None,
) -> Relayer:
    """A relayer process, started now on whatever its predecessors left in `folder` and on the chain."""
    parts: dict[str, Any] = {
        "outbox": FileOutbox(folder / "outbox"),
        "journal": FlightJournal(folder / "flights"),
        "sender": sender or FakeSender(chain, is_dry_run=is_dry_run),
        "chain": chain,
    }
    if knife is not None:
        parts = {name: WithKnife(part, knife, STEPS[name]) for name, part in parts.items()}
    return Relayer(
        "relayer",
        Metrics(),
        silent_log(),
        markets={market: str(market) for market in markets},
        relayer_epoch=epoch,
        tables=NoTables(),
        sleep_ms=no_sleep,
        **parts,
    )


async def drive(relayer: Relayer, limit: int = 200) -> None:
    """Turns until there is nothing to do."""
    for _ in range(limit):
        if (await relayer.run(NOW)).is_idle:
            return
    raise AssertionError(f"still busy after {limit} turns")


def fill(folder: Path, sealed: Sequence[SealedBatch]) -> FileOutbox:
    outbox = FileOutbox(folder / "outbox")
    for batch in sealed:
        outbox.put(batch)
    return outbox


def flight_of(batch: SealedBatch, last_valid: int = 200, signature: str = "s") -> Flight:
    return Flight(
        batch.market, batch.sequence, batch.batch_id, SignedTransaction(signature, b"raw", last_valid)
    )
