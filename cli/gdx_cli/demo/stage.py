"""The demo's main loop: orders into the matcher, batches onto the chain, keepers at their pace."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from gdx_matcher.commands import Command, CutBatch, SetBatchVersion, SetMarketLimits, UpdatePrices
from gdx_matcher.events import Event, TradeBusted, TradeExecuted
from gdx_matcher.log import Disk
from gdx_matcher.recordings import Step
from gdx_matcher.recordings.actions import PriceKind
from gdx_matcher.shard import Shard

from gdx_cli.demo.flow import Flow, merge
from gdx_cli.demo.follower import Follower
from gdx_cli.demo.keepers import Keepers, Prices
from gdx_cli.demo.pace import Pace
from gdx_cli.demo.progress import Progress
from gdx_cli.demo.world import DemoMarket, World
from gdx_sdk import instructions as ix

TEND_EVERY_MS = 120_000
VALIDATOR_SLOWNESS = 4
ENGINE_BAND_BPS = 450
"""The matcher keeps a little inside the program's band, because the oracle may move before a batch lands."""


class GroupDisk(Disk):
    """Group commit: one sync for all commands since the last `flush`, which comes before anything is sent."""

    def __init__(self) -> None:
        self._unsynced: set[int] = set()

    def sync(self, descriptor: int) -> None:
        """Note that the file needs a sync."""
        self._unsynced.add(descriptor)

    def flush(self) -> None:
        """Sync what was written since the last time."""
        for descriptor in self._unsynced:
            super().sync(descriptor)
        self._unsynced.clear()


@dataclass(frozen=True, slots=True)
class Interlude:
    """Something that is done once, after so many trades in all or at a time, whichever comes first."""

    run: Callable[[], Awaitable[None]]
    at_trades: int
    at_ms: int | None = None

    def is_due(self, trades: int, now_ms: int) -> bool:
        """Whether its moment has come."""
        return trades >= self.at_trades or (self.at_ms is not None and now_ms >= self.at_ms)


