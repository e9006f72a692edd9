"""From decoded accounts to what the liquidator decides from; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from solders.pubkey import Pubkey

from gdx_keepers.core.clock import Now
from gdx_keepers.jobs.liquidator import MarketScan, MarketView, PositionView
from gdx_sdk import pdas
from gdx_sdk.accounts import (
    GlobalConfig,
    PerpMarket,
    PriceFeed,
    UserPosition,
    market_state,
    position_state,
)
from gdx_sdk.instructions import MarketStatus
from gdx_sdk.math import LiquidationTerms
from gdx_sdk.validity import OracleAction, feed_validity, is_allowed

PAUSE_LIQUIDATE = 1 << 3


@dataclass(frozen=True, slots=True)
class OwnedPosition:
    """A position, and the wallet that answers for it."""

    view: PositionView
    parent_wallet: Pubkey

    @classmethod
    def of(cls, address: Pubkey, position: UserPosition) -> Self:
        """From its account."""
        view = PositionView(address, position_state(position), position.leverage)
        return cls(view, position.parent_wallet)


def is_trading(market: PerpMarket) -> bool:
    """Whether positions may still change."""
    return market.status in (MarketStatus.ACTIVE, MarketStatus.REDUCE_ONLY)


def market_scan(
    address: Pubkey,
    market: PerpMarket,
    feed: PriceFeed,
    config: GlobalConfig,
    positions: Iterable[OwnedPosition],
    *,
    liquidator: Pubkey,
    now: Now,
) -> MarketScan:
    """The market with its open positions and the liquidator's own."""
    own_address = pdas.position(liquidator, address)
    is_open, own = [], None
    for position in positions:
        if position.view.state.size_e8:
            is_open.append(position.view)
        # A session wallet may not liquidate with its position: only the parent wallet may.
        if position.view.address == own_address and position.parent_wallet == liquidator:
            own = position.view
    return MarketScan(_market_view(address, market, feed, config, now), tuple(is_open), own)


def _market_view(
    address: Pubkey, market: PerpMarket, feed: PriceFeed, config: GlobalConfig, now: Now
) -> MarketView:
    is_price_usable = is_allowed(OracleAction.LIQUIDATE, feed_validity(feed, now.ts))
    return MarketView(
        address,
        market_state(market),
        feed.price_e6,
        market.mark_price_e6,
        is_price_usable and is_trading(market) and not config.pause_bits & PAUSE_LIQUIDATE,
        market.maintenance_margin_ratio,
        LiquidationTerms(
            market.initial_margin_ratio, market.liquidation_fee_ppm, market.min_position_size_e8
        ),
        market.max_position_size_e8,
    )
