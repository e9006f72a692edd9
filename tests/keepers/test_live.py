"""The liquidator on streams: what they tell is what the chain says, and a price wakes it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from gdx_keepers.chain import SdkChain
from gdx_keepers.core.clock import ChainClock
from gdx_keepers.core.health import Health
from gdx_keepers.core.metrics import Metrics
from gdx_keepers.core.runner import Runner
from gdx_keepers.jobs.liquidator import Liquidator, MarketScan
from gdx_keepers.live import LiveMarkets
from solders.keypair import Keypair

from gdx_sdk import instructions as ix
from gdx_sdk.accounts import PerpMarket
from gdx_sdk.client import Client
from tests.chain_lane import Lane, RemoteChain
from tests.keepers.desk import Desk
from tests.keepers.exchange_world import (
    ONE,
    PRICE_E6,
    SYMBOL,
    USDT,
    InProcess,
    World,
    key,
    make_world,
    world_genesis,
)
from tests.keepers.keeper_fakes import silent_log
from tests.keepers.test_jobs_on_chain import position_of, sender_of
from tests.sdk.streams.chaos_proxy import ChaosProxy

pytestmark = pytest.mark.chain
PATIENCE_SECONDS = 60
BREAKS = ("truncate", "garbage", "close", "abort")


@pytest.fixture
async def world(lane: Lane, tmp_path: Path) -> AsyncIterator[World]:
    """Alice is long 10 SOL at 100 with 110 USDT of collateral; `saver` can take over."""
    with lane.start(world_genesis()) as chain:
        world = await make_world(chain=chain)
        alice, bob = await world.trader("alice", 110 * USDT), await world.trader("bob", 10_000 * USDT)
        await world.trader("saver", 10_000 * USDT)
        desk = Desk(world, tmp_path)
        desk.put([world.trade(alice, bob, 10 * ONE)])
        await desk.drive(desk.relayer())
        yield world


class Following:
    """`LiveMarkets` of a client of its own, whose transport tells what it was asked for."""

    def __init__(self, world: World, ws_url: str | None = None) -> None:
        assert isinstance(world.chain, RemoteChain)
        self.world, self.metrics = world, Metrics()
        self.transport = InProcess(world.chain)
        self.client = Client(self.transport, ws_url=ws_url or world.chain.ws_url)
        self.chain = SdkChain(self.client)
        self.live = LiveMarkets(
            "liquidator",
            self.metrics,
            silent_log(),
            client=self.client,
            chain=self.chain,
            markets=[world.market],
        )

    async def until_live(self) -> None:
        async def is_live() -> bool:
            return self.live.is_live

        await until(is_live)

    async def scan(self, chain: Any, liquidator: Keypair) -> list[tuple[Any, ...]]:
        """What that chain says of the market now, with the positions in one order."""
        now = await self.world.now()
        found: list[MarketScan] = await chain.scan([self.world.market], liquidator.pubkey(), now)
        return [(one.view, sorted(one.positions, key=lambda it: bytes(it.address)), one.own) for one in found]

    async def agrees(self) -> None:
        """Wait until streams and chain say the same."""

        async def holds() -> bool:
            if not self.live.is_live:
                return False
            return await self.scan(self.live, key("saver")) == await self.scan(self.chain, key("saver"))

        await until(holds)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for it."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await holds():  # noqa: ASYNC110 - the chain sets no event of ours
            await asyncio.sleep(0.02)


@asynccontextmanager
async def following(world: World, ws_url: str | None = None) -> AsyncIterator[Following]:
    it = Following(world, ws_url)
    async with it.client, it.live:
        yield it


async def test_streams_say_what_the_chain_says_after_every_change(world: World, tmp_path: Path) -> None:
    async with following(world) as it:
        await it.agrees()
        (before,) = await it.scan(it.live, key("saver"))
        await world.publish(PRICE_E6 * 104 // 100)
        await it.agrees()
        (after,) = await it.scan(it.live, key("saver"))
        assert (before[0].price_e6, after[0].price_e6) == (PRICE_E6, PRICE_E6 * 104 // 100)
        carol = await world.trader("carol", 5_000 * USDT)
        desk = Desk(world, tmp_path)
        market = await world.client.fetch(PerpMarket, world.market)
        desk.sequence, desk.previous_id = market.last_batch_sequence, market.last_batch_id
        desk.put([world.trade(carol, key("bob"), -ONE)])
        await desk.drive(desk.relayer())
        await it.agrees()
        (traded,) = await it.scan(it.live, key("saver"))
        assert len(traded[1]) == len(before[1]) + 1
        await world.send(world.admin, ix.set_pause_bits(world.admin.pubkey(), 1 << 3))
        await it.agrees()
        (paused,) = await it.scan(it.live, key("saver"))
        assert (before[0].is_liquidation_allowed, paused[0].is_liquidation_allowed) == (True, False)


async def test_what_streams_know_is_not_asked_for(world: World) -> None:
    async with following(world) as it:
        await it.agrees()
        it.transport.calls.clear()
        await it.scan(it.live, key("saver"))
        assert it.transport.calls == []
        assert it.metrics.value("gdx_keeper_live", job="liquidator") == 1
        now = await world.now()
        await it.live.scan([world.market], key("saver").pubkey(), now, must_read=True)
        assert "getProgramAccounts" in it.transport.calls


async def test_a_price_wakes_the_liquidator(world: World) -> None:
    """It would look again in an hour."""
    async with following(world) as it:
        await it.until_live()
        liquidator = Liquidator(
            "liquidator",
            it.metrics,
            silent_log(),
            markets={world.market: SYMBOL},
            chain=it.live,
            sender=sender_of(world, key("saver")),
            wake=it.live.changed,
        )
        liquidator.poll_ms = 3_600_000
        runner = Runner([liquidator], ChainClock(it.chain), it.metrics, Health(), silent_log())
        running = asyncio.create_task(runner.run_forever())
        await asyncio.sleep(0.2)
        assert (await position_of(world, key("saver"))).size == 0
        await world.publish(PRICE_E6 * 93 // 100)

        async def has_taken_over() -> bool:
            return (await position_of(world, key("saver"))).size != 0

        await until(has_taken_over)
        runner.stop()
        (summary,) = await running
        assert (summary.actions, summary.errors) == (1, 0)


async def test_without_a_socket_the_chain_is_polled(world: World) -> None:
    async with following(world, "ws://127.0.0.1:9") as it:
        assert await it.scan(it.live, key("saver")) == await it.scan(it.chain, key("saver"))
        assert not it.live.is_live
        assert it.metrics.value("gdx_keeper_live", job="liquidator") == 0


async def test_a_socket_that_breaks_again_and_again_leaves_no_lie(world: World) -> None:
    """At any time what is said is what the chain says, or the chain is asked."""
    assert isinstance(world.chain, RemoteChain)
    seed = random.randrange(2**32)
    print("seed", seed)
    proxy = ChaosProxy(world.chain.ws_url, random.Random(seed), ways=BREAKS, probability=0.2)
    async with proxy.serving(), following(world, proxy.url) as it:
        await it.until_live()
        proxy.is_calm = False
        step = 0
        while proxy.done.total() < 3:
            step += 1
            await world.publish(PRICE_E6 + step * 10_000)
            await asyncio.sleep(0.01)  # `InProcess` never waits, and the proxy wants its turn
        proxy.is_calm = True
        await world.publish(PRICE_E6 * 93 // 100)
        await it.agrees()
        (found,) = await it.scan(it.live, key("saver"))
        assert found[0].price_e6 == PRICE_E6 * 93 // 100
