"""The SDK against the compiled programs on a chain, over HTTP: what it builds is accepted, what it
reads is true, and its maths gives the accounts that the programs leave behind.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from gdx_localnet.fixture import mint_account, token_account
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from gdx_sdk import instructions as ix
from gdx_sdk import math, pdas, programs
from gdx_sdk.accounts import (
    Collateral,
    GlobalConfig,
    MarketPool,
    PerpMarket,
    SettlementBatch,
    UserPosition,
    VaultState,
    market_state,
    position_state,
)
from gdx_sdk.batch import (
    ZERO_ID,
    SealedBatch,
    Trade,
    merkle_proof,
    seal_batch,
    seal_heartbeat,
    verify_batch,
    verify_chain,
    verify_fill,
)
from gdx_sdk.client import Client, LookupTables
from gdx_sdk.errors import ProgramError, ProofError
from gdx_sdk.errors.programs import position_mgmt as refusals
from gdx_sdk.events import events_in_transaction, position_mgmt
from gdx_sdk.instructions import CreateConfigArgs, FeedLimits, MarketParams, WithdrawLimit
from gdx_sdk.math import MarketState, PositionState
from gdx_sdk.tx import Signer
from gdx_sdk.units import Side
from tests.chain_lane import Genesis, Lane, RemoteChain, program_files, wallet

pytestmark = pytest.mark.chain

SYMBOL, PRICE_E6 = "BTC-PERP", 96_500_000_000
TAKER_PPM, MAKER_PPM = 500, -100
ADMIN, RELAYER = (Signer(Keypair.from_seed(bytes([n]) * 32)) for n in (1, 2))
PUBLISHERS = [Signer(Keypair.from_seed(bytes([10 + n]) * 32)) for n in range(3)]
TRADERS = [Signer(Keypair.from_seed(bytes([20 + n]) * 32)) for n in range(3)]
MINT = Pubkey(b"\x4d" * 32)
MARKET, FEED = pdas.market(SYMBOL), pdas.price_feed(SYMBOL)
POSITIONS = [pdas.position(trader.pubkey, MARKET) for trader in TRADERS]
DEPOSIT, MARGIN = 20_000_000_000, 10_000_000_000
PARAMS = MarketParams(20, 500, 250, MAKER_PPM, TAKER_PPM, 5_000, 200, 1, 10**12, 10**13, 10**12)
CONFIG = CreateConfigArgs(ADMIN.pubkey, ADMIN.pubkey, RELAYER.pubkey, 3, 1, 0, 8, 2, 60, 10**9, 1_000, 1_000)


@dataclass
class World:
    """A chain with a market that trades, and the client to it."""

    client: Client
    chain: RemoteChain

    @property
    def now_ms(self) -> int:
        """The chain's time."""
        return self.chain.now_ts() * 1_000

    async def settle(self, batch: SealedBatch, *, relayer: Signer = RELAYER, epoch: int | None = None) -> str:
        config = await self.client.fetch(GlobalConfig, pdas.config())
        used = config.relayer_epoch if epoch is None else epoch
        instruction = ix.settle_batch(relayer.pubkey, batch, relayer_epoch=used, price_feed=FEED)
        return (await self.client.send([instruction], [relayer])).signature

    async def states(self) -> tuple[list[PositionState], MarketState]:
        found = await self.client.fetch_multiple(UserPosition, POSITIONS)
        market = await self.client.fetch(PerpMarket, MARKET)
        pool = await self.client.fetch(MarketPool, pdas.market_pool(MARKET))
        return [position_state(position) for position in found if position], market_state(market, pool)

    async def publish(self, price_e6: int) -> None:
        now = await self.client.get_time()
        for publisher in PUBLISHERS:
            instruction = ix.publish_price(
                publisher.pubkey, FEED, price_e6=price_e6, confidence_e6=price_e6 // 2_000, publish_ts=now
            )
            await self.client.send([instruction], [publisher])


def genesis() -> Genesis:
    accounts = {signer.pubkey: wallet() for signer in (ADMIN, RELAYER, *PUBLISHERS, *TRADERS)}
    accounts[MINT] = mint_account(10**15, 6, ADMIN.pubkey)
    for trader in TRADERS:
        token = pdas.associated_token(trader.pubkey, MINT)
        accounts[token] = token_account(MINT, trader.pubkey, DEPOSIT)
    return Genesis(program_files(), ADMIN.pubkey, accounts)


