"""The demo's hold on its chain: transactions counted by instruction, and the chain's clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from solders.instruction import Instruction
from solders.keypair import Keypair

from gdx_cli.demo.report import DemoReport
from gdx_sdk.client import Client, SentTransaction

SLOT_MS = 400
COMPUTE_LIMIT = 1_000_000


@dataclass(slots=True)
class DemoChain:
    """A client, with the figures of what it sent."""

    client: Client
    report: DemoReport
    now_ms: int = 0
    _moved_ts: int = 0

    async def send(
        self, name: str, instructions: Sequence[Instruction], signers: Sequence[Keypair]
    ) -> SentTransaction:
        """Send and wait; `name` is what the compute units are counted under ("" for set-up with several)."""
        sent = await self.client.send(
            instructions, list(signers), compute_unit_limit=COMPUTE_LIMIT, priority_fee=0
        )
        if name:
            self.report.count_units(name, sent.compute_units)
        return sent

    async def start_clock(self) -> None:
        """Take the chain's present time as the demo's."""
        clock = await self.client.get_clock()
        self.now_ms = clock.unix_ts * 1_000
        self._moved_ts = clock.unix_ts

    async def move_to(self, now_ms: int) -> None:
        """Move the chain's clock, and its slots at the usual pace, to `now_ms`; never backward."""
        self.now_ms = max(self.now_ms, now_ms)
        ts = self.now_ms // 1_000
        if ts <= self._moved_ts:
            return
        passed = max((ts - self._moved_ts) * 1_000 // SLOT_MS, 1)
        self._moved_ts = ts
        slot = await self.client.get_slot(commitment="processed")
        await self.client.rpc("gdx_setClock", [ts, slot + passed])
