"""The keepers of the demo: the production jobs on the production runner, fed with the recording's prices."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from gdx_keepers.assembly import sleep_ms
from gdx_keepers.chain import SdkChain
from gdx_keepers.core.client_sender import ClientSender
from gdx_keepers.core.clock import ChainClock, Now
from gdx_keepers.core.flights import FlightJournal
from gdx_keepers.core.health import Health
from gdx_keepers.core.job import AnyJob
from gdx_keepers.core.log import make_logger
from gdx_keepers.core.metrics import Metrics
from gdx_keepers.core.runner import Runner
from gdx_keepers.core.tables import LookupTables
from gdx_keepers.errors import Transient
from gdx_keepers.feeds import CallableSource, Quote
from gdx_keepers.jobs.funding import Funding
from gdx_keepers.jobs.liquidator import Liquidator
from gdx_keepers.jobs.oracle import Oracle
from gdx_keepers.jobs.premium import Premium
from gdx_keepers.jobs.relayer import Relayer
from solders.keypair import Keypair

from gdx_cli.demo.world import World
from gdx_sdk.batch import FileOutbox

CONFIDENCE_PPM = 100
MIN_CHANGE_BPS = 5
MAX_AGE_SLOTS = 225  # 90 s; the feeds are stale after 120 s
PREMIUM_EVERY_S = 120
ATTEMPTS, RETRY_MS = 10, 250


class Prices:
    """What the demo's price source says: the source's last price, true now."""

    def __init__(self) -> None:
        self.by_symbol_e6: dict[str, int] = {}

    def quote(self, symbol: str, now: Now) -> Quote | None:
        """The newest price of `symbol`."""
        price_e6 = self.by_symbol_e6.get(symbol)
        if price_e6 is None:
            return None
        return Quote(price_e6, confidence_e6(price_e6), now.ts)


def confidence_e6(price_e6: int) -> int:
    """How sure the source is of a price."""
    return max(price_e6 * CONFIDENCE_PPM // 10**6, 1)


class Keepers:
    """Relayer, oracle publishers, premium sampler, funding and liquidator on one runner."""

    def __init__(
        self, world: World, outbox: FileOutbox, directory: Path, prices: Prices, relayer_epoch: int
    ) -> None:
        parts = _Parts(world)
        oracles = parts.oracles(prices)
        jobs = [*oracles, parts.relayer(outbox, directory, relayer_epoch), *parts.tending()]
        self._clock = ChainClock(parts.chain)
        self._oracles = [job.name for job in oracles]
        self.runner = Runner(jobs, self._clock, parts.metrics, Health(), parts.log)

    async def publish(self) -> None:
        """One turn of every publisher, all at the same time."""
        now = await self._clock.now()
        await asyncio.gather(*(self._turn(name, now) for name in self._oracles))

    async def settle(self) -> None:
        """Settle every batch in the outbox."""
        await self._until_idle("relayer", await self._clock.now())

    async def tend(self) -> None:
        """Premium, funding and liquidation, as far as they are due."""
        now = await self._clock.now()
        for name in ("premium", "funding", "liquidator"):
            await self._until_idle(name, now)

    async def _until_idle(self, name: str, now: Now) -> None:
        while await self._turn(name, now):
            pass

    async def _turn(self, name: str, now: Now) -> bool:
        """One turn of a job; true when it did something. A failure that does not pass is raised."""
        error: Exception | None = None
        for attempt in range(ATTEMPTS):
            later = Now(now.slot, now.ts, now.ms + attempt * RETRY_MS)
            (outcome,) = await self.runner.run_once(later, only=name)
            if outcome.outcome in ("done", "idle"):
                return outcome.outcome == "done"
            error = outcome.error or error
            if error is not None and outcome.outcome in ("fatal", "stopped"):
                raise error
            await sleep_ms(RETRY_MS)
        raise error or Transient(f"{name} is still waiting after {ATTEMPTS} attempts")


class _Parts:
    """What the jobs share, and the jobs made of it."""

    def __init__(self, world: World) -> None:
        self.world, self.chain = world, SdkChain(world.chain.client)
        self.metrics, self.log = Metrics(), make_logger("console", "error")
        self.markets = {market.address: market.symbol for market in world.markets}

    def sender(self, job: str, key: Keypair) -> ClientSender:
        """A sender that signs with `key`."""
        return ClientSender(self.world.chain.client, key, metrics=self.metrics, job=job, priority_fee=0)

    def oracles(self, prices: Prices) -> list[AnyJob]:
        """One publisher per key."""
        return [
            Oracle(
                f"oracle {number}",
                self.metrics,
                self.log,
                symbols=[market.symbol for market in self.world.markets],
                source=CallableSource(prices.quote),
                chain=self.chain,
                sender=self.sender(f"oracle {number}", key),
                min_change_bps=MIN_CHANGE_BPS,
                max_age_slots=MAX_AGE_SLOTS,
            )
            for number, key in enumerate(self.world.publishers, start=1)
        ]

    def relayer(self, outbox: FileOutbox, directory: Path, relayer_epoch: int) -> AnyJob:
        """Settles what the matcher puts into the outbox."""
        sender = self.sender("relayer", self.world.relayer)
        return Relayer(
            "relayer",
            self.metrics,
            self.log,
            markets=self.markets,
            relayer_epoch=relayer_epoch,
            chain=self.chain,
            sender=sender,
            outbox=outbox,
            journal=FlightJournal(directory / "flights"),
            tables=LookupTables(sender, self.chain, directory / "tables.json", sleep_ms=sleep_ms),
            sleep_ms=sleep_ms,
            beat_every_slots=0,
        )

    def tending(self) -> list[AnyJob]:
        """Premium, funding and liquidation."""
        given: dict[str, Any] = {"markets": self.markets, "chain": self.chain}
        guardian, liquidator = self.world.guardian, self.world.named("liquidator").keypair
        premium, funding = self.sender("premium", guardian), self.sender("funding", guardian)
        liquidating = self.sender("liquidator", liquidator)
        return [
            Premium("premium", self.metrics, self.log, every_s=PREMIUM_EVERY_S, sender=premium, **given),
            Funding("funding", self.metrics, self.log, sender=funding, **given),
            Liquidator("liquidator", self.metrics, self.log, sender=liquidating, **given),
        ]
