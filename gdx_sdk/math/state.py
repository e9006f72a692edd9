"""The part of a market and of a position that the money rules read and write, as plain immutable values."""

from __future__ import annotations

from dataclasses import dataclass, fields
from operator import attrgetter

from gdx_sdk.math._integers import i64
from gdx_sdk.units import I64_MAX, I64_MIN, U64_MAX, Side


@dataclass(frozen=True, slots=True)
class PositionState:
    """One user's position in one market. Amounts in atoms, size in 1e-8 base units (+ long, − short)."""

    size_e8: int = 0
    cost_atoms: int = 0  # what the open size was bought (+) or sold (−) for
    collateral_atoms: int = 0
    funding_index: int = 0  # 1e-4 atom per whole base unit, at the last touch
    loss_index: int = 0  # same unit, of this position's side, at the last touch

    @property
    def side(self) -> Side | None:
        """BUY when long, SELL when short, None when flat."""
        if self.size_e8 == 0:
            return None
        return Side.BUY if self.size_e8 > 0 else Side.SELL

    @property
    def entry_price_e6(self) -> int:
        """``|cost| / |size|`` rounded down, in 1e-6 USDT per base unit; 0 when flat."""
        return min(abs(self.cost_atoms) * 10**8 // abs(self.size_e8), U64_MAX) if self.size_e8 else 0


@dataclass(frozen=True, slots=True)
class MarketState:
    """Money counters (atoms) and indices (1e-4 atom per whole base unit) of one market.

    `InputError` for one that the programs' i64 would not hold.
    """

    funding_index: int = 0
    long_loss_index: int = 0
    short_loss_index: int = 0
    long_interest_e8: int = 0
    short_interest_e8: int = 0
    collateral_sum_atoms: int = 0
    cost_sum_atoms: int = 0
    locked_atoms: int = 0  # the market's pool in the vault
    insurance_atoms: int = 0
    accrued_fees_atoms: int = 0
    accrued_insurance_atoms: int = 0  # insurance's share of liquidation fees, not yet moved to it
    funding_pool_atoms: int = 0
    outstanding_loss_atoms: int = 0
    long_shortfall_atoms: int = 0  # left behind by bankrupt longs
    short_shortfall_atoms: int = 0  # left behind by bankrupt shorts

    def __post_init__(self) -> None:
        values = _counters(self)
        if max(values) > I64_MAX or min(values) < I64_MIN:
            for name, value in zip(_COUNTERS, values, strict=True):
                i64(name, value)

    def loss_index(self, side: Side) -> int:
        """The loss index that positions on `side` pay."""
        return self.long_loss_index if side is Side.BUY else self.short_loss_index

    def shortfall_atoms(self, side: Side) -> int:
        """What bankrupt positions of `side` left uncovered."""
        return self.long_shortfall_atoms if side is Side.BUY else self.short_shortfall_atoms

    @property
    def book_value_atoms(self) -> int:
        """``ΣC − Σcost + accrued + funding_pool − loss_out − shortfall``, always equal to `locked_atoms`."""
        return (
            self.collateral_sum_atoms
            - self.cost_sum_atoms
            + self.accrued_fees_atoms
            + self.accrued_insurance_atoms
            + self.funding_pool_atoms
            - self.outstanding_loss_atoms
            - self.long_shortfall_atoms
            - self.short_shortfall_atoms
        )


_COUNTERS = tuple(field.name for field in fields(MarketState))
_counters = attrgetter(*_COUNTERS)
