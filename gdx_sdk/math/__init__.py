"""Exact integer maths of the protocol, equal to the programs by golden vectors; every rounding is named."""

from __future__ import annotations

from gdx_sdk.math.band import deviation_atoms, is_within_band, slippage_loss_atoms
from gdx_sdk.math.bulk import PositionColumns, liquidatable_rows
from gdx_sdk.math.fees import fee_atoms, notional_atoms
from gdx_sdk.math.funding import (
    funding_index_step,
    funding_rate_e9,
    premium_e9,
    weighted_premium_e9,
)
from gdx_sdk.math.limiter import NetOutflow
from gdx_sdk.math.margin import (
    LiquidationTerms,
    can_add_risk,
    equity_atoms,
    initial_requirement_atoms,
    is_liquidatable,
    liquidation_fee_atoms,
    liquidation_price_e6,
    liquidation_size_e8,
    maintenance_requirement_atoms,
    value_atoms,
)
from gdx_sdk.math.oracle import aggregate_quotes_e6, average_e9
from gdx_sdk.math.rules import (
    add_collateral,
    charge_fee,
    charge_insurance,
    cover_from_accrued,
    fill,
    net_fill,
    net_fill_quote_atoms,
    release_collateral,
    resolve_bankruptcy,
    settle_overdraft,
    sweep_fees,
    touch,
    unpaid_funding_atoms,
    unpaid_loss_atoms,
)
from gdx_sdk.math.settling import (
    Payouts,
    open_payouts,
    pay_position,
    settle_position,
    settling_payout_atoms,
)
from gdx_sdk.math.state import MarketState, PositionState

__all__ = [
    "LiquidationTerms",
    "MarketState",
    "NetOutflow",
    "Payouts",
    "PositionColumns",
    "PositionState",
    "add_collateral",
    "aggregate_quotes_e6",
    "average_e9",
    "can_add_risk",
    "charge_fee",
    "charge_insurance",
    "cover_from_accrued",
    "deviation_atoms",
    "equity_atoms",
    "fee_atoms",
    "fill",
    "funding_index_step",
    "funding_rate_e9",
    "initial_requirement_atoms",
    "is_liquidatable",
    "is_within_band",
    "liquidatable_rows",
    "liquidation_fee_atoms",
    "liquidation_price_e6",
    "liquidation_size_e8",
    "maintenance_requirement_atoms",
    "net_fill",
    "net_fill_quote_atoms",
    "notional_atoms",
    "open_payouts",
    "pay_position",
    "premium_e9",
    "release_collateral",
    "resolve_bankruptcy",
    "settle_overdraft",
    "settle_position",
    "settling_payout_atoms",
    "slippage_loss_atoms",
    "sweep_fees",
    "touch",
    "unpaid_funding_atoms",
    "unpaid_loss_atoms",
    "value_atoms",
    "weighted_premium_e9",
]
