"""A session with the five programs leaves on the lane's engine what it leaves on an embedded chain.

The trades are of one moment, long ago: so the batches, and their records' addresses, are always the same.
"""

from __future__ import annotations

import dataclasses

import pytest
from solders.instruction import Instruction
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import create_associated_token_account

from gdx_sdk import instructions as ix
from gdx_sdk import pdas
from gdx_sdk.accounts import Collateral, UserPosition, VaultState
from gdx_sdk.batch import ZERO_ID, SealedBatch, Trade, seal_batch
from gdx_sdk.client import Client
from gdx_sdk.programs import PROGRAM_IDS
from tests.chain_lane import AnyChain, Lane, build_embedded
from tests.e2e.both_engines import HOUR, UNITS, Stopwatch, TapedWorld, Values, differences, flat, left_behind
from tests.keepers.exchange_world import (
    ONE,
    PRICE_E6,
    START_TS,
    USDT,
    InProcess,
    key,
    world_chain,
    world_genesis,
)

pytestmark = pytest.mark.chain

PEOPLE = ("admin", "relayer", "publisher0", "publisher1", "publisher2", "alice", "bob", "saver", "session")
MARGIN = {"alice": 110 * USDT, "bob": 10_000 * USDT, "saver": 5_000 * USDT}
LOW_E6 = PRICE_E6 * 93 // 100
ALLOWED = {
    r"^FundingState\.(next_hour|hours\[\]\..*)$": "each hour of the day has its own place",
    r"^PriceFeed\.minutes\.(newest_minute|ranges\[\]\..*)$": "each minute of the hour has its own place",
    r"^(SettleBatch|PublishPrice|SamplePremium|Liquidate|RequestRelease|ExecuteRelease)" + UNITS: (
        "the oracle's and funding's rings of hours and minutes cost what their places cost"
    ),
    r"^PriceFeed\.(ema_e9|twap_e9)$": "averages over time, and an engine takes the time it takes",
    r"^(PerpMarket\.|SettleBatch\.event\.BatchSettled\.)mark_price_e6$": "likewise",
    r"^PerpMarket\.premium_(weight_seconds|accumulator)$": "likewise",
    r"^FundingState\.market_(weight_seconds|premium_sum_e9)$": "likewise",
    r"^VaultState\.limiter\.window_net_atoms$": "the window slides with the clock",
    r"^Withdraw\.event\.Withdrawn\.net_outflow_atoms$": "likewise",
    r"^UserPosition\.slippage_used_atoms$": "likewise",
    r"^(CreateVault|OpenAccount|Withdraw|Create|FastDeposit|Revoke|WithdrawFees|no instruction of ours)"
    + UNITS: ("the engines carry different builds of the Token programs"),
}
"""Names that may differ, each with the reason."""


