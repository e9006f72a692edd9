"""Write a keeper as a plugin: a job that tops a position up, offered by a hook."""

from __future__ import annotations

import asyncio
import sys

from exchange import MARKET, open_exchange
from gdx_keepers.core.client_sender import ClientSender
from gdx_keepers.core.clock import Now
from gdx_keepers.core.job import Job
from gdx_keepers.core.log import Logger, make_logger
from gdx_keepers.core.metrics import Metrics
from solders.instruction import Instruction

from gdx_sdk import Client, pdas, plugins
from gdx_sdk import instructions as ix
from gdx_sdk.accounts import UserPosition
from gdx_sdk.hookspecs import Registry


class TopUp(Job[UserPosition, Instruction]):
    """`is_due` and `plan` decide from plain values; only `observe` and `act` touch the chain."""

    kind = "top-up"

    def __init__(
        self,
        name: str,
        metrics: Metrics,
        log: Logger,
        *,
        client: Client,
        sender: ClientSender,
        least_atoms: int = 10_100_000_000,
    ) -> None:
        super().__init__(name, metrics, log)
        self.client, self.sender, self.least_atoms = client, sender, least_atoms

    async def observe(self, now: Now) -> UserPosition:
        return await self.client.fetch(UserPosition, pdas.position(self.sender.pubkey, MARKET))

    def is_due(self, state: UserPosition, now: Now) -> bool:
        return state.collateral < self.least_atoms

    def plan(self, state: UserPosition, now: Now) -> list[Instruction]:
        return [ix.add_collateral(state.owner, MARKET, self.least_atoms - state.collateral)]

    async def act(self, action: Instruction, now: Now) -> bool:
        await self.sender.send([action])
        return True


@plugins.hookimpl
def register_keepers(registry: Registry) -> None:
    registry.add("top-up", TopUp)


async def main() -> None:
    manager = plugins.new_manager(load_entry_points=False)
    manager.register(sys.modules[__name__])  # installed plugins are found by their entry point
    async with open_exchange() as exchange:
        alice, metrics = exchange.alice, Metrics()
        deposit = ix.deposit(alice.pubkey(), 10**9, quote_mint=exchange.mint)
        await exchange.client.send([deposit], [alice])
        sender = ClientSender(exchange.client, alice, metrics=metrics, job="top-up")
        make = plugins.keepers(manager)["top-up"]  # as `gdx keeper run` does for `kind = "plugin"`
        job = make("top-up", metrics, make_logger(), client=exchange.client, sender=sender)
        for _ in range(2):
            print((await job.run(Now(slot=0, ts=0, ms=0))).actions)
        # ('Instruction',)
        # ()


asyncio.run(main())
