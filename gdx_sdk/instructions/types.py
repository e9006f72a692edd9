"""Argument types of the builders."""

from __future__ import annotations

from gdx_sdk._generated.collateral_vault.types import WithdrawLimit
from gdx_sdk._generated.oracle.types import FallbackFeed, FeedLimits
from gdx_sdk._generated.position_mgmt.types import ConfigLimits, CreateConfigArgs, MarketParams

__all__ = ["ConfigLimits", "CreateConfigArgs", "FallbackFeed", "FeedLimits", "MarketParams", "WithdrawLimit"]
