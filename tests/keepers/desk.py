"""The matcher's end of an outbox and the relayer on its other end, against the compiled programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gdx_keepers.assembly import sleep_ms
from gdx_keepers.chain import SdkChain
from gdx_keepers.core.client_sender import ClientSender
from gdx_keepers.core.flights import FlightJournal
from gdx_keepers.core.metrics import Metrics
from gdx_keepers.core.tables import LookupTables
from gdx_keepers.jobs.relayer import Relayer
from gdx_localnet import EmbeddedChain
from solders.keypair import Keypair

from gdx_sdk.batch import FileOutbox, SealedBatch, Trade, seal_batch, seal_heartbeat
from gdx_sdk.client import Client
from tests.keepers.exchange_world import SYMBOL, InProcess, World
from tests.keepers.keeper_fakes import Knife, WithKnife, silent_log


async def no_sleep(ms: int) -> None:
    del ms


class Desk:
    """A matcher's end of the outbox: seals batches one after the other."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder = world, folder
        self.outbox = FileOutbox(folder / "outbox")
        self.sequence, self.previous_id = 0, bytes(32)

    def put(self, trades: Sequence[Trade], version: int = 1) -> SealedBatch:
        market = self.world.market
        sequence = self.sequence + 1
        if trades:
            batch = seal_batch(version, market, sequence, self.previous_id, trades, flush=True)
        else:
            at_ms = self.world.now_ts * 1000
            batch = seal_heartbeat(version, market, sequence, self.previous_id, at_ms=at_ms)
        self.outbox.put(batch)
        self.sequence, self.previous_id = sequence, batch.batch_id
        return batch

    def relayer(
        self, knife: Knife | None = None, *, signer: Keypair | None = None, epoch: int = 1, beat: int = 0
    ) -> Relayer:
        """A relayer process on this outbox, started now."""
        transport: Any = InProcess(self.world.chain)
        sleep = no_sleep if isinstance(self.world.chain, EmbeddedChain) else sleep_ms
        outbox: Any = FileOutbox(self.folder / "outbox")
        journal: Any = FlightJournal(self.folder / "flights")
        if knife is not None:
            transport = WithKnife(transport, knife, ("call",))
            outbox = WithKnife(outbox, knife, ("mark_settled", "refuse"))
            journal = WithKnife(journal, knife, ("record", "forget"))
        metrics, client = Metrics(), Client(transport)
        chain = SdkChain(client)
        key = signer or self.world.relayer
        sender = ClientSender(client, key, metrics=metrics, job="relayer", priority_fee=0)
        tables = LookupTables(sender, chain, self.folder / "tables.json", sleep_ms=sleep)
        return Relayer(
            "relayer",
            metrics,
            silent_log(),
            markets={self.world.market: SYMBOL},
            relayer_epoch=epoch,
            chain=chain,
            sender=sender,
            outbox=outbox,
            journal=journal,
            tables=tables,
            sleep_ms=sleep,
            beat_every_slots=beat,
        )

    async def drive(self, relayer: Relayer, limit: int = 100) -> None:
        for _ in range(limit):
            if (await relayer.run(await self.world.now())).is_idle:
                return
        raise AssertionError("still busy")