async def set_up(world: World) -> None:
    client = world.client
    me, limit = ADMIN.pubkey, WithdrawLimit(10**13, 10**9, 3_600)
    roles = {"admin": me, "guardian": me, "fee_recipient": me}
    limits = FeedLimits(200, 2_000, 300, 3_600)
    feed = {"authority": me, "publishers": [p.pubkey for p in PUBLISHERS], "min_publishers": 3}
    market = ix.create_market(me, SYMBOL, PARAMS, base_asset="BTC", fee_recipient=me)
    steps = [
        ix.create_vault(me, MINT, **roles, withdraw_limit=limit, delay_s=0),
        ix.create_feed(me, SYMBOL, **feed, limits=limits, delay_s=0),  # type: ignore[arg-type]
        ix.create_config(me, CONFIG),
        market,
        ix.create_funding(me, MARKET, max_rate_e9=1_000_000),
    ]
    for step in steps:
        await client.send([step], [ADMIN])
    await world.publish(PRICE_E6)
    for trader in TRADERS:
        key = trader.pubkey
        await client.send([ix.open_account(key), ix.deposit(key, DEPOSIT, quote_mint=MINT)], [trader])
        opening = [ix.open_position(key, MARKET, leverage=10), ix.add_collateral(key, MARKET, MARGIN)]
        await client.send(opening, [trader])


@pytest.fixture
async def world(lane: Lane) -> AsyncIterator[World]:
    with lane.start(genesis()) as chain:
        async with Client(chain.url) as client:
            ready = World(client, chain)
            await set_up(ready)
            yield ready


def trade(number: int, taker: int, maker: int, side: Side, price_e6: int, size_e8: int, at_ms: int) -> Trade:
    notional = math.notional_atoms(price_e6, size_e8)
    fees = math.fee_atoms(notional, TAKER_PPM), math.fee_atoms(notional, MAKER_PPM)
    return Trade(number, MARKET, POSITIONS[taker], POSITIONS[maker], side, price_e6, size_e8, *fees, at_ms)


def six_trades(world: World, first_id: int) -> list[Trade]:
    now = world.now_ms - 2_000
    rows = [
        (0, 1, Side.BUY, PRICE_E6, 1_234_567),
        (2, 1, Side.BUY, PRICE_E6 + 10_000_001, 700_001),
        (1, 0, Side.BUY, PRICE_E6 - 9_999_999, 2_000_003),
        (2, 0, Side.SELL, PRICE_E6, 1_500_000),
        (0, 2, Side.BUY, PRICE_E6 + 1, 33),
        (1, 2, Side.SELL, PRICE_E6, 1),
    ]
    return [trade(first_id + place, *row, now + 10 * place) for place, row in enumerate(rows)]


def after_v1(trades: list[Trade], positions: list[PositionState], market: MarketState) -> None:
    """Apply trades one by one, in place, as the program does."""
    sides = [position.side for position in positions]
    touched = set()
    for one in trades:
        for key, sign, fee in (
            (one.buyer, 1, one.buyer_fee_atoms),
            (one.seller, -1, one.seller_fee_atoms),
        ):
            who = POSITIONS.index(key)
            state = math.touch(positions[who], market)
            state = math.fill(*state, sign * one.size_e8, sign * one.notional_atoms)
            positions[who], market = math.charge_fee(*state, fee)
            touched.add(who)
    for who in touched:
        positions[who], market = math.settle_overdraft(positions[who], market, closed_side=sides[who])


