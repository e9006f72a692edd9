"""The packer's arithmetic is the size of the real transaction."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.pubkey import Pubkey

from gdx_sdk import pdas
from gdx_sdk.batch import BatchBuilder, Side, Trade, verify_chain
from gdx_sdk.batch.builder import FIXED_LOCKS, FIXED_TRANSACTION_BYTES
from gdx_sdk.instructions import settle_batch
from gdx_sdk.math import fee_atoms, notional_atoms
from gdx_sdk.programs import PROGRAM_IDS
from gdx_sdk.tx import PACKET_BYTES, measure_transaction, plan_batches, with_budget

MakeTrades = Callable[..., list[Trade]]
RELAYER, FEED = Pubkey(b"\x01" * 32), Pubkey(b"\x02" * 32)


def table_for(market: Pubkey, positions: tuple[Pubkey, ...]) -> AddressLookupTableAccount:
    events = pdas.event_authority(PROGRAM_IDS["position_mgmt"])
    fixed = [pdas.config(), market, FEED, Pubkey.default(), events]
    return AddressLookupTableAccount(Pubkey(b"\x03" * 32), [*fixed, *positions])


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("players", [3, 40, 400])
def test_predicted_bytes_and_locks_are_the_real_ones(
    make_trades: MakeTrades, market: Pubkey, version: int, players: int
) -> None:
    for planned in plan_batches(market, version, make_trades(120, players=players, seed=players)):
        instruction = settle_batch(RELAYER, planned.batch, relayer_epoch=1, price_feed=FEED)
        priced = with_budget([instruction], compute_unit_limit=200_000, priority_fee_microlamports=1)
        tables = [table_for(market, planned.batch.positions)]
        usage = measure_transaction(priced, RELAYER, lookup_tables=tables)
        predicted = FIXED_TRANSACTION_BYTES + 12 + 92 + 34 + planned.usage.entry_bytes
        assert usage.size_bytes in (predicted, predicted - 1)  # short data has a one-byte length
        assert usage.locks == FIXED_LOCKS + planned.usage.positions
        assert usage.fits
        assert planned.usage.bytes_percent <= 100


@pytest.mark.parametrize("version", [1, 2])
def test_a_plan_is_a_chain_of_all_trades_in_full_transactions(
    make_trades: MakeTrades, market: Pubkey, version: int
) -> None:
    trades = make_trades(300, players=60)
    plan = plan_batches(market, version, trades, after=(7, b"\x09" * 32))
    batches = [planned.batch for planned in plan]
    assert [trade for batch in batches for trade in batch.trades] == trades
    assert verify_chain(batches, after=(7, b"\x09" * 32))[0] == 7 + len(batches)
    assert [batch.flags for batch in batches] == [0] * (len(batches) - 1) + [1]
    for planned, following in pairwise(plan):
        builder = BatchBuilder(market, version)
        for trade in planned.batch.trades:
            assert builder.try_add(trade)
        assert not builder.try_add(following.batch.trades[0])


def test_nothing_to_plan_is_no_batch(market: Pubkey) -> None:
    assert plan_batches(market, 1, []) == []


def _busy_trades(market: Pubkey, count: int, *, fresh_positions: bool) -> list[Trade]:
    """Trades of about 1,000 USDT, between positions that meet once or over and over."""
    rng = Random(count)
    keys = [Pubkey(rng.randbytes(32)) for _ in range(2 * count if fresh_positions else 12)]
    trades, price, at_ms = [], 96_000_000_000, 1_767_225_600_000
    for number in range(count):
        taker, maker = keys[2 * number : 2 * number + 2] if fresh_positions else rng.sample(keys, 2)
        price += rng.randint(-5_000_000, 5_000_000)
        size = 10**8 * 1_000_000_000 // price + rng.randint(-50_000, 50_000)
        notional = notional_atoms(price, size)
        fees = fee_atoms(notional, 500), fee_atoms(notional, -100)
        side = Side(rng.randint(0, 1))
        trades.append(Trade(10_000 + number, market, taker, maker, side, price, size, *fees, at_ms))
        at_ms += rng.randint(0, 200)
    return trades


def test_one_transaction_holds_the_promised_trades_and_positions(market: Pubkey) -> None:
    v1 = BatchBuilder(market, 1)
    v1_count = sum(1 for trade in _busy_trades(market, 100, fresh_positions=True) if v1.try_add(trade))
    assert v1_count >= 18, v1.usage
    v2 = BatchBuilder(market, 2)
    for trade in _busy_trades(market, 100, fresh_positions=True):
        if not v2.try_add(trade):
            break
    assert v2.usage.positions >= 38, v2.usage
    assert PACKET_BYTES == 1_232
