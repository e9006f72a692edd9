"""Thousands of positions at once against one at a time, close to every edge."""

from __future__ import annotations

import random

import numpy
import pytest

from gdx_sdk.errors import InputError
from gdx_sdk.math import (
    MarketState,
    PositionColumns,
    PositionState,
    equity_atoms,
    is_liquidatable,
    liquidatable_rows,
    maintenance_requirement_atoms,
    notional_atoms,
)
from gdx_sdk.units import I64_MAX, U64_MAX

SEED = random.randrange(2**32)
FAR = 2**62


def columns_of(positions: list[PositionState]) -> PositionColumns:
    return PositionColumns(
        numpy.array([p.size_e8 for p in positions], "<i8"),
        numpy.array([p.cost_atoms for p in positions], "<i8"),
        numpy.array([p.collateral_atoms for p in positions], "<u8"),
        numpy.array([p.funding_index for p in positions], "<i8"),
        numpy.array([p.loss_index for p in positions], "<i8"),
    )


def magnitude(rng: random.Random, bits: int) -> int:
    return rng.randrange(2 ** rng.randint(1, bits))


def market(rng: random.Random, bits: int) -> MarketState:
    return MarketState(
        funding_index=rng.choice((-1, 1)) * magnitude(rng, bits),
        long_loss_index=magnitude(rng, bits),
        short_loss_index=magnitude(rng, bits),
    )


def close_call(
    rng: random.Random, state: MarketState, price_e6: int, ratio_bps: int, bits: int
) -> PositionState:
    """A position whose equity is a few atoms from its requirement, where collateral can make it so."""
    size = rng.choice((-1, 1)) * magnitude(rng, bits)
    limit = I64_MAX * 10**8 // max(price_e6, 1)
    size = max(-limit, min(size, limit))
    position = PositionState(
        size_e8=size,
        cost_atoms=max(-I64_MAX, min(size * price_e6 // 10**8 + rng.randint(-(10**9), 10**9), I64_MAX)),
        collateral_atoms=0,
        funding_index=state.funding_index + rng.choice((-1, 1)) * magnitude(rng, 40),
        loss_index=max(0, state.long_loss_index - magnitude(rng, 40)),
    )
    needed = maintenance_requirement_atoms(notional_atoms(price_e6, size), ratio_bps)
    collateral = needed - equity_atoms(position, state, price_e6) + rng.randint(-3, 3)
    return PositionState(
        position.size_e8,
        position.cost_atoms,
        max(0, min(collateral, U64_MAX)),
        max(-FAR, min(position.funding_index, FAR)),
        position.loss_index,
    )


def one_by_one(
    positions: list[PositionState], state: MarketState, price_e6: int, ratio_bps: int
) -> list[int]:
    return [i for i, p in enumerate(positions) if is_liquidatable(p, state, price_e6, ratio_bps)]


@pytest.mark.parametrize("bits", [20, 40, 62])
def test_many_equal_one_by_one(bits: int) -> None:
    print(f"seed {SEED}")
    rng = random.Random(SEED + bits)
    sides = {True: 0, False: 0}
    for _ in range(20):
        state, price_e6 = market(rng, bits), magnitude(rng, min(bits, 50))
        ratio_bps = rng.choice((0, 1, 250, 9_999, rng.randrange(10_000)))
        positions = [close_call(rng, state, price_e6, ratio_bps, bits) for _ in range(200)]
        expected = one_by_one(positions, state, price_e6, ratio_bps)
        assert liquidatable_rows(columns_of(positions), state, price_e6, ratio_bps).tolist() == expected
        sides[True] += len(expected)
        sides[False] += len(positions) - len(expected)
    assert min(sides.values()) > 100  # both answers came up, a few atoms from each other


def test_indices_too_far_apart_are_computed_exactly() -> None:
    """An i64 difference of these would overflow in silence."""
    state = MarketState(funding_index=I64_MAX)
    positions = [PositionState(10**8, 0, 10**6, -I64_MAX, 0), PositionState(-(10**8), 0, 10**6, -I64_MAX, 0)]
    assert one_by_one(positions, state, 10**6, 250) == [0]
    assert liquidatable_rows(columns_of(positions), state, 10**6, 250).tolist() == [0]


def test_a_notional_beyond_i64_is_refused_as_one_by_one() -> None:
    positions = [PositionState(I64_MAX, 0, 0, 0, 0)]
    for answer in (one_by_one, lambda *a: liquidatable_rows(columns_of(a[0]), *a[1:])):
        with pytest.raises(InputError, match="notional_atoms"):
            answer(positions, MarketState(), 10**9, 250)


def test_flat_positions_are_never_listed_and_none_is_none() -> None:
    flat = [PositionState(0, 5, 0, 0, 0)] * 3
    assert liquidatable_rows(columns_of(flat), MarketState(), 10**6, 250).tolist() == []
    assert liquidatable_rows(columns_of([]), MarketState(), 10**6, 250).tolist() == []


def test_a_negative_price_is_refused() -> None:
    with pytest.raises(InputError, match="price_e6 = -1"):
        liquidatable_rows(columns_of([PositionState(1)]), MarketState(), -1, 250)