async def test_batches_settle_and_leave_what_the_maths_says(world: World) -> None:
    client = world.client
    positions, market = await world.states()
    first = seal_batch(1, MARKET, 1, ZERO_ID, six_trades(world, 1))
    signature = await world.settle(first)
    after_v1(list(first.trades), positions, market)
    found, after = await world.states()
    assert found == positions
    assert after.book_value_atoms == after.locked_atoms == 3 * MARGIN

    record = await client.fetch(SettlementBatch, pdas.settlement_batch(first.batch_id))
    assert (record.merkle_root, record.trade_count, record.sequence) == (first.root, 6, 1)
    verify_batch(first.trades, first)
    leaves = [one.leaf() for one in first.trades]
    verify_fill(first.trades[2], merkle_proof(leaves, 2), record.merkle_root, trade_count=6)
    with pytest.raises(ProofError):
        verify_fill(first.trades[3], merkle_proof(leaves, 2), record.merkle_root, trade_count=6)
    seen = events_in_transaction(await client.get_transaction(signature) or {})
    (settled,) = [one.event for one in seen if isinstance(one.event, position_mgmt.BatchSettled)]
    assert (settled.batch_id, settled.trade_count) == (first.batch_id, 6)

    await client.send([ix.set_allowed_versions(ADMIN.pubkey, 2)], [ADMIN])
    beat = seal_heartbeat(2, MARKET, 2, first.batch_id, at_ms=world.now_ms - 1_000)
    await world.settle(beat)
    third = seal_batch(2, MARKET, 3, beat.batch_id, six_trades(world, 7))
    worth = [p.collateral_atoms - p.cost_atoms for p in found]
    await world.settle(third)
    netted, after = await world.states()
    after_v1(list(third.trades), found, after)
    assert [p.size_e8 for p in netted] == [p.size_e8 for p in found]
    assert [p.collateral_atoms - p.cost_atoms for p in netted] == [
        p.collateral_atoms - p.cost_atoms for p in found
    ]
    assert worth != [p.collateral_atoms - p.cost_atoms for p in netted]
    assert after.book_value_atoms == after.locked_atoms
    chain_end = await client.fetch(PerpMarket, MARKET)
    assert verify_chain([first, beat, third]) == (chain_end.last_batch_sequence, chain_end.last_batch_id)


async def test_refusals_are_typed_and_change_nothing(world: World) -> None:
    before = await world.states()
    batch = seal_batch(1, MARKET, 1, ZERO_ID, six_trades(world, 1))
    with pytest.raises(refusals.WrongRelayer):
        await world.settle(batch, relayer=ADMIN)
    with pytest.raises(refusals.WrongEpoch):
        await world.settle(batch, epoch=77)
    gap = seal_batch(1, MARKET, 2, b"\x01" * 32, six_trades(world, 1))
    with pytest.raises(refusals.BatchOutOfOrder):
        await world.settle(gap)
    wrong = [
        one if n else trade(1, 0, 1, Side.BUY, 2 * PRICE_E6, 100, one.executed_at_ms)
        for n, one in enumerate(six_trades(world, 1))
    ]
    with pytest.raises(refusals.PriceOutOfBand) as refused:
        await world.settle(seal_batch(1, MARKET, 1, ZERO_ID, wrong))
    assert any("trade 0" in line for line in refused.value.logs)
    with pytest.raises(ProgramError, match="InsufficientFreeCollateral"):
        await world.client.send([ix.withdraw(TRADERS[0].pubkey, DEPOSIT, quote_mint=MINT)], [TRADERS[0]])
    assert await world.states() == before