class Session:
    """What the people of one exchange do."""

    def __init__(self, chain: AnyChain, pause_seconds: int = 0) -> None:
        self.pause_seconds = pause_seconds
        self.world = TapedWorld(chain, Client(InProcess(chain)))
        self.alice, self.bob, self.saver = self.traders = [key(name) for name in MARGIN]
        self.sequence, self.batch_id = 0, ZERO_ID

    async def run(self) -> Values:
        await self.world.create()
        for name, margin_atoms in MARGIN.items():
            await self.world.trader(name, margin_atoms)
        for part in (self.trade, self.liquidate, self.sample_funding):
            await part()
            self.pause()
        in_between = self.accounts("in between")
        for part in (self.flatten, self.release, self.deposit_by_session, self.leave):
            await part()
            self.pause()
        return {**self.world.tape, **in_between, **self.accounts("at the end")}

    def pause(self) -> None:
        if self.pause_seconds:
            self.world.chain.set_time(self.world.now_ts + self.pause_seconds)
            self.world.chain.advance_slots(self.pause_seconds)

    def accounts(self, when: str) -> Values:
        people = {name: key(name).pubkey() for name in PEOPLE}
        programs = (*PROGRAM_IDS.values(), TOKEN_PROGRAM_ID)
        found = left_behind(self.world.chain, programs, people)
        return {(f"{when}: {which}", name): value for (which, name), value in found.items()}

    def settling(self, batch: SealedBatch, relayer_epoch: int = 1) -> Instruction:
        relayer, feed = self.world.relayer.pubkey(), self.world.feed
        return ix.settle_batch(relayer, batch, relayer_epoch=relayer_epoch, price_feed=feed)

    def seal(self, version: int, *trades: Trade) -> SealedBatch:
        self.sequence += 1
        old = [dataclasses.replace(trade, executed_at_ms=START_TS * 1_000) for trade in trades]
        batch = seal_batch(version, self.world.market, self.sequence, self.batch_id, old, flush=True)
        self.batch_id = batch.batch_id
        return batch

    async def trade(self) -> None:
        """A batch of each version."""
        world = self.world
        await world.publish(PRICE_E6)
        first = self.seal(1, world.trade(self.alice, self.bob, 9 * ONE))
        await world.send_refused(world.relayer, self.settling(first, relayer_epoch=7))
        await world.send(world.relayer, self.settling(first))
        await world.send(world.admin, ix.set_allowed_versions(world.admin.pubkey(), 2))
        trades = [world.trade(self.alice, self.bob, ONE), world.trade(self.saver, self.bob, ONE)]
        await world.send(world.relayer, self.settling(self.seal(2, *trades)))

    async def liquidate(self) -> None:
        """Not while the position is healthy."""
        world = self.world
        taking = ix.liquidate(
            self.saver.pubkey(),
            world.position(self.alice),
            world.market,
            size_e8=5 * ONE,
            price_feed=world.feed,
        )
        await world.send_refused(self.saver, taking)
        await world.publish(LOW_E6)
        await world.send(self.saver, taking)

    async def sample_funding(self) -> None:
        """Ten seconds after the market's funding began; to move the index takes an hour."""
        world = self.world
        world.chain.set_time(world.now_ts + 10)
        await world.send(world.admin, ix.sample_premium(world.market, price_feed=world.feed))
        await world.send(world.admin, ix.set_max_rate(world.admin.pubkey(), world.market, max_rate_e9=5_000))

    async def flatten(self) -> None:
        """Who is long sells to who is short."""
        world = self.world
        await world.publish(LOW_E6)
        trades = []
        for seller in (self.alice, self.saver):
            held = await world.client.fetch(UserPosition, world.position(seller))
            trades.append(world.trade(seller, self.bob, -held.size, LOW_E6))
        await world.send(world.relayer, self.settling(self.seal(2, *trades)))

    async def release(self) -> None:
        """All that an empty position has left, and the position with it."""
        world = self.world
        for person in self.traders:
            owner = person.pubkey()
            left = await world.client.fetch(UserPosition, world.position(person))
            asking = ix.request_release(owner, world.market, left.collateral, price_feed=world.feed)
            await world.send(person, asking)
        await world.publish(LOW_E6)
        world.chain.advance_slots(3)
        for person in self.traders:
            owner = person.pubkey()
            await world.send(world.admin, ix.execute_release(owner, world.market, price_feed=world.feed))
            await world.send(person, ix.close_position(owner, world.market))

    async def deposit_by_session(self) -> None:
        """Bob takes money out, and a key that he lends for an hour puts some of it back."""
        world, owner, session = self.world, self.bob.pubkey(), key("session")
        world.chain.airdrop(session.pubkey(), 10**9)
        expiry_ts = world.now_ts + HOUR
        await world.send(self.bob, ix.withdraw(owner, 900 * USDT, quote_mint=world.mint))
        await world.send(
            self.bob,
            ix.create_ephemeral_vault(owner, session_key=session.pubkey(), expiry_ts=expiry_ts),
            ix.approve_ephemeral_vault(owner, 800 * USDT, expected_used_atoms=0, quote_mint=world.mint),
        )
        fast = ix.fast_deposit(owner, 700 * USDT, session_key=session.pubkey(), quote_mint=world.mint)
        await world.send(session, fast)
        await world.send_refused(session, fast)
        token = pdas.associated_token(owner, world.mint)
        await world.send(self.bob, ix.revoke_ephemeral_vault(owner, user_token=token))

    async def leave(self) -> None:
        """Alice takes everything, saver's session stays open, the administrator has the fees."""
        world, admin = self.world, self.world.admin.pubkey()
        await world.send(self.bob, ix.close_ephemeral_vault(self.bob.pubkey()))
        free = await world.client.fetch(Collateral, pdas.collateral(self.alice.pubkey()))
        leaving = ix.withdraw(self.alice.pubkey(), free.free_atoms, quote_mint=world.mint)
        await world.send(self.alice, leaving)
        await world.send(world.admin, ix.sweep_fees(world.market))
        token = pdas.associated_token(admin, world.mint)
        fees = (await world.client.fetch(VaultState, pdas.vault_state())).fees_atoms
        await world.send(
            world.admin,
            create_associated_token_account(admin, admin, world.mint),
            ix.withdraw_fees(admin, fees, recipient_token=token, quote_mint=world.mint),
        )


def test_a_difference_is_named_and_told() -> None:
    ours = flat("SOL", "PriceFeed", {"price_e6": 7, "ranges": [{"low_e6": 5}, {"low_e6": 6}]})
    theirs = flat("SOL", "PriceFeed", {"price_e6": 7, "ranges": [{"low_e6": 5}]})
    told = ["PriceFeed.ranges.length of SOL: 2 and 1", "PriceFeed.ranges[].low_e6 of SOL 1: 6 and 'absent'"]
    assert differences(ours, theirs, {}) == told
    assert differences(ours, theirs, {r"\.low_e6$": "a reason"}) == told[:1]
    with pytest.raises(AssertionError, match="nothing has such a name"):
        differences(ours, theirs, {r"^PriceFeed\.high_e6$": "a reason"})


async def session_on(chain: AnyChain, pause_seconds: int = 0) -> Values:
    """What it leaves."""
    watch = Stopwatch(chain)
    values = await Session(chain, pause_seconds).run()
    return watch.hide(values)


async def test_a_session_leaves_the_same_on_both(lane: Lane) -> None:
    theirs = await session_on(build_embedded(world_genesis(), unix_ts=START_TS))
    with world_chain(lane) as chain:
        # Without a validator, on a chain of another time, where everything takes longer.
        other = chain or build_embedded(world_genesis(), unix_ts=START_TS + 12_345)
        ours = await session_on(other, 0 if lane.is_validator else 7)
    found = differences(ours, theirs, ALLOWED)
    assert not found, "\n".join(found)
    assert len(ours) > 6_000
    sizes = [ours[key] for key in ours if key[0].startswith("in between") and key[1] == "UserPosition.size"]
    assert (len(sizes), sum(sizes), min(sizes)) == (3, 0, -11 * ONE)
    at_the_end = {name: value for (which, name), value in ours.items() if which.startswith("at the end")}
    assert "UserPosition.size" not in at_the_end
    assert at_the_end["MarketPool.locked_atoms"] == at_the_end["VaultState.locked_atoms"] == 0
