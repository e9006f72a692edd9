"""What the packer plans, the compiled program settles, within the compute budget that was planned for it."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from gdx_sdk import instructions as ix
from gdx_sdk import pdas
from gdx_sdk.accounts import GlobalConfig, PerpMarket
from gdx_sdk.batch import BatchBuilder, BatchLimits, Side, Trade, verify_batch, verify_chain
from gdx_sdk.batch.builder import (
    COMPUTE_UNITS_PER_POSITION,
    COMPUTE_UNITS_PER_TRADE,
    FIXED_COMPUTE_UNITS,
    MAX_LOCKS,
)
from gdx_sdk.math import fee_atoms, notional_atoms
from gdx_sdk.testing import GdxChain
from gdx_sdk.tx import plan_batches, with_budget
from gdx_sdk.tx.transaction import MAX_COMPUTE_UNITS

BENCH = Path(__file__).resolve().parents[3] / "bench"
MOST_BUMPS = 24  # tries in vain for the record's address; 2^-24 of all batches need more


def test_the_estimates_are_above_what_is_measured() -> None:
    units = json.loads((BENCH / "compute_batches.json").read_text())["settle_batch_units"]
    settled = json.loads((BENCH / "compute.json").read_text())["position_mgmt"]["settle_batch"]
    assert units["fixed"] + MOST_BUMPS * units["per_bump_tried_in_vain"] <= FIXED_COMPUTE_UNITS
    assert units["v1_per_trade_and_its_two_positions"] <= COMPUTE_UNITS_PER_TRADE
    assert units["v2_per_position"] <= COMPUTE_UNITS_PER_POSITION
    assert settled["max"] <= MAX_COMPUTE_UNITS


@pytest.fixture(scope="module")
def crowd() -> tuple[GdxChain, list[Keypair]]:
    """An exchange with ten traders."""
    chain = GdxChain()
    traders = [Keypair.from_seed(bytes([n]) * 32) for n in range(1, 11)]
    for trader in traders:
        chain.join(trader)
    return chain, traders


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("seed", range(3))
def test_every_planned_batch_settles_within_its_budget(
    crowd: tuple[GdxChain, list[Keypair]], version: int, seed: int
) -> None:
    print("seed", seed)
    chain, traders = crowd
    rng = Random(f"{version} {seed}")
    trades = []
    for _ in range(30):
        taker, maker = rng.sample(traders, 2)
        size = f"0.{rng.randint(1, 99_999):08d}"
        trades.append(chain.trade(taker, maker, size, "50000", rng.choice((Side.BUY, Side.SELL))))
    market, config = chain.fetch(PerpMarket, chain.market), chain.fetch(GlobalConfig, pdas.config())
    after = (market.last_batch_sequence, bytes(market.last_batch_id))
    limits = BatchLimits(entry_bytes=rng.randint(150, 300), positions=rng.randint(4, 8))
    plan = plan_batches(chain.market, version, trades, after=after, limits=limits)
    assert len(plan) > 1
    verify_chain([planned.batch for planned in plan], after=after)
    relayer = chain.keys["admin"]
    for planned in plan:
        step = ix.settle_batch(
            relayer.pubkey(),
            planned.batch,
            relayer_epoch=config.relayer_epoch,
            price_feed=chain.price_feed,
        )
        # The limit holds for the whole transaction, the budget's own instruction included.
        receipt = chain.send(with_budget([step], compute_unit_limit=planned.usage.compute_units), relayer)
        assert receipt.compute_units <= planned.usage.compute_units
        verify_batch(planned.batch.trades, planned.batch)


@pytest.mark.parametrize("seed", range(30))
def test_any_plan_keeps_its_limits_and_wastes_nothing(market: Pubkey, seed: int) -> None:
    """Every trade once and in order; no batch over a limit; none that could have held one trade more."""
    print("seed", seed)
    rng = Random(seed)
    version = rng.choice((1, 2))
    trades = random_trades(market, rng)
    base = BatchLimits.of_transaction(
        lookup_tables=rng.randint(1, 2), extra_signers=rng.randint(0, 1), has_priority_fee=rng.random() < 0.5
    )
    limits = rng.choice(
        (
            base,
            replace(base, trades=rng.randint(1, 20)),
            replace(base, positions=rng.randint(2, 20)),
            replace(base, compute_units=FIXED_COMPUTE_UNITS + rng.randint(8_000, 100_000)),
        )
    )
    plan = plan_batches(market, version, trades, limits=limits)
    assert [trade for planned in plan for trade in planned.batch.trades] == trades
    for planned in plan:
        usage = planned.usage
        assert usage.trades == len(planned.batch.trades) <= limits.trades
        assert usage.positions == len(planned.batch.positions) <= limits.positions <= MAX_LOCKS
        assert usage.entry_bytes <= limits.entry_bytes
        assert usage.compute_units <= limits.compute_units
        shares = (usage.bytes_percent, usage.positions_percent, usage.compute_percent)
        assert max(shares) <= 100
        assert usage.fullest in ("bytes", "positions", "compute", "trades")
    for planned, following in pairwise(plan):
        full = BatchBuilder(market, version, limits)
        assert all(full.try_add(trade) for trade in planned.batch.trades)
        assert not full.try_add(following.batch.trades[0])


def random_trades(market: Pubkey, rng: Random) -> list[Trade]:
    keys = [Pubkey(rng.randbytes(32)) for _ in range(rng.choice((2, 5, 60)))]
    trades, trade_id, at_ms = [], 0, 1_767_225_600_000
    for _ in range(rng.randint(1, 150)):
        taker, maker = rng.sample(keys, 2)
        price, size = rng.randint(1, 10 ** rng.randint(1, 12)), rng.randint(1, 10 ** rng.randint(1, 11))
        notional = notional_atoms(price, size)
        fees = fee_atoms(notional, 500), fee_atoms(notional, -100)
        trade_id += rng.choice((1, 1, rng.randint(1, 10**6)))
        side = Side(rng.randint(0, 1))
        trades.append(Trade(trade_id, market, taker, maker, side, price, size, *fees, at_ms))
        at_ms += rng.choice((0, rng.randint(0, 10**6)))
    return trades
