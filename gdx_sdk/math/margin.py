"""Equity, margin requirements and liquidation: ratios in bps, amounts in atoms, prices in 1e-6 USDT."""

from __future__ import annotations

from dataclasses import dataclass

from gdx_sdk.errors import InputError
from gdx_sdk.math._integers import div_ceil, div_floor, i64
from gdx_sdk.math.fees import notional_atoms
from gdx_sdk.math.rules import unpaid_funding_atoms, unpaid_loss_atoms
from gdx_sdk.math.state import MarketState, PositionState
from gdx_sdk.units import BPS, I64_MAX, PPM, SIZE_SCALE

LIQUIDATION_TARGET_PERCENT = 102  # a partial liquidation restores 1.02 times the initial ratio


def value_atoms(size_e8: int, price_e6: int) -> int:
    """``floor(size · price / 1e8)``, signed: what closing at `price_e6` brings, against the holder."""
    return i64("value_atoms", div_floor(size_e8 * price_e6, SIZE_SCALE))


def equity_atoms(position: PositionState, market: MarketState, price_e6: int) -> int:
    """``C + size · price / 1e8 − cost − unpaid funding − unpaid loss``, exact also beyond 64 bits."""
    return (
        position.collateral_atoms
        + value_atoms(position.size_e8, price_e6)
        - position.cost_atoms
        - unpaid_funding_atoms(position, market)
        - unpaid_loss_atoms(position, market)
    )


def initial_requirement_atoms(notional: int, leverage: int, initial_ratio_bps: int) -> int:
    """``notional · max(1 / leverage, initial ratio)``, rounded up."""
    if leverage < 1:
        raise InputError("leverage", leverage, "must be at least 1")
    required = max(div_ceil(notional, leverage), div_ceil(notional * initial_ratio_bps, BPS))
    return i64("initial_requirement_atoms", required)


def maintenance_requirement_atoms(notional: int, maintenance_ratio_bps: int) -> int:
    """``notional · maintenance ratio``, rounded up."""
    return i64("maintenance_requirement_atoms", div_ceil(notional * maintenance_ratio_bps, BPS))


def can_add_risk(
    position: PositionState,
    market: MarketState,
    *,
    mark_price_e6: int,
    index_price_e6: int,
    leverage: int,
    initial_ratio_bps: int,
) -> bool:
    """Whether equity covers the initial requirement at the worse of mark and index price."""
    return all(
        equity_atoms(position, market, price)
        >= initial_requirement_atoms(notional_atoms(price, position.size_e8), leverage, initial_ratio_bps)
        for price in (mark_price_e6, index_price_e6)
    )


def is_liquidatable(
    position: PositionState, market: MarketState, price_e6: int, maintenance_ratio_bps: int
) -> bool:
    """Whether an open position's equity is below its maintenance requirement at `price_e6`."""
    if position.size_e8 == 0:
        return False
    requirement = maintenance_requirement_atoms(
        notional_atoms(price_e6, position.size_e8), maintenance_ratio_bps
    )
    return equity_atoms(position, market, price_e6) < requirement


def liquidation_price_e6(position: PositionState, maintenance_ratio_bps: int) -> int:
    """Price at which a touched position's equity meets its maintenance requirement; 0 when there is none.

    Long: ``ceil((cost − C) · 1e8 / (size · (1 − m)))``;
    short: ``floor((C − cost) · 1e8 / (|size| · (1 + m)))``. Rounded so that
    liquidation is never announced later than it happens; 2^63 − 1 for a price beyond that. Raises
    `InputError` for a ratio over 1, which no long could meet.
    """
    owed = position.cost_atoms - position.collateral_atoms
    is_long = position.size_e8 > 0
    if position.size_e8 == 0 or owed == 0 or is_long != (owed > 0):
        return 0
    if not is_long:
        price = div_floor(-owed * SIZE_SCALE * BPS, -position.size_e8 * (BPS + maintenance_ratio_bps))
        return min(price, I64_MAX)
    if maintenance_ratio_bps > BPS:
        raise InputError("maintenance_ratio_bps", maintenance_ratio_bps, f"must be at most {BPS}")
    divisor = position.size_e8 * (BPS - maintenance_ratio_bps)
    return min(div_ceil(owed * SIZE_SCALE * BPS, divisor), I64_MAX) if divisor else I64_MAX


@dataclass(frozen=True, slots=True)
class LiquidationTerms:
    """A market's terms of liquidation."""

    initial_ratio_bps: int
    fee_ppm: int  # liquidator's fee, of the notional taken over
    min_size_e8: int  # smallest size worth leaving open


def liquidation_size_e8(
    position: PositionState, market: MarketState, price_e6: int, terms: LiquidationTerms
) -> int:
    """Largest size a liquidator may take over, as a positive number of 1e-8 base units.

    ``x = (t · N − E) / (t − fee)`` of notional with ``t = initial ratio × 1.02``, rounded up to whole
    units; the whole position when that is more than there is, when the rest would be under
    `terms.min_size_e8`, or when t ≤ fee.
    """
    size = abs(position.size_e8)
    target_ppm = terms.initial_ratio_bps * LIQUIDATION_TARGET_PERCENT
    if size == 0 or price_e6 <= 0 or target_ppm <= terms.fee_ppm:
        return size
    notional = notional_atoms(price_e6, size)
    missing = target_ppm * notional - PPM * equity_atoms(position, market, price_e6)
    if missing <= 0:
        return 0
    closing_notional = div_ceil(missing, target_ppm - terms.fee_ppm)
    closing = div_ceil(closing_notional * SIZE_SCALE, price_e6)
    return size if size - closing < max(terms.min_size_e8, 1) else closing


def liquidation_fee_atoms(
    notional: int, fee_ppm: int, collateral_after_close_atoms: int, equity_after_close_atoms: int
) -> int:
    """``min(ceil(rate · N), max(C, 0), max(E, 0))`` after the close: a fee never makes a position bankrupt.

    What a part leaves open has lost, too, so its equity E bounds the fee beside its collateral C.
    """
    full = i64("liquidation_fee_atoms", div_ceil(notional * abs(fee_ppm), PPM))
    return min(full, max(min(collateral_after_close_atoms, equity_after_close_atoms), 0))
