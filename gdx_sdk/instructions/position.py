"""Instructions of one position: open, collateral in and out, liquidate, close."""

from __future__ import annotations

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from gdx_sdk import pdas
from gdx_sdk._generated.position_mgmt import instructions as generated
from gdx_sdk.instructions._shared import POSITION_EVENTS


def open_position(
    owner: Pubkey, market: Pubkey, *, leverage: int, payer: Pubkey | None = None
) -> Instruction:
    """Create `owner`'s empty position in `market` at whole-number `leverage`. Owner and payer sign."""
    return generated.open_position(
        {"leverage": leverage},
        {
            "payer": payer or owner,
            "owner": owner,
            "config": pdas.config(),
            "market": market,
            "position": pdas.position(owner, market),
            "event_authority": POSITION_EVENTS,
        },
    )


def add_collateral(owner: Pubkey, market: Pubkey, amount_atoms: int) -> Instruction:
    """Lock free collateral under the position. The owner signs."""
    return generated.add_collateral(
        {"amount_atoms": amount_atoms},
        {
            "owner": owner,
            "config": pdas.config(),
            "market": market,
            "position": pdas.position(owner, market),
            "collateral": pdas.collateral(owner),
            "pool": pdas.market_pool(market),
            "vault_state": pdas.vault_state(),
            "event_authority": POSITION_EVENTS,
        },
    )


def request_release(owner: Pubkey, market: Pubkey, amount_atoms: int, *, price_feed: Pubkey) -> Instruction:
    """Ask for collateral back; executable a few slots later. The owner signs."""
    return generated.request_release(
        {"amount_atoms": amount_atoms},
        {
            "owner": owner,
            "config": pdas.config(),
            "market": market,
            "position": pdas.position(owner, market),
            "price_feed": price_feed,
            "event_authority": POSITION_EVENTS,
        },
    )


def execute_release(owner: Pubkey, market: Pubkey, *, price_feed: Pubkey) -> Instruction:
    """Move a requested release to `owner`'s free collateral; anyone may."""
    return generated.execute_release(
        {
            "config": pdas.config(),
            "market": market,
            "position": pdas.position(owner, market),
            "collateral": pdas.collateral(owner),
            "pool": pdas.market_pool(market),
            "price_feed": price_feed,
            "vault_state": pdas.vault_state(),
            "event_authority": POSITION_EVENTS,
        }
    )


def liquidate(
    liquidator: Pubkey,
    position: Pubkey,
    market: Pubkey,
    *,
    size_e8: int,
    price_feed: Pubkey,
    fallback_feed: Pubkey | None = None,
) -> Instruction:
    """Take over up to `size_e8` of an unhealthy `position` into the liquidator's own, at the oracle price.

    The liquidator signs; `size_e8` is positive whichever side the position is on.
    """
    return generated.liquidate(
        {"size_e8": size_e8},
        {
            "liquidator": liquidator,
            "config": pdas.config(),
            "market": market,
            "price_feed": price_feed,
            "fallback_feed": fallback_feed,
            "position": position,
            "liquidator_position": pdas.position(liquidator, market),
            "event_authority": POSITION_EVENTS,
        },
    )


def close_position(owner: Pubkey, market: Pubkey) -> Instruction:
    """Close an empty position; the rent goes back to the owner, who signs."""
    return generated.close_position(
        {
            "owner": owner,
            "market": market,
            "position": pdas.position(owner, market),
            "event_authority": POSITION_EVENTS,
        }
    )
