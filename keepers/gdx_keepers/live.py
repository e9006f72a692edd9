"""Markets as streams tell of them: the liquidator hears of a price instead of asking for it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from gdx_keepers.chain import SdkChain
from gdx_keepers.core.clock import Now
from gdx_keepers.core.log import Logger
from gdx_keepers.core.metrics import Metrics
from gdx_keepers.jobs.liquidator import MarketScan
from gdx_keepers.views import OwnedPosition, market_scan
from gdx_sdk import pdas
from gdx_sdk.accounts import GlobalConfig, PerpMarket, PriceFeed, UserPosition
from gdx_sdk.client import Client
from gdx_sdk.errors import GdxError
from gdx_sdk.streams import AccountUpdate, Gap, Stream, Streams

REOPEN_SECONDS = 2.0


@dataclass(slots=True)
class _Book:
    """What is known of one market."""

    feed_address: Pubkey
    market: PerpMarket | None = None
    feed: PriceFeed | None = None
    positions: dict[Pubkey, OwnedPosition] = field(default_factory=dict)

    def take_market(self, update: AccountUpdate[Any]) -> None:
        self.market = update.account

    @property
    def is_known(self) -> bool:
        """False for a market that is closed, or was created anew with another feed."""
        is_there = self.market is not None and self.feed is not None
        return is_there and self.market.price_oracle == self.feed_address  # type: ignore[union-attr]

    def take_feed(self, update: AccountUpdate[Any]) -> None:
        self.feed = update.account

    def take_position(self, update: AccountUpdate[Any]) -> None:
        if update.account is None:
            self.positions.pop(update.address, None)
        else:
            self.positions[update.address] = OwnedPosition.of(update.address, update.account)


class LiveMarkets:
    """A `LiquidationChain` over streams; what cannot be heard of at the moment is read from `chain`.

    `changed` is set whenever a market, its price, a position or the configuration has changed. Streams
    compare themselves with the chain every 30 seconds, so that a change nobody pushed is found, too.
    Used as ``async with``: an endpoint that is away does not stop it from starting.
    """

    def __init__(
        self,
        name: str,
        metrics: Metrics,
        log: Logger,
        *,
        client: Client,
        chain: SdkChain,
        markets: Sequence[Pubkey],
    ) -> None:
        self.changed = asyncio.Event()
        self._name, self._metrics, self._log = name, metrics, log.bind(job=name)
        self._client, self._chain, self._markets = client, chain, list(markets)
        self._config: GlobalConfig | None = None
        self._books: dict[Pubkey, _Book] = {}
        self._streams: list[Stream[Any]] = []
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name=f"{self._name} streams")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def is_live(self) -> bool:
        """Whether everything is known, nothing is missing, and nothing waits to be taken."""
        is_known = self._config is not None and all(book.is_known for book in self._books.values())
        return (
            bool(self._streams) and is_known and all(one.is_synced and not len(one) for one in self._streams)
        )

    async def scan(
        self, markets: Sequence[Pubkey], liquidator: Pubkey, now: Now, *, must_read: bool = False
    ) -> list[MarketScan]:
        """As `LiquidationChain.scan`: from memory while it is true, from the chain otherwise."""
        self._metrics.is_live.labels(self._name).set(self.is_live)
        if must_read or not self.is_live:
            return await self._chain.scan(markets, liquidator, now, must_read=must_read)
        return [self._scan_book(address, liquidator, now) for address in markets]

    def liquidate(self, market: Pubkey, target: Pubkey, liquidator: Pubkey, size_e8: int) -> Instruction:
        """As `LiquidationChain.liquidate`."""
        return self._chain.liquidate(market, target, liquidator, size_e8)

    def _scan_book(self, address: Pubkey, liquidator: Pubkey, now: Now) -> MarketScan:
        book, config = self._books[address], self._config
        assert config is not None
        assert book.market is not None
        assert book.feed is not None
        positions = book.positions.values()
        return market_scan(address, book.market, book.feed, config, positions, liquidator=liquidator, now=now)

    async def _run(self) -> None:
        while True:
            try:
                async with Streams(self._client) as streams, contextlib.AsyncExitStack() as stack:
                    await self._follow_all(streams, stack)
            except* GdxError as errors:
                reasons = "; ".join(str(error) for error in errors.exceptions)
                self._log.warning("streams are away, the chain is polled", error=reasons)
            self._streams, self._books, self._config = [], {}, None
            await asyncio.sleep(REOPEN_SECONDS)

    async def _follow_all(self, streams: Streams, stack: contextlib.AsyncExitStack) -> None:
        books: dict[Pubkey, _Book] = {}
        takers: list[tuple[Stream[Any], Callable[[AccountUpdate[Any]], None]]] = []
        takers.append((streams.stream_account(GlobalConfig, pdas.config()), self._take_config))
        for address in self._markets:
            feed = (await self._chain.read_market(address)).price_oracle
            book = books[address] = _Book(feed)
            in_market = [UserPosition.memcmp("market", address)]
            takers.append((streams.stream_account(PerpMarket, address), book.take_market))
            takers.append((streams.stream_account(PriceFeed, feed), book.take_feed))
            takers.append((streams.stream_program(UserPosition, in_market), book.take_position))
        for stream, _ in takers:
            await stack.enter_async_context(stream)
        self._streams, self._books = [stream for stream, _ in takers], books
        async with asyncio.TaskGroup() as group:
            for stream, take in takers:
                group.create_task(self._follow(stream, take))

    async def _follow(self, stream: Stream[Any], take: Callable[[AccountUpdate[Any]], None]) -> None:
        async for item in stream:
            if isinstance(item, AccountUpdate):
                take(item)
                self.changed.set()
            elif isinstance(item, Gap):
                self._log.warning("stream has a gap", stream=stream.name, reason=item.reason)

    def _take_config(self, update: AccountUpdate[Any]) -> None:
        self._config = update.account
