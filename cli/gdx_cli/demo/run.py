"""Runs the demo from an empty chain to its proofs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain as joined
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from gdx_matcher.recordings import AccountSpread, RecordingKind, Replayer
from gdx_matcher.recordings.actions import Action, OrderTaken
from gdx_matcher.shard import Shard
from gdx_matcher.synthetic import epilogue, synthetic_market

from gdx_cli.demo.actors import deposit_through_session, withdraw_collateral
from gdx_cli.demo.chain import DemoChain
from gdx_cli.demo.flow import Flow, first_time_ms
from gdx_cli.demo.follower import Follower
from gdx_cli.demo.host import Host
from gdx_cli.demo.keepers import Keepers, Prices, confidence_e6
from gdx_cli.demo.options import DemoOptions
from gdx_cli.demo.progress import Progress
from gdx_cli.demo.proofs import Proofs
from gdx_cli.demo.report import DemoReport, KeptChain
from gdx_cli.demo.source import Source, open_source
from gdx_cli.demo.stage import GroupDisk, Interlude, Stage
from gdx_cli.demo.world import BAND_BPS, USDT, DemoMarket, World
from gdx_sdk import instructions as ix
from gdx_sdk import pdas
from gdx_sdk.accounts import GlobalConfig
from gdx_sdk.programs import PROGRAM_IDS
from gdx_sdk.units import BPS, SIZE_SCALE, Side

SECOND_SYMBOL = "ETH-PERP"
SECOND_PRICE_E6 = 3_000 * 10**6
SECOND_TAKERS_PER_HOUR = 40
SECOND_MARKET_TRADES = 250
VICTIM_KEY = "victim"
VICTIM_NOTIONAL_ATOMS = 40_000 * USDT
VICTIM_COLLATERAL_ATOMS = 2_800 * USDT  # 7 %: above the initial 5 %, gone after a fall of 4.5 %
EPILOGUE_FALL_BPS = 600
EPILOGUE_MS = 66 * 60_000
SHORT_EPILOGUE_MS = 20 * 60_000
HOUR_MS = 3_600_000
LONGEST_MS = 3 * 24 * HOUR_MS
"""The second market keeps a recording company for this long at most."""


class DemoAccounts(AccountSpread):
    """Venue orders over our makers and takers; the victim's order is the victim's."""

    def __init__(self, world: World) -> None:
        super().__init__(world.makers, world.takers)
        self.victim: int | None = None

    def taker(self, key: str) -> int:
        """Account of an aggressor."""
        if key == VICTIM_KEY and self.victim is not None:
            return self.victim
        return super().taker(key)


@dataclass(slots=True)
class Demo:
    """One run. `run` leaves the report filled; the chain is stopped unless it is to be kept."""

    options: DemoOptions
    progress: Progress
    report: DemoReport

    async def run(self) -> list[str]:
        """The whole demo; returns why proofs failed, nothing when all hold."""
        started = time.perf_counter()
        source = open_source(self.options)
        directory = Path(mkdtemp(prefix="gdx-demo-"))
        host = Host(self.options, directory)
        is_kept = False
        try:
            self.progress.stage("starting the embedded chain and deploying five programs")
            await host.start()
            failures = await self._run(host, source, directory)
            is_kept = self.options.keep
        finally:
            await host.close(keep=is_kept)
            if not is_kept:
                rmtree(directory, ignore_errors=True)
        self.report.seconds = time.perf_counter() - started
        if is_kept:  # the chain lives on, with its log and the matcher's files
            self.report.kept = KeptChain(host.handle.url, host.handle.pid, str(directory))
        return failures

    async def _run(self, host: Host, source: Source, directory: Path) -> list[str]:
        report = self.report
        report.recording, report.seed, report.engine = (
            source.description,
            self.options.seed,
            self.options.engine,
        )
        stage = await self._set_up(host, source, directory)
        world = stage.world
        accounts = DemoAccounts(world)
        replayers = _replayers(stage, accounts)
        await self._play_source(host, stage, replayers, source)
        await deposit_through_session(world, world.named("taker 0"), 25_000 * USDT)
        await withdraw_collateral(stage, world.named("maker 0"), world.markets[1], 1_000_000 * USDT)
        await self._play_epilogue(stage, replayers[0], accounts, source)
        self.progress.stage("proving")
        proofs = Proofs(world, stage.shard, stage.shard.outbox, stage.follower, [])
        report.proofs = await proofs.run(stage.trades)
        await self._close_report(stage, replayers)
        return proofs.failures

    async def _set_up(self, host: Host, source: Source, directory: Path) -> Stage:
        """The exchange, its people, and the matcher that trades for them."""
        chain = DemoChain(host.client, self.report, host.clock)
        await chain.clock.start(host.client)
        markets = [
            DemoMarket(0, source.symbol, source.price_e6),
            DemoMarket(1, SECOND_SYMBOL, SECOND_PRICE_E6),
        ]
        world = World(chain, host.handle.keys["authority"], markets)
        self.progress.stage("creating mint, vault, configuration, feeds and two markets")
        await world.build()
        self.progress.stage("funding traders and opening their positions")
        await world.add_traders()
        await chain.move_to(chain.now_ms + 1_000)
        disk = GroupDisk()
        shard = Shard(directory / "matcher", [market.config() for market in markets], disk=disk)
        prices, follower = Prices(), Follower(world, shard)
        config = await host.client.fetch(GlobalConfig, pdas.config())
        keepers = Keepers(world, shard.outbox, directory, prices, config.relayer_epoch)
        stage = Stage(world, shard, keepers, follower, prices, self.progress, disk)
        await follower.follow()
        await stage.open_markets()
        return stage

    async def _move_to_validator(self, host: Host, stage: Stage) -> None:
        """Go on where the embedded chain stands, at the present time."""
        if not stage.is_late:
            await stage.drain()
            await stage.keepers.tend()
        self.progress.stage("preloading the accounts into solana-test-validator")
        await host.move_to_validator(stage.world)
        config = await host.client.fetch(GlobalConfig, pdas.config())
        keepers = Keepers(
            stage.world,
            stage.shard.outbox,
            host.handle.log_path.parent,
            stage.prices,
            config.relayer_epoch,
        )
        stage.go_on(keepers)
        await self._publish_anew(stage)
        self.report.notes += [
            f"the set-up and the first {stage.trades} trades were settled on an embedded chain whose clock "
            "stood in the hour before; its accounts were preloaded into the validator",
            "a validator's clock cannot be moved: recorded times are rebased to now, each action to the "
            "second in which it was replayed; the hour before is what funding was paid for",
        ]

    async def _publish_anew(self, stage: Stage) -> None:
        """Every publisher's price once more: those there are of the hour before, at another chain's slots."""
        world, prices = stage.world, stage.prices.by_symbol_e6
        steps = [
            ix.publish_price(
                key.pubkey(),
                market.feed,
                price_e6=prices[market.symbol],
                confidence_e6=confidence_e6(prices[market.symbol]),
                publish_ts=world.chain.chain_ms // 1_000,
            )
            for market in world.markets
            for key in world.publishers
        ]
        await world.chain.send("", steps, world.publishers)

    async def _play_source(self, host: Host, stage: Stage, replayers: list[Replayer], source: Source) -> None:
        self.progress.stage(f"replaying {source.title}")
        first_ms, actions = first_time_ms(source.actions())
        start_ms = stage.world.chain.now_ms + 1_000
        cap = self.options.source_trades
        flows = [
            Flow(
                0,
                replayers[0],
                actions,
                source.kind,
                is_synthetic=source.is_synthetic,
                offset_ms=start_ms - first_ms,
                max_trades=cap,
            ),
            self._second_market(replayers[1], start_ms),
        ]
        interludes = [Interlude(stage.flip_versions, min(cap, 500) // 2)]
        if self.options.is_validator:
            interludes.insert(0, host.interlude(lambda: self._move_to_validator(host, stage)))
        await stage.play(flows, is_synthetic=[source.is_synthetic, True], interludes=interludes)

    def _second_market(self, replayer: Replayer, start_ms: int) -> Flow:
        company = synthetic_market(
            self.options.seed + 1,
            price_e6=SECOND_PRICE_E6,
            start_ms=start_ms,
            duration_ms=LONGEST_MS,
            takers_per_hour=SECOND_TAKERS_PER_HOUR,
        )
        return Flow(
            1,
            replayer,
            company,
            RecordingKind.ORDERS,
            is_synthetic=True,
            max_trades=SECOND_MARKET_TRADES,
        )

    async def _play_epilogue(
        self, stage: Stage, replayer: Replayer, accounts: DemoAccounts, source: Source
    ) -> None:
        """A funding period if there was none, the trades that are missing, and a fall that liquidates."""
        world, market = stage.world, stage.world.markets[0]
        self.progress.stage("synthetic epilogue: a fall in price, and what the source was too short for")
        victim = await world.add_trader(VICTIM_KEY, VICTIM_COLLATERAL_ATOMS, 10 * VICTIM_COLLATERAL_ATOMS)
        accounts.victim = victim.account
        await stage.follower.follow()
        start_ms = world.chain.now_ms + 1_000
        duration_ms = SHORT_EPILOGUE_MS if self.report.funding_periods else EPILOGUE_MS
        missing = max(self.options.total_trades - stage.trades, 40)
        price_e6 = stage.price_of(market)
        fall = epilogue(
            self.options.seed + 2,
            start_ms=start_ms,
            price_e6=price_e6,
            target_e6=price_e6 - price_e6 * EPILOGUE_FALL_BPS // BPS,
            tick_e6=source.tick_e6,
            lot_e8=source.lot_e8,
            duration_ms=duration_ms,
            takers_per_hour=missing * HOUR_MS // duration_ms + 1,
        )
        size_e8 = max(VICTIM_NOTIONAL_ATOMS * SIZE_SCALE // price_e6 // source.lot_e8, 1) * source.lot_e8
        order = OrderTaken(start_ms + 1, VICTIM_KEY, Side.BUY, price_e6 * 1_005 // 1_000, size_e8)
        flow = Flow(0, replayer, _inserted(fall, order), RecordingKind.ORDERS, is_synthetic=True)
        await stage.play([flow], is_synthetic=[True])

    async def _close_report(self, stage: Stage, replayers: list[Replayer]) -> None:
        report, source_stats = self.report, replayers[0].stats
        report.orders = sum(replayer.stats.orders for replayer in replayers)
        report.trades_synthetic = sum(stage.is_synthetic.values())
        report.trades_recorded = stage.trades - report.trades_synthetic
        report.venue_known, report.venue_reproduced = source_stats.known, source_stats.reproduced
        report.venue_unknown, report.venue_off_book = source_stats.unknown, dict(source_stats.off_book)
        for replayer in replayers:
            report.refusals += replayer.stats.refused
        report.mismatch_count = source_stats.mismatch_count
        report.mismatches = [
            {
                "at_ms": mismatch.at_ms,
                "venue_maker": mismatch.venue_maker,
                "our_front": mismatch.our_front,
                "price_e6": mismatch.price_e6,
                "size_e8": mismatch.size_e8,
                "reason": mismatch.reason,
            }
            for mismatch in source_stats.mismatches
        ]
        report.matcher_seconds = stage.matcher_seconds
        for program in PROGRAM_IDS.values():
            options = {"encoding": "base64", "dataSlice": {"offset": 0, "length": 0}}
            found = await stage.world.chain.client.rpc("getProgramAccounts", [str(program), options])
            report.rent_lamports += sum(entry["account"]["lamports"] for entry in found)


def _replayers(stage: Stage, accounts: DemoAccounts) -> list[Replayer]:
    return [
        Replayer(
            stage.submit,
            accounts,
            price_e6=market.price_e6,
            market_index=market.index,
            band_bps=BAND_BPS // 2,
            first_order_id=market.index * 2**48 + 1,
        )
        for market in stage.world.markets
    ]


def _inserted(actions: Iterator[Action], order: OrderTaken) -> Iterator[Action]:
    """`order` among `actions` at its time."""
    for action in actions:
        if action.at_ms >= order.at_ms:
            yield from joined([order, action], actions)
            return
        yield action
    yield order
