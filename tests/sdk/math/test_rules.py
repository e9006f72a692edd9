"""The money rules on random flows: not an atom is made or lost, and single fills agree with their net."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from gdx_sdk import math
from gdx_sdk.errors import InputError
from gdx_sdk.math import MarketState, PositionState
from gdx_sdk.units import I64_MAX, U64_MAX, Side


def _random_flow(seed: int, operations: int) -> tuple[list[PositionState], MarketState]:
    rng = Random(seed)
    market = MarketState(insurance_atoms=10**6)
    positions = [PositionState() for _ in range(4)]
    for who in range(4):
        positions[who], market = math.add_collateral(positions[who], market, rng.randint(10**6, 10**10))
    price = 50_000_000_000
    for number in range(operations):
        price = max(10**6, price + price * rng.randint(-700, 700) // 10_000)
        if rng.random() < 0.2:
            market = replace(market, funding_index=market.funding_index + rng.randint(-(10**10), 10**10))
        buyer, seller = rng.sample(range(4), 2)
        size = rng.randint(1, 30_000_000)
        for who, sign in ((buyer, 1), (seller, -1)):
            before = positions[who].side
            state = math.touch(positions[who], market)
            state = math.fill(*state, sign * size, sign * math.notional_atoms(price, size))
            state = math.charge_fee(*state, math.fee_atoms(math.notional_atoms(price, size), 300))
            positions[who], market = math.settle_overdraft(*state, closed_side=before)
        for side in Side:
            carried = market.short_interest_e8 if side is Side.BUY else market.long_interest_e8
            if market.shortfall_atoms(side) and carried:
                market = math.resolve_bankruptcy(market, side)
        _check(positions, market, f"seed {seed}, operation {number}")
    return positions, market


def _check(positions: list[PositionState], market: MarketState, where: str) -> None:
    assert market.book_value_atoms == market.locked_atoms, where
    assert market.long_interest_e8 == market.short_interest_e8, where
    assert sum(position.size_e8 for position in positions) == 0, where
    assert sum(position.collateral_atoms for position in positions) == market.collateral_sum_atoms, where
    assert sum(position.cost_atoms for position in positions) == market.cost_sum_atoms, where
    assert all(position.collateral_atoms >= 0 for position in positions), where
    owed = sum(p.size_e8 * (market.funding_index - p.funding_index) for p in positions)
    assert market.funding_pool_atoms * 10**12 + owed >= 0, where


@pytest.mark.parametrize("seed", range(25))
def test_not_an_atom_is_made_or_lost(seed: int) -> None:
    positions, market = _random_flow(seed, 60)
    assert market.long_interest_e8 == sum(max(position.size_e8, 0) for position in positions)


@pytest.mark.parametrize("seed", range(50))
def test_a_net_agrees_with_its_fills_on_size_and_collateral_minus_cost(seed: int) -> None:
    rng = Random(seed)
    market = MarketState(long_interest_e8=10**12, short_interest_e8=10**12)
    size = rng.choice([0, rng.randint(-(10**8), 10**8)])
    position = PositionState(size, size * 500, 10**9)
    fills = []
    for _ in range(rng.randint(1, 8)):
        delta = rng.choice([1, -1]) * rng.randint(1, 10**8)
        price = 50_000_000_000 + rng.randint(-(10**8), 10**8)
        quote = math.notional_atoms(price, delta)
        fills.append((delta, quote if delta > 0 else -quote))
    one_by_one = (position, market)
    for delta, quote in fills:
        one_by_one = math.fill(*one_by_one, delta, quote)
    sums = sum(delta for delta, _ in fills), sum(quote for _, quote in fills)
    netted, _ = math.net_fill(position, market, *sums, ref_price_e6=50_000_000_000, band_bps=100)
    single = one_by_one[0]
    assert netted.size_e8 == single.size_e8, f"seed {seed}"
    worth = single.collateral_atoms - single.cost_atoms
    assert netted.collateral_atoms - netted.cost_atoms == worth, f"seed {seed}"


def test_a_quote_without_size_is_refused() -> None:
    with pytest.raises(InputError, match="quote_delta_atoms = 5"):
        math.fill(PositionState(), MarketState(), 0, 5)


def test_overflow_is_refused() -> None:
    with pytest.raises(InputError, match="i64"):
        math.fill(PositionState(size_e8=I64_MAX), MarketState(), 1, 1)


def test_a_loss_needs_somebody_to_carry_it() -> None:
    with pytest.raises(InputError, match="open_interest_e8 = 0"):
        math.resolve_bankruptcy(MarketState(long_shortfall_atoms=1), Side.BUY)


def test_a_release_is_bounded_by_collateral_and_pool() -> None:
    position, market = math.add_collateral(PositionState(), MarketState(), 10)
    with pytest.raises(InputError, match="at most the collateral 10"):
        math.release_collateral(position, market, 11)
    with pytest.raises(InputError, match="at most the market's pool 4"):
        math.release_collateral(position, replace(market, locked_atoms=4), 5)
    assert math.release_collateral(position, market, 10)[1].locked_atoms == 0


def test_partial_liquidation_restores_the_target() -> None:
    position = PositionState(size_e8=10**8, cost_atoms=50_000_000_000, collateral_atoms=1_000_000_000)
    terms = math.LiquidationTerms(initial_ratio_bps=500, fee_ppm=5_000, min_size_e8=1)
    price = 49_900_000_000
    size = math.liquidation_size_e8(position, MarketState(), price, terms)
    assert 0 < size < position.size_e8
    notional = math.notional_atoms(price, size)
    rest, market = math.fill(position, MarketState(long_interest_e8=10**8), -size, -notional)
    rest, market = math.charge_fee(rest, market, math.liquidation_fee_atoms(notional, 5_000, 10**12, 10**12))
    left = math.notional_atoms(price, rest.size_e8)
    assert math.equity_atoms(rest, market, price) * 10_000 >= left * 500 * 102 // 100


def test_risk_is_measured_at_the_worse_price() -> None:
    position = PositionState(size_e8=10**8, cost_atoms=50_000_000_000, collateral_atoms=2_500_000_000)
    prices = {"mark_price_e6": 50_000_000_000, "index_price_e6": 50_000_000_000}
    rules = {"leverage": 20, "initial_ratio_bps": 500}
    assert math.can_add_risk(position, MarketState(), **prices, **rules)
    assert not math.can_add_risk(
        position, MarketState(), **prices | {"index_price_e6": 49_999_000_000}, **rules
    )
    assert not math.can_add_risk(
        position, MarketState(), **prices | {"mark_price_e6": 49_999_000_000}, **rules
    )


def test_the_ends_are_those_of_the_programs() -> None:
    """Found by asking the programs' crate the same questions (`test_against_the_crate.py`)."""
    long = PositionState(size_e8=36_639_793, cost_atoms=1_184_389)
    assert math.liquidation_price_e6(long, 10_000) == I64_MAX  # nothing but all of it would do
    with pytest.raises(InputError, match="maintenance_ratio_bps = 10001"):
        math.liquidation_price_e6(long, 10_001)
    assert math.liquidation_price_e6(replace(long, cost_atoms=-1), 10_001) == 0
    assert PositionState(size_e8=1, cost_atoms=I64_MAX).entry_price_e6 == U64_MAX
    assert math.funding_rate_e9(4_000_000, -5) == 0
    assert math.net_fill_quote_atoms(10**8, -2, 10**6, 20_000) == 0  # no band reaches below a price of 0
    with pytest.raises(InputError, match="accrued_fees_atoms"):
        math.charge_fee(PositionState(), MarketState(accrued_fees_atoms=I64_MAX), 1)
    with pytest.raises(InputError, match="value_atoms"):
        math.value_atoms(I64_MAX, 10**9)
    settled = MarketState(short_loss_index=2**62 + 1)
    assert math.resolve_bankruptcy(settled, Side.BUY) == settled  # no loss to carry moves no index