async def test_money_comes_in_and_goes_out(world: World) -> None:
    client, (owner, *_), session = world.client, TRADERS, Signer(Keypair())
    token = pdas.associated_token(owner.pubkey, MINT)
    await client.send([ix.withdraw(owner.pubkey, 4_000_000, quote_mint=MINT)], [owner])
    assert await client.get_token_balance(token) == 4_000_000
    expiry = await client.get_time() + 3_600
    opening = [
        ix.create_ephemeral_vault(owner.pubkey, session_key=session.pubkey, expiry_ts=expiry),
        ix.approve_ephemeral_vault(owner.pubkey, 3_000_000, expected_used_atoms=0, quote_mint=MINT),
    ]
    await client.send(opening, [owner])
    await client.airdrop(session.pubkey, 10_000_000)
    fast = ix.fast_deposit(owner.pubkey, 2_500_000, session_key=session.pubkey, quote_mint=MINT)
    await client.send([fast], [session])
    with pytest.raises(ProgramError, match="AllowanceExceeded"):
        await client.send([fast], [session])
    await client.send([ix.revoke_ephemeral_vault(owner.pubkey, user_token=token)], [owner])
    with pytest.raises(ProgramError, match="VaultRevoked"):
        await client.send([fast], [session])
    await client.send([ix.close_ephemeral_vault(owner.pubkey)], [owner])
    account = await client.fetch(Collateral, pdas.collateral(owner.pubkey))
    assert account.free_atoms == DEPOSIT - MARGIN - 1_500_000
    vault = await client.fetch(VaultState, pdas.vault_state())
    ledger = vault.free_atoms + vault.locked_atoms + vault.insurance_atoms + vault.fees_atoms
    assert await client.get_token_balance(pdas.vault_token()) == ledger

    request = ix.request_release(owner.pubkey, MARKET, 1_000_000, price_feed=FEED)
    requested = await client.send([request], [owner])
    while await client.rpc("getSlot", [{"commitment": "confirmed"}]) < requested.slot + 3:
        await client.airdrop(session.pubkey, 1_000_000)  # each transaction opens a slot
    await client.send([ix.execute_release(owner.pubkey, MARKET, price_feed=FEED)], [owner])
    again = await client.fetch(Collateral, pdas.collateral(owner.pubkey))
    assert again.free_atoms == account.free_atoms + 1_000_000


async def test_a_batch_goes_through_a_lookup_table(world: World) -> None:
    await world.settle(seal_batch(1, MARKET, 1, ZERO_ID, six_trades(world, 1)))
    fixed = [pdas.config(), MARKET, FEED, pdas.event_authority(programs.PROGRAM_IDS["position_mgmt"])]
    table = await LookupTables(world.client, RELAYER).create([*fixed, *POSITIONS])
    first = (await world.client.fetch(PerpMarket, MARKET)).last_batch_id
    batch = seal_batch(2, MARKET, 2, first, six_trades(world, 7))
    epoch = (await world.client.fetch(GlobalConfig, pdas.config())).relayer_epoch
    instruction = ix.settle_batch(RELAYER.pubkey, batch, relayer_epoch=epoch, price_feed=FEED)
    sent = await world.client.send([instruction], [RELAYER], lookup_tables=[table])
    assert 0 < sent.compute_units < 60_000
    with pytest.raises(ProgramError, match="SampleTooSoon"):
        await world.client.send([ix.sample_premium(MARKET, price_feed=FEED)], [ADMIN])
    await world.client.send([ix.beat(RELAYER.pubkey)], [RELAYER])
    await world.client.send([ix.sweep_fees(MARKET)], [ADMIN])
    vault = await world.client.fetch(VaultState, pdas.vault_state())
    assert vault.fees_atoms > 0


async def test_an_unhealthy_position_is_liquidated_by_the_size_the_maths_says(world: World) -> None:
    now = world.now_ms - 2_000
    opening = [trade(1, 0, 1, Side.BUY, PRICE_E6, 90_000_000, now)]
    await world.settle(seal_batch(1, MARKET, 1, ZERO_ID, opening))
    crash = PRICE_E6 * 905 // 1_000
    world.chain.set_time(world.chain.now_ts() + 2)  # publish times must rise by a second
    await world.publish(crash)
    (loser, *_), market = await world.states()
    assert math.is_liquidatable(loser, market, crash, PARAMS.maintenance_margin_ratio_bps)
    terms = math.LiquidationTerms(
        PARAMS.initial_margin_ratio_bps, PARAMS.liquidation_fee_ppm, PARAMS.min_position_size_e8
    )
    size = math.liquidation_size_e8(loser, market, crash, terms)
    third = TRADERS[2]
    taking = ix.liquidate(third.pubkey, POSITIONS[0], MARKET, size_e8=size, price_feed=FEED)
    await world.client.send([taking], [third])
    (left, _, taker), after = await world.states()
    assert (left.size_e8, taker.size_e8) == (loser.size_e8 - size, size)
    assert not math.is_liquidatable(left, after, crash, PARAMS.maintenance_margin_ratio_bps)
    assert after.book_value_atoms == after.locked_atoms
    with pytest.raises(refusals.PositionHealthy):
        await world.client.send([taking], [third])
