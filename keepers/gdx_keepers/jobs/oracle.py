"""Publishes a price source's quotes as one of a feed's publishers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from gdx_keepers.core.clock import Now
from gdx_keepers.core.health import Check
from gdx_keepers.core.job import Job
from gdx_keepers.core.log import Logger
from gdx_keepers.core.metrics import Metrics
from gdx_keepers.core.sender import Sender
from gdx_keepers.errors import Fatal
from gdx_keepers.feeds import PriceSource, Quote
from gdx_sdk.errors import ProgramError
from gdx_sdk.units import BPS


@dataclass(frozen=True, slots=True)
class Published:
    """What this publisher said last, as the feed holds it; all 0 before the first time."""

    price_e6: int = 0
    publish_ts: int = 0
    publish_slot: int = 0


@dataclass(frozen=True, slots=True)
class FeedView:
    """One feed: our last word (None: we are not one of its publishers) and the source's newest quote."""

    symbol: str
    published: Published | None
    quote: Quote | None


@dataclass(frozen=True, slots=True)
class PublishPrice:
    """Send `publish_price`."""

    symbol: str
    quote: Quote


class OracleChain(Protocol):
    """What the job reads, and the instruction it sends."""

    async def read_published(self, symbols: Sequence[str], publisher: Pubkey) -> list[Published | None]:
        """Our last observation in each symbol's feed, in order; None where we are not a publisher."""

    def publish_price(self, symbol: str, publisher: Pubkey, quote: Quote) -> Instruction:
        """The instruction; pure."""


class Oracle(Job[tuple[FeedView, ...], PublishPrice]):
    """The job; it keeps no state of its own."""

    kind: ClassVar[str] = "oracle"

    def __init__(
        self,
        name: str,
        metrics: Metrics,
        log: Logger,
        *,
        symbols: Sequence[str],
        source: PriceSource,
        chain: OracleChain,
        sender: Sender,
        min_change_bps: int,
        max_age_slots: int,
    ) -> None:
        super().__init__(name, metrics, log)
        self._symbols, self._source, self._chain, self._sender = list(symbols), source, chain, sender
        self._min_change_bps, self._max_age_slots = min_change_bps, max_age_slots

    async def observe(self, now: Now) -> tuple[FeedView, ...]:
        """Our last words and the source's newest quotes."""
        published = await self._chain.read_published(self._symbols, self._sender.pubkey)
        quotes = [await self._source.latest(symbol, now) for symbol in self._symbols]
        return tuple(map(FeedView, self._symbols, published, quotes))

    def is_due(self, state: tuple[FeedView, ...], now: Now) -> bool:
        """The source has a quote for some feed."""
        del now
        return any(view.quote is not None for view in state)

    def plan(self, state: tuple[FeedView, ...], now: Now) -> list[PublishPrice]:
        """A price for every feed where it moved by `min_change_bps` or our last one is `max_age_slots` old.

        `Fatal` when the feed does not list us. A quote that is not newer than our last one is never sent: the
        program takes each publisher's times in strictly rising order.
        """
        actions = []
        for view in state:
            if view.published is None:
                raise Fatal(f"{view.symbol}: {self._sender.pubkey} is not a publisher of the feed")
            if view.quote is not None and self._is_news(view.published, view.quote, now):
                actions.append(PublishPrice(view.symbol, view.quote))
        return actions

    async def act(self, action: PublishPrice, now: Now) -> bool:
        """Send it; the same quote a second time is refused by the program and changes nothing."""
        del now
        instruction = self._chain.publish_price(action.symbol, self._sender.pubkey, action.quote)
        try:
            sent = await self._sender.send([instruction])
        except ProgramError as error:
            if error.name != "PublishTimeNotLater":
                raise
            self.log.info("published by another process of the same key", symbol=action.symbol)
            return False
        if sent is None:
            return False
        self.metrics.compute_units.labels(self.name).inc(sent.compute_units)
        return True

    def readiness(self) -> Mapping[str, Check]:
        """This key publishes every feed it is configured for."""

        async def publishing() -> None:
            published = await self._chain.read_published(self._symbols, self._sender.pubkey)
            for symbol, last in zip(self._symbols, published, strict=True):
                if last is None:
                    raise Fatal(f"{symbol}: not a publisher of the feed")

        return {"feeds": publishing}

    def _is_news(self, last: Published, quote: Quote, now: Now) -> bool:
        if quote.price_e6 <= 0 or quote.ts <= last.publish_ts or quote.ts > now.ts:
            return False
        moved = abs(quote.price_e6 - last.price_e6) * BPS >= self._min_change_bps * last.price_e6
        return moved or now.slot >= last.publish_slot + self._max_age_slots