@dataclass(slots=True)
class Stage:
    """Holds the parts together; `trades` are those matched and not busted."""

    world: World
    shard: Shard
    keepers: Keepers
    follower: Follower
    prices: Prices
    progress: Progress
    disk: GroupDisk
    matcher_seconds: float = 0.0
    is_synthetic: dict[tuple[int, int], bool] = field(default_factory=dict)
    pace: Pace = field(default_factory=Pace)
    _tended_ms: int = 0
    _now_ms: int = 0

    @property
    def trades(self) -> int:
        """Trades matched and not busted."""
        return len(self.is_synthetic)

    @property
    def is_late(self) -> bool:
        """Whether the recording is further than the chain's clock can go."""
        clock = self.world.chain.clock
        return clock.stamp(self._now_ms) < self._now_ms

    def submit(self, command: Command, now_ms: int) -> list[Event]:
        """Into the shard, with the time it took."""
        at_ms = self.world.chain.clock.stamp(now_ms)
        started = time.perf_counter()
        events = self.shard.submit(command, at_ms)
        self.matcher_seconds += time.perf_counter() - started
        return events

    async def open_markets(self) -> None:
        """Prices and limits before the first order."""
        for market in self.world.markets:
            self.prices.by_symbol_e6[market.symbol] = market.price_e6
            limits = SetMarketLimits(market.index, price_band_bps=ENGINE_BAND_BPS)
            self.submit(limits, self.world.chain.now_ms)
        await self.tick(self.world.chain.now_ms)

    async def play(
        self, flows: Sequence[Flow], *, is_synthetic: Sequence[bool], interludes: Sequence[Interlude] = ()
    ) -> None:
        """Run flows until the first has ended, with each interlude when it is due, or at the end."""
        ahead = list(interludes)
        synthetic = {flow.market_index: flag for flow, flag in zip(flows, is_synthetic, strict=True)}
        for market_index, step in merge(flows):
            self._count(market_index, step, is_synthetic=synthetic[market_index])
            self._now_ms = step.at_ms
            while ahead and ahead[0].is_due(self.trades, step.at_ms):
                await ahead.pop(0).run()
            if self.pace.is_due(step.at_ms, self.trades, self.prices.by_symbol_e6):
                await self.tick(step.at_ms)
                self._show(flows)
        await self.drain()
        for interlude in ahead:
            await interlude.run()

    def cut(self) -> None:
        """Seal what is open."""
        for market in self.world.markets:
            self.submit(CutBatch(market.index), self._now_ms)

    def go_on(self, keepers: Keepers) -> None:
        """Another chain goes on from here: new keepers, and a follower that has seen nothing of it."""
        self.keepers, self.pace = keepers, Pace(VALIDATOR_SLOWNESS)
        self.follower.start_over()

    async def tick(self, now_ms: int) -> None:
        """Chain time, prices, settlement, and what keepers do at leisure.

        Nothing is settled before the chain's clock has reached the trades: the program refuses a batch from
        the future.
        """
        self._now_ms = now_ms = max(now_ms, self._now_ms, self.world.chain.now_ms)
        self.pace.turned(now_ms, self.trades, self.prices.by_symbol_e6)
        if self.world.chain.clock.is_running:  # the matcher's batches age with that clock: too slowly
            self.cut()
        self.disk.flush()  # before anything leaves the process
        await self.world.chain.move_to(now_ms)
        await self.keepers.publish()
        for market in self.world.markets:
            self.submit(UpdatePrices(market.index, self.prices.by_symbol_e6[market.symbol]), now_ms)
        await self.settle()
        if now_ms >= self._tended_ms + TEND_EVERY_MS:
            self._tended_ms = now_ms
            await self.keepers.tend()
            await self.follower.follow()

    async def wait(self, ms: int) -> None:
        """Let so much time pass."""
        await self.world.chain.wait(ms)
        await self.tick(self.world.chain.now_ms + ms)

    async def settle(self) -> None:
        """Settle what is sealed, bust what the chain refuses, until the outbox is empty."""
        while self.has_pending():
            await self.keepers.settle()
            await self.follower.follow()
            busted = [
                event
                for event in self.shard.handle_refusals(self.world.chain.chain_ms)
                if isinstance(event, TradeBusted)
            ]
            for event in busted:
                self.is_synthetic.pop((event.market_index, event.trade_id), None)
            self.world.chain.report.busts += len(busted)

    def has_pending(self) -> bool:
        """Whether a sealed batch waits."""
        return any(self.shard.outbox.pending(market.address) for market in self.world.markets)

    async def drain(self) -> None:
        """Cut what is open and settle everything."""
        self.cut()
        await self.tick(self._now_ms)
        await self.follower.follow()

    async def flip_versions(self) -> None:
        """Live from V1 to V2: seal and settle the last V1 batch, flip the mask, go on."""
        world = self.world
        for market in world.markets:
            self.submit(SetBatchVersion(market.index, 2), self._now_ms)
        await self.tick(self._now_ms)
        admin = world.admin
        await world.chain.send("set_allowed_versions", [ix.set_allowed_versions(admin.pubkey(), 2)], [admin])
        self.progress.stage(f"batches flipped from V1 to V2 after {self.trades:,} trades")

    def price_of(self, market: DemoMarket) -> int:
        """The source's last price."""
        return self.prices.by_symbol_e6[market.symbol]

    def _count(self, market_index: int, step: Step, *, is_synthetic: bool) -> None:
        for trade in step.trades:
            self._note(trade, is_synthetic)
        if step.price is not None and step.price.kind is not PriceKind.MARK:
            self.prices.by_symbol_e6[self.world.markets[market_index].symbol] = step.price.price_e6

    def _note(self, trade: TradeExecuted, is_synthetic: bool) -> None:
        self.is_synthetic[trade.market_index, trade.trade_id] = is_synthetic

    def _show(self, flows: Sequence[Flow]) -> None:
        report = self.world.chain.report
        orders = sum(flow.replayer.stats.orders for flow in flows)
        prices = "  ".join(
            f"{market.symbol} {self.price_of(market) / 10**6:,.2f}" for market in self.world.markets
        )
        self.progress.update(
            f"{orders:,} orders  {self.trades:,} trades  V1 {report.batches_v1}  V2 {report.batches_v2}  "
            f"funding {report.funding_periods}  liquidations {report.liquidations}  {prices}"
        )
