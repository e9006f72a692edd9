"""Accounts of the five programs, decoded by generated code, and their money as the maths sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gdx_sdk._generated.collateral_vault.accounts import Collateral, MarketPool, VaultState
    from gdx_sdk._generated.ephemeral_vault.accounts import EphemeralVault, Session
    from gdx_sdk._generated.funding_rate.accounts import FundingState
    from gdx_sdk._generated.oracle.accounts import PriceFeed
    from gdx_sdk._generated.position_mgmt.accounts import (
        GlobalConfig,
        MarketSettlement,
        PerpMarket,
        RelayerBeat,
        SettlementBatch,
        UserPosition,
    )
    from gdx_sdk.accounts.states import POSITION_FIELDS, market_state, position_columns, position_state

_HOME = {
    "Collateral": "_generated.collateral_vault.accounts",
    "EphemeralVault": "_generated.ephemeral_vault.accounts",
    "FundingState": "_generated.funding_rate.accounts",
    "GlobalConfig": "_generated.position_mgmt.accounts",
    "MarketPool": "_generated.collateral_vault.accounts",
    "MarketSettlement": "_generated.position_mgmt.accounts",
    "PerpMarket": "_generated.position_mgmt.accounts",
    "PriceFeed": "_generated.oracle.accounts",
    "RelayerBeat": "_generated.position_mgmt.accounts",
    "Session": "_generated.ephemeral_vault.accounts",
    "SettlementBatch": "_generated.position_mgmt.accounts",
    "UserPosition": "_generated.position_mgmt.accounts",
    "VaultState": "_generated.collateral_vault.accounts",
    "POSITION_FIELDS": "accounts.states",
    "market_state": "accounts.states",
    "position_columns": "accounts.states",
    "position_state": "accounts.states",
}

__all__ = [
    "POSITION_FIELDS",
    "Collateral",
    "EphemeralVault",
    "FundingState",
    "GlobalConfig",
    "MarketPool",
    "MarketSettlement",
    "PerpMarket",
    "PriceFeed",
    "RelayerBeat",
    "Session",
    "SettlementBatch",
    "UserPosition",
    "VaultState",
    "market_state",
    "position_columns",
    "position_state",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"gdx_sdk.{_HOME[name]}"), name)
    globals()[name] = value
    return value
