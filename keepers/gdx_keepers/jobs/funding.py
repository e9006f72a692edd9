"""Moves each market's funding once per full hour; missed hours are caught up by the program."""

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

HOUR_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class FundingView:
    """The first hour since 1970 that a market has not paid, and whether its oracle price may be used."""

    market: Pubkey
    next_hour: int
    is_price_usable: bool = True


@dataclass(frozen=True, slots=True)
class UpdateFunding:
    """Send `update_funding` for the market."""

    market: Pubkey


class FundingChain(Protocol):
    """What the job reads, and the instruction it sends."""

    async def read_funding(self, markets: Sequence[Pubkey], now: Now) -> list[FundingView]:
        """The view of each market, in order."""

    def update_funding(self, market: Pubkey) -> Instruction:
        """The instruction; pure."""


class Funding(Job[tuple[FundingView, ...], UpdateFunding]):
    """The job; it keeps no state of its own."""

    kind: ClassVar[str] = "funding"

    def __init__(
        self,
        name: str,
        metrics: Metrics,
        log: Logger,
        *,
        markets: Mapping[Pubkey, str],
        chain: FundingChain,
        sender: Sender,
    ) -> None:
        super().__init__(name, metrics, log)
        self._markets, self._chain, self._sender = dict(markets), chain, sender

    async def observe(self, now: Now) -> tuple[FundingView, ...]:
        """Every market's funding state."""
        return tuple(await self._chain.read_funding(list(self._markets), now))

    def is_due(self, state: tuple[FundingView, ...], now: Now) -> bool:
        """Some market has a full hour to pay."""
        return any(_is_hour_over(view, now) for view in state)

    def plan(self, state: tuple[FundingView, ...], now: Now) -> list[UpdateFunding]:
        """An update for every market with an hour to pay and a price that may be used."""
        return [
            UpdateFunding(view.market) for view in state if _is_hour_over(view, now) and view.is_price_usable
        ]

    async def act(self, action: UpdateFunding, now: Now) -> bool:
        """Send it; a second one in the same hour is refused by the program and changes nothing."""
        del now
        sent = await self._sender.send([self._chain.update_funding(action.market)])
        if sent is None:
            return False
        self.metrics.compute_units.labels(self.name).inc(sent.compute_units)
        self.log.info("funding updated", market=self._markets[action.market], signature=sent.signature)
        return True


def _is_hour_over(view: FundingView, now: Now) -> bool:
    return now.ts // HOUR_SECONDS > view.next_hour
