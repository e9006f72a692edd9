"""What runs the demo's chain: the embedded engine, or a real validator that goes on from its accounts.

A validator's clock cannot be moved, and funding is paid by the hour. So a demo on a validator begins on an
embedded chain, in the hour before: there the exchange is set up and its first trades are settled. All its
accounts are then preloaded into the validator, where the rest happens, at the present time.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from gdx_localnet import LocalnetHandle, launch
from gdx_localnet.engines.validator import find_validator

from gdx_cli.demo.clock import MovedClock, RunningClock
from gdx_cli.demo.options import DemoOptions
from gdx_cli.demo.preload import read_accounts, write_accounts
from gdx_cli.demo.stage import Interlude
from gdx_cli.demo.world import World
from gdx_sdk.client import Client

HOUR_SECONDS = 3_600
BEGIN_SECONDS, END_SECONDS = 10 * 60, 50 * 60
"""The part of the hour before this one that the embedded chain sees: that hour's funding is due now."""
PRELOADED_TRADES = 40


class Host:
    """Starts the chain that the options name; `handle` and `client` are the ones in use."""

    handle: LocalnetHandle
    client: Client
    clock: MovedClock

    def __init__(self, options: DemoOptions, directory: Path) -> None:
        self._options, self._directory = options, directory
        self._validator = None if options.validator is None else str(options.validator)

    async def start(self) -> None:
        """Start an embedded chain. Raises EngineError when a validator is wanted and is not there."""
        settings: dict[str, Any] = {"is_detached": self._options.keep}
        self.clock = MovedClock()
        if self._options.is_validator:
            find_validator(self._validator)
            hour_ts = int(time.time()) // HOUR_SECONDS * HOUR_SECONDS - HOUR_SECONDS
            settings = {"unix_ts": hour_ts + BEGIN_SECONDS}
            self.clock = MovedClock((hour_ts + END_SECONDS) * 1_000)
        self.handle = launch("embedded", directory=self._directory / "chain", **settings)
        self.client = Client(self.handle.url)

    def interlude(self, run: Callable[[], Awaitable[None]]) -> Interlude:
        """When to move to the validator."""
        return Interlude(run, min(PRELOADED_TRADES, self._options.source_trades), self.clock.limit_ms)

    async def move_to_validator(self, world: World) -> None:
        """Start a validator with the accounts of the embedded chain, and stop that one."""
        accounts = write_accounts(await read_accounts(world), self._directory / "accounts")
        await self.close()
        self.handle = launch(
            "validator",
            directory=self._directory / "validator",
            is_detached=self._options.keep,
            validator=self._validator,
            accounts=accounts,
        )
        self.client = world.chain.client = Client(self.handle.url)
        world.chain.clock = RunningClock(world.chain.now_ms)
        await world.chain.clock.start(self.client)

    async def close(self, *, keep: bool = False) -> None:
        """Stop the chain, or leave it running."""
        if hasattr(self, "client"):
            await self.client.aclose()
        if hasattr(self, "handle") and not keep:
            self.handle.stop()
