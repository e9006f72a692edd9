"""The jobs against the compiled programs on a chain."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from gdx_keepers.chain import SdkChain
from gdx_keepers.core.client_sender import ClientSender
from gdx_keepers.core.flights import FlightJournal
from gdx_keepers.core.metrics import Metrics
from gdx_keepers.errors import Fatal, Transient
from gdx_keepers.feeds import StaticSource
from gdx_keepers.jobs.funding import Funding
from gdx_keepers.jobs.liquidator import Liquidator
from gdx_keepers.jobs.oracle import Oracle
from gdx_keepers.jobs.premium import Premium
from gdx_keepers.jobs.pruner import Pruner
from solders.keypair import Keypair

from gdx_sdk import instructions as ix
from gdx_sdk import pdas
from gdx_sdk.accounts import FundingState, PerpMarket, PriceFeed, SettlementBatch, UserPosition
from tests.chain_lane import Lane
from tests.keepers.desk import Desk
from tests.keepers.exchange_world import ONE, PRICE_E6, SYMBOL, USDT, World, key, make_world, world_chain
from tests.keepers.keeper_fakes import Killed, Knife, silent_log

HOUR = 3_600


pytestmark = pytest.mark.chain


@pytest.fixture
async def world(lane: Lane) -> AsyncIterator[World]:
    with world_chain(lane) as chain:
        yield await make_world(chain=chain)


def sender_of(world: World, signer: Keypair) -> ClientSender:
    return ClientSender(world.client, signer, metrics=Metrics(), job="job", priority_fee=0)


async def position_of(world: World, person: Keypair) -> UserPosition:
    return await world.client.fetch(UserPosition, world.position(person))


# --- relayer -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [1, 2])
async def test_batches_settle_and_are_acknowledged(world: World, tmp_path: Path, version: int) -> None:
    alice, bob = await world.trader("alice", 1_000 * USDT), await world.trader("bob", 1_000 * USDT)
    desk = Desk(world, tmp_path)
    sealed = [desk.put([world.trade(alice, bob, ONE)], version) for _ in range(3)]
    await desk.drive(desk.relayer())
    assert desk.outbox.pending(world.market) == []
    settled = desk.outbox.settled(world.market)
    assert [item.batch for item in settled] == sealed
    for item in settled:
        record = await world.client.fetch(SettlementBatch, pdas.settlement_batch(item.batch.batch_id))
        assert (record.sequence, record.merkle_root) == (item.batch.sequence, item.batch.root)
        found = await world.client.get_transaction(item.signature)
        assert found is not None
        assert found["slot"] == item.slot
    assert (await position_of(world, alice)).size == 3 * ONE
    assert (await position_of(world, bob)).size == -3 * ONE


async def test_a_heartbeat_is_a_sequence_like_any_other(world: World, tmp_path: Path) -> None:
    desk = Desk(world, tmp_path)
    batch = desk.put([])
    await desk.drive(desk.relayer())
    assert (await world.client.fetch(PerpMarket, world.market)).last_batch_id == batch.batch_id


@pytest.mark.parametrize("version", [1, 2])
async def test_a_full_batch_goes_through_a_lookup_table_that_is_used_again(
    world: World, tmp_path: Path, version: int
) -> None:
    makers = await asyncio.gather(*(world.trader(f"maker{n}", 1_000 * USDT) for n in range(24)))
    taker = await world.trader("taker", 10_000 * USDT)
    desk = Desk(world, tmp_path)
    relayer = desk.relayer()
    for _ in range(2):
        desk.put([world.trade(taker, maker, ONE // 100) for maker in makers[:18]], version)
        await desk.drive(relayer)
    assert desk.outbox.pending(world.market) == []
    assert (await position_of(world, taker)).size == 36 * ONE // 100
    tables = (tmp_path / "tables.json").read_text()
    desk.put([world.trade(taker, maker, ONE // 100) for maker in makers[6:]], version)
    await desk.drive(desk.relayer())
    assert desk.outbox.pending(world.market) == [], "another process finds the table and extends it"
    assert (tmp_path / "tables.json").read_text() == tables


async def test_the_matcher_hears_which_trade_was_refused(world: World, tmp_path: Path) -> None:
    alice, bob = await world.trader("alice", 1_000 * USDT), await world.trader("bob", 10 * USDT)
    desk = Desk(world, tmp_path)
    batch = desk.put([world.trade(alice, bob, ONE // 10), world.trade(alice, bob, 5 * ONE)])
    await desk.drive(desk.relayer())
    refusal = desk.outbox.take_refusal(world.market)
    assert refusal is not None
    assert refusal.batch_id == batch.batch_id
    assert refusal.trade_or_entry_index == 1
    assert "InsufficientMargin" in refusal.reason
    assert (await world.client.fetch(PerpMarket, world.market)).last_batch_sequence == 0
    assert (await position_of(world, alice)).size == 0
    desk.outbox.withdraw_from(world.market, 1)
    desk.sequence, desk.previous_id = 0, bytes(32)
    desk.put([world.trade(alice, bob, ONE // 10)])
    await desk.drive(desk.relayer())
    assert (await position_of(world, alice)).size == ONE // 10


async def test_a_version_that_is_not_allowed_goes_back_to_be_built_anew(world: World, tmp_path: Path) -> None:
    alice, bob = await world.trader("alice", 1_000 * USDT), await world.trader("bob", 1_000 * USDT)
    desk = Desk(world, tmp_path)
    desk.put([world.trade(alice, bob, ONE)], version=1)
    await world.send(world.admin, ix.set_allowed_versions(world.admin.pubkey(), 2))
    await desk.drive(desk.relayer())
    refusal = desk.outbox.take_refusal(world.market)
    assert refusal is not None
    assert "BatchVersionNotAllowed" in refusal.reason
    assert refusal.trade_or_entry_index is None


async def test_a_pause_is_waited_out(world: World, tmp_path: Path) -> None:
    alice, bob = await world.trader("alice", 1_000 * USDT), await world.trader("bob", 1_000 * USDT)
    desk = Desk(world, tmp_path)
    desk.put([world.trade(alice, bob, ONE)])
    await world.send(world.admin, ix.set_pause_bits(world.admin.pubkey(), 1 << 2))
    with pytest.raises(Transient, match="SettlePaused"):
        await desk.drive(desk.relayer())
    await world.send(world.admin, ix.set_pause_bits(world.admin.pubkey(), 0))
    await desk.drive(desk.relayer())
    assert desk.outbox.pending(world.market) == []


async def test_an_unapproved_relayer_or_an_old_epoch_stops(world: World, tmp_path: Path) -> None:
    desk = Desk(world, tmp_path)
    desk.put([])
    with pytest.raises(Fatal, match="the active relayer is"):
        await desk.drive(desk.relayer(signer=key("stranger")))
    with pytest.raises(Fatal, match="the chain is at epoch 1"):
        await desk.drive(desk.relayer(epoch=7))


@pytest.mark.embedded_only("a validator's slots pass while one looks")
async def test_the_beat_follows_the_slots(world: World, tmp_path: Path) -> None:
    relayer = Desk(world, tmp_path).relayer(beat=5)
    assert (await relayer.run(await world.now())).actions == ("SendBeat",)
    assert (await relayer.run(await world.now())).is_idle
    world.chain.advance_slots(6)
    assert (await relayer.run(await world.now())).actions == ("SendBeat",)


async def count_steps(desk: Desk, knife: Knife) -> int:
    await desk.drive(desk.relayer(knife))
    return len(knife.steps)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.embedded_only(
    "how often a validator is asked until it confirms differs, so steps have no number"
)
async def test_killed_before_or_after_any_step_on_chain_nothing_is_lost_and_nothing_twice(
    world: World, tmp_path: Path, version: int
) -> None:
    """One batch per kill, all in one market, so that every batch also proves that the chain of ids holds."""
    alice, bob = await world.trader("alice", 100_000 * USDT), await world.trader("bob", 100_000 * USDT)
    desk = Desk(world, tmp_path)
    desk.put([world.trade(alice, bob, ONE)], version)
    knife = Knife()
    total = await count_steps(desk, knife)
    names = knife.steps
    assert {"record", "mark_settled", "forget"} <= set(names)
    bought = 1
    for kill_at in range(total):
        for is_after in (False, True):
            where = f"step {kill_at} {names[kill_at]}, {'after' if is_after else 'before'}"
            batch = desk.put([world.trade(alice, bob, ONE)], version)
            bought += 1
            with pytest.raises(Killed):
                await desk.drive(desk.relayer(Knife(kill_at, is_after)))
            await desk.drive(desk.relayer())
            market = await world.client.fetch(PerpMarket, world.market)
            assert (market.last_batch_sequence, market.last_batch_id) == (bought, batch.batch_id), where
            assert (await position_of(world, alice)).size == bought * ONE, where
            assert desk.outbox.pending(world.market) == [], where
            last = desk.outbox.last_settled(world.market)
            assert last is not None
            assert last.batch == batch
            assert last.signature, where
            assert FlightJournal(tmp_path / "flights").flights(world.market) == [], where


# --- oracle, funding, liquidation, pruning ---------------------------------------------------------------


async def test_three_publishers_make_a_price(world: World) -> None:
    world.chain.set_time(world.now_ts + 5)
    for number, publisher in enumerate(world.publishers):
        job = Oracle(
            f"oracle{number}",
            Metrics(),
            silent_log(),
            symbols=[SYMBOL],
            source=StaticSource({SYMBOL: 105 * USDT}),
            chain=SdkChain(world.client),
            sender=sender_of(world, publisher),
            min_change_bps=1,
            max_age_slots=1_000,
        )
        assert (await job.run(await world.now())).actions == ("PublishPrice",)
        assert (await job.run(await world.now())).is_idle
    feed = await world.client.fetch(PriceFeed, world.feed)
    assert feed.price_e6 == 105 * USDT


async def test_a_stranger_is_told_that_it_is_no_publisher(world: World) -> None:
    job = Oracle(
        "oracle",
        Metrics(),
        silent_log(),
        symbols=[SYMBOL],
        source=StaticSource({SYMBOL: 105 * USDT}),
        chain=SdkChain(world.client),
        sender=sender_of(world, key("stranger")),
        min_change_bps=1,
        max_age_slots=1_000,
    )
    with pytest.raises(Fatal, match="is not a publisher"):
        await job.run(await world.now())


@pytest.mark.embedded_only("the clock is moved by an hour")
async def test_premium_samples_lead_to_funding_after_the_hour(world: World, tmp_path: Path) -> None:
    alice, bob = await world.trader("alice", 10_000 * USDT), await world.trader("bob", 10_000 * USDT)
    desk = Desk(world, tmp_path)
    chain, markets = SdkChain(world.client), {world.market: SYMBOL}
    sender = sender_of(world, world.relayer)
    premium = Premium(
        "premium", Metrics(), silent_log(), markets=markets, every_s=60, chain=chain, sender=sender
    )
    funding = Funding("funding", Metrics(), silent_log(), markets=markets, chain=chain, sender=sender)
    for _ in range(3):
        world.chain.set_time(world.now_ts + 120)
        await world.publish(PRICE_E6)
        desk.put([world.trade(alice, bob, ONE, PRICE_E6 * 102 // 100)])
        await desk.drive(desk.relayer())
        await premium.run(await world.now())
        assert (await funding.run(await world.now())).is_idle
    state = await world.client.fetch(FundingState, pdas.funding_state(world.market))
    assert state.last_premium_e9 > 0
    world.chain.set_time(world.now_ts // HOUR * HOUR + HOUR + 1)
    await world.publish(PRICE_E6)
    assert (await funding.run(await world.now())).actions == ("UpdateFunding",)
    assert (await funding.run(await world.now())).is_idle
    market = await world.client.fetch(PerpMarket, world.market)
    assert market.funding_rate > 0
    assert market.funding_index > 0


@pytest.mark.embedded_only("the clock is moved by two hours")
async def test_an_hour_with_a_price_too_old_waits_for_a_new_one(world: World) -> None:
    chain, markets = SdkChain(world.client), {world.market: SYMBOL}
    funding = Funding(
        "funding",
        Metrics(),
        silent_log(),
        markets=markets,
        chain=chain,
        sender=sender_of(world, world.relayer),
    )
    world.chain.set_time(world.now_ts + 2 * HOUR)
    assert (await funding.run(await world.now())).is_idle
    await world.publish(PRICE_E6)
    assert (await funding.run(await world.now())).actions == ("UpdateFunding",)


async def test_a_price_move_leads_to_liquidation(world: World, tmp_path: Path) -> None:
    alice, bob = await world.trader("alice", 110 * USDT), await world.trader("bob", 10_000 * USDT)
    saver = await world.trader("saver", 10_000 * USDT)
    desk = Desk(world, tmp_path)
    desk.put([world.trade(alice, bob, 10 * ONE)])
    await desk.drive(desk.relayer())
    liquidator = Liquidator(
        "liquidator",
        Metrics(),
        silent_log(),
        markets={world.market: SYMBOL},
        chain=SdkChain(world.client),
        sender=sender_of(world, saver),
    )
    assert (await liquidator.run(await world.now())).is_idle
    await world.publish(PRICE_E6 * 93 // 100)
    assert (await liquidator.run(await world.now())).actions == ("Liquidate",)
    taken = await position_of(world, saver)
    assert 0 < taken.size < 10 * ONE
    assert (await position_of(world, alice)).size == 10 * ONE - taken.size
    assert (await liquidator.run(await world.now())).is_idle, "what is left is healthy again"


async def test_without_a_position_of_its_own_the_liquidator_stops_when_needed(
    world: World, tmp_path: Path
) -> None:
    alice, bob = await world.trader("alice", 110 * USDT), await world.trader("bob", 10_000 * USDT)
    desk = Desk(world, tmp_path)
    desk.put([world.trade(alice, bob, 10 * ONE)])
    await desk.drive(desk.relayer())
    liquidator = Liquidator(
        "liquidator",
        Metrics(),
        silent_log(),
        markets={world.market: SYMBOL},
        chain=SdkChain(world.client),
        sender=sender_of(world, key("stranger")),
    )
    await world.publish(PRICE_E6 * 93 // 100)
    with pytest.raises(Fatal, match="has no position there"):
        await liquidator.run(await world.now())


def pruner_of(world: World) -> Pruner:
    chain, sender = SdkChain(world.client), sender_of(world, world.admin)
    markets = {world.market: SYMBOL}
    return Pruner("pruner", Metrics(), silent_log(), markets=markets, chain=chain, sender=sender)


@pytest.mark.embedded_only("the clock is moved by a minute")
async def test_old_records_are_pruned_but_not_the_last(world: World, tmp_path: Path) -> None:
    desk = Desk(world, tmp_path)
    sealed = [desk.put([]) for _ in range(3)]
    await desk.drive(desk.relayer())
    pruner = pruner_of(world)
    assert (await pruner.run(await world.now())).is_idle
    world.chain.set_time(world.now_ts + 61)
    assert (await pruner.run(await world.now())).actions == ("PruneBatch", "PruneBatch")
    left = [world.account(pdas.settlement_batch(batch.batch_id)) is not None for batch in sealed]
    assert left == [False, False, True]
    assert (await pruner.run(await world.now())).is_idle


@pytest.mark.embedded_only("the clock is moved by two days")
async def test_records_of_a_closed_market_are_pruned_a_day_later(world: World, tmp_path: Path) -> None:
    """The market is still in the pruner's table, though its account is gone."""
    desk, admin = Desk(world, tmp_path), world.admin.pubkey()
    sealed = [desk.put([]) for _ in range(2)]
    await desk.drive(desk.relayer())
    world.chain.set_time(world.now_ts + 86_401)
    await world.publish(PRICE_E6)
    reason = ix.SettlingReason.SILENCE
    await world.send(world.admin, ix.start_settling(admin, world.market, reason, price_feed=world.feed))
    await world.send(world.admin, ix.close_funding(admin, world.market))
    await world.send(world.admin, ix.close_market(world.market, admin=admin, settlement_payer=admin))
    pruner = pruner_of(world)
    assert (await pruner.run(await world.now())).is_idle
    world.chain.set_time(world.now_ts + 61)
    assert (await pruner.run(await world.now())).actions == ("PruneBatch", "PruneBatch")
    assert all(world.account(pdas.settlement_batch(batch.batch_id)) is None for batch in sealed)
