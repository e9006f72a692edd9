"""An hour's funding, paid on the lane's engine, leaves what it leaves on an embedded chain.

No validator's clock can be moved by an hour: so the hour goes by on an embedded chain that is set in the
past, and both engines begin with the accounts that it left behind.
"""

from __future__ import annotations

import dataclasses
import time

import pytest
from solders.account import Account
from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_PROGRAM_ID

from gdx_sdk import instructions as ix
from gdx_sdk import pdas
from gdx_sdk.accounts import FundingState, PerpMarket, UserPosition
from gdx_sdk.batch import seal_batch
from gdx_sdk.client import Client
from gdx_sdk.programs import PROGRAM_IDS
from tests.chain_lane import AnyChain, Genesis, Lane, build_embedded
from tests.e2e.both_engines import HOUR, UNITS, Stopwatch, TapedWorld, Values, differences, left_behind
from tests.keepers.exchange_world import (
    ONE,
    PRICE_E6,
    START_TS,
    USDT,
    InProcess,
    World,
    key,
    make_world,
    world_genesis,
)

pytestmark = pytest.mark.chain

NAMES = ("admin", "relayer", "publisher0", "publisher1", "publisher2", "alice", "bob")
PEOPLE = {name: key(name).pubkey() for name in NAMES}
PROGRAMS = (*PROGRAM_IDS.values(), TOKEN_PROGRAM_ID)
LONG_AGO_MS = (START_TS - 24 * HOUR) * 1_000
DEAR_E6 = PRICE_E6 * 101 // 100
ALLOWED = {
    r"^RelayerBeat\.slot$": "of the chain in the past, and the session may have a slot of that number, too",
    r"^(PublishPrice|UpdateFunding|SettleBatch)" + UNITS: "averages over time cost what the time is",
}
"""Names that may differ, each with the reason."""


async def hour_before(now_ts: int) -> Genesis:
    """What an exchange left in the hour before this one: alice bought, and paid more than the index."""
    chain = build_embedded(world_genesis(), unix_ts=now_ts // HOUR * HOUR - HOUR + 600)
    world = await make_world(chain=chain)
    for name in ("alice", "bob"):
        await world.trader(name, 1_000 * USDT)
    for _ in range(3):
        await trade(world, ONE, DEAR_E6)
        chain.set_time(world.now_ts + 20)
        await world.publish(PRICE_E6)
        await world.send(world.admin, ix.sample_premium(world.market, price_feed=world.feed))
    kept = [*PEOPLE.values()]
    for program in PROGRAMS:
        found = chain.rpc("getProgramAccounts", [str(program), {"encoding": "base64"}])
        kept += [Pubkey.from_string(entry["pubkey"]) for entry in found]
    accounts = {address: exempt(account) for address in kept if (account := chain.account(address))}
    return Genesis(world_genesis().programs, world.admin.pubkey(), accounts)


def exempt(account: Account) -> Account:
    """As a chain answers that it is; LiteSVM has epoch 0 in some."""
    rent_epoch = account.rent_epoch or 2**64 - 1
    return Account(account.lamports, account.data, account.owner, account.executable, rent_epoch)


async def trade(world: World, size_e8: int, price_e6: int) -> None:
    """Alice buys of bob, long ago: so that the batch is the same on every chain."""
    market = await world.client.fetch(PerpMarket, world.market)
    world.next_trade_id = sequence = market.last_batch_sequence + 1
    one = dataclasses.replace(
        world.trade(key("alice"), key("bob"), size_e8, price_e6), executed_at_ms=LONG_AGO_MS
    )
    batch = seal_batch(1, world.market, sequence, market.last_batch_id, [one], flush=True)
    settle = ix.settle_batch(world.relayer.pubkey(), batch, relayer_epoch=1, price_feed=world.feed)
    await world.send(world.relayer, settle)


async def pay(chain: AnyChain) -> tuple[Values, FundingState]:
    """What paying the hour leaves, with what alice pays when she sells."""
    watch, world = Stopwatch(chain), TapedWorld(chain, Client(InProcess(chain)))
    await world.publish(PRICE_E6)
    await world.send(world.admin, ix.update_funding(world.market, price_feed=world.feed))
    await world.publish(PRICE_E6)
    await trade(world, -ONE, PRICE_E6)
    state = await world.client.fetch(FundingState, pdas.funding_state(world.market))
    position = await world.client.fetch(UserPosition, world.position(key("alice")))
    assert position.accumulated_funding > 0
    assert state.funding_index > 0
    return watch.hide({**world.tape, **left_behind(chain, PROGRAMS, PEOPLE)}), state


async def test_an_hour_of_funding_is_the_same_on_both(lane: Lane) -> None:
    now_ts = int(time.time()) if lane.is_validator else START_TS + 100
    genesis = await hour_before(now_ts)
    if lane.is_validator:
        with lane.start(genesis) as chain:
            ours, state = await pay(chain)
    else:
        ours, state = await pay(build_embedded(genesis, unix_ts=now_ts))
    # The other chain pays in the same hour, however long this one took.
    theirs, _ = await pay(build_embedded(genesis, unix_ts=state.last_update_ts - 1))
    found = differences(ours, theirs, ALLOWED)
    assert not found, "\n".join(found)
    assert len(ours) > 1_000
