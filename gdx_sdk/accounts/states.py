"""From accounts as stored to the values that `gdx_sdk.math` computes with."""

from __future__ import annotations

from typing import Any

from gdx_sdk._generated.collateral_vault.accounts import MarketPool
from gdx_sdk._generated.position_mgmt.accounts import PerpMarket, UserPosition
from gdx_sdk.math.bulk import PositionColumns
from gdx_sdk.math.state import MarketState, PositionState


def position_state(position: UserPosition) -> PositionState:
    """The money of a position."""
    return PositionState(
        size_e8=position.size,
        cost_atoms=position.cost_atoms,
        collateral_atoms=position.collateral,
        funding_index=position.funding_index,
        loss_index=position.loss_index,
    )


POSITION_FIELDS = ("size", "cost_atoms", "collateral", "funding_index", "loss_index")
"""What `position_columns` reads, to ask a scan for."""


def position_columns(table: Any) -> PositionColumns:
    """The money of many positions: of a numpy table with at least the columns `POSITION_FIELDS`."""
    return PositionColumns(*(table[name] for name in POSITION_FIELDS))


def market_state(market: PerpMarket, pool: MarketPool | None = None) -> MarketState:
    """The money of a market; what its pool in the vault holds is 0 without `pool`."""
    return MarketState(
        funding_index=market.funding_index,
        long_loss_index=market.long_loss_index,
        short_loss_index=market.short_loss_index,
        long_interest_e8=market.total_long_interest,
        short_interest_e8=market.total_short_interest,
        collateral_sum_atoms=market.collateral_sum_atoms,
        cost_sum_atoms=market.cost_sum_atoms,
        locked_atoms=pool.locked_atoms if pool else 0,
        insurance_atoms=pool.insurance_atoms if pool else 0,
        accrued_fees_atoms=market.accrued_fees_atoms,
        accrued_insurance_atoms=market.insurance_fund,
        funding_pool_atoms=market.funding_pool_atoms,
        outstanding_loss_atoms=market.outstanding_loss_atoms,
        long_shortfall_atoms=market.long_shortfall_atoms,
        short_shortfall_atoms=market.short_shortfall_atoms,
    )
