"""Instructions of a market: create, limits, status."""

from __future__ import annotations

from enum import IntEnum

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from gdx_sdk import pdas
from gdx_sdk._generated.position_mgmt import instructions as generated
from gdx_sdk._generated.position_mgmt.types import CreateMarketArgs, MarketParams
from gdx_sdk.errors import InputError
from gdx_sdk.instructions._shared import POSITION_EVENTS


class MarketStatus(IntEnum):
    """What a market accepts; settling is entered by the program alone."""

    ACTIVE = 0
    REDUCE_ONLY = 1
    HALTED = 2
    SETTLING = 3


def create_market(
    admin: Pubkey,
    symbol: str,
    params: MarketParams,
    *,
    base_asset: str,
    quote_asset: str = "USDT",
    fee_recipient: Pubkey,
    price_feed: Pubkey | None = None,
    payer: Pubkey | None = None,
) -> Instruction:
    """Create the perpetual market of `symbol` and its pool; the configuration's admin and the payer sign.

    `price_feed` defaults to the oracle's feed of the same symbol.
    """
    market = pdas.market(symbol)
    args = CreateMarketArgs(
        pdas.symbol_hash(symbol),
        _padded("symbol", symbol, 32),
        _padded("base_asset", base_asset, 16),
        _padded("quote_asset", quote_asset, 16),
        fee_recipient,
        params,
    )
    return generated.create_market(
        {"args": args},
        {
            "payer": payer or admin,
            "config": pdas.config(),
            "admin": admin,
            "market": market,
            "price_feed": price_feed or pdas.price_feed(symbol),
            "vault_state": pdas.vault_state(),
            "pool": pdas.market_pool(market),
            "event_authority": POSITION_EVENTS,
        },
    )


def set_market_limits(admin: Pubkey, market: Pubkey, params: MarketParams) -> Instruction:
    """Change a market's fees, margins and limits, after the change was proposed and the delay has passed."""
    return generated.set_market_limits(
        {"params": params},
        {"config": pdas.config(), "admin": admin, "market": market, "event_authority": POSITION_EVENTS},
    )


def set_market_status(admin: Pubkey, market: Pubkey, status: MarketStatus) -> Instruction:
    """Make a market active, reduce-only or halted, after the change was proposed and the delay has passed."""
    return generated.set_market_status(
        {"status": int(status)},
        {"config": pdas.config(), "admin": admin, "market": market, "event_authority": POSITION_EVENTS},
    )


def _padded(field: str, text: str, size: int) -> bytes:
    raw = text.encode("ascii", "replace")
    if not 1 <= len(raw) <= size or not text.isascii():
        raise InputError(field, text, f"must be 1 to {size} ASCII characters")
    return raw.ljust(size, b"\0")
