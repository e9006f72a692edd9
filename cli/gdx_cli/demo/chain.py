"""The demo's hold on its chain: transactions counted by instruction, and its clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from solders.instruction import Instruction
from solders.keypair import Keypair

from gdx_cli.demo.clock import DemoClock
from gdx_cli.demo.report import DemoReport
from gdx_sdk.client import Client, SentTransaction

COMPUTE_LIMIT = 1_000_000


@dataclass(slots=True)
class DemoChain:
    """A client, with the figures of what it sent."""

    client: Client
    report: DemoReport
    clock: DemoClock

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

    @property
    def now_ms(self) -> int:
        """Where the recording is."""
        return self.clock.now_ms

    @property
    def chain_ms(self) -> int:
        """The chain's time as it was last seen: what happens now happens at this time."""
        return self.clock.chain_ms

    async def move_to(self, now_ms: int) -> None:
        """The recording has come to `now_ms`."""
        await self.clock.move_to(self.client, now_ms)

    async def wait(self, ms: int) -> None:
        """Let time pass on a chain whose clock cannot be moved."""
        await self.clock.wait(self.client, ms)
