"""Samples each market's premium at a steady pace, so that the hour's average is weighted by time."""

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
class PremiumView:
    """One market's last sample, and whether there is a premium to sample now."""

    market: Pubkey
    last_sample_ts: int
    is_price_usable: bool = True


@dataclass(frozen=True, slots=True)
class SamplePremium:
    """Send `sample_premium` for the market."""

    market: Pubkey


class PremiumChain(Protocol):
    """What the job reads, and the instruction it sends."""

    async def read_premiums(self, markets: Sequence[Pubkey], now: Now) -> list[PremiumView]:
        """The view of each market, in order."""

    def sample_premium(self, market: Pubkey) -> Instruction:
        """The instruction; pure."""


class Premium(Job[tuple[PremiumView, ...], SamplePremium]):
    """The job; it keeps no state of its own."""

    kind: ClassVar[str] = "premium"

    def __init__(
        self,
        name: str,
        metrics: Metrics,
        log: Logger,
        *,
        markets: Mapping[Pubkey, str],
        every_s: int,
        chain: PremiumChain,
        sender: Sender,
    ) -> None:
        super().__init__(name, metrics, log)
        self._markets, self._every_s = dict(markets), every_s
        self._chain, self._sender = chain, sender

    async def observe(self, now: Now) -> tuple[PremiumView, ...]:
        """Every market's last sample."""
        return tuple(await self._chain.read_premiums(list(self._markets), now))

    def is_due(self, state: tuple[PremiumView, ...], now: Now) -> bool:
        """Some market's last sample is old enough."""
        return bool(self.plan(state, now))

    def plan(self, state: tuple[PremiumView, ...], now: Now) -> list[SamplePremium]:
        """A sample for every market whose last one is `every_s` old and whose price may be used."""
        return [
            SamplePremium(view.market)
            for view in state
            if view.is_price_usable and now.ts >= view.last_sample_ts + self._every_s
        ]

    async def act(self, action: SamplePremium, now: Now) -> bool:
        """Send it; one too early is refused by the program and changes nothing."""
        del now
        sent = await self._sender.send([self._chain.sample_premium(action.market)])
        if sent is None:
            return False
        self.metrics.compute_units.labels(self.name).inc(sent.compute_units)
        return True
