"""Instructions of one position: open, collateral in and out, liquidate, close."""

from __future__ import annotations

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from gdx_sdk import pdas
from gdx_sdk._generated.position_mgmt import instructions as generated
from gdx_sdk.errors import InputError
from gdx_sdk.instructions._shared import POSITION_EVENTS


def open_position(
    owner: Pubkey,
    market: Pubkey,
    *,
    leverage: int,
    payer: Pubkey | None = None,
    parent_wallet: Pubkey | None = None,
) -> Instruction:
    """Create `owner`'s empty position in `market` at whole-number `leverage`. Owner and payer sign.

    With a `parent_wallet`, `owner` is its session wallet: both sign, the parent pays and gets all money and
    the rent back. Raises `InputError` when another payer is named as well.
    """
    position = pdas.position(owner, market)
    if parent_wallet is None:
        return generated.open_position(
            {"leverage": leverage},
            {
                "payer": payer or owner,
                "owner": owner,
                "config": pdas.config(),
                "market": market,
                "position": position,
                "event_authority": POSITION_EVENTS,
            },
        )
    if payer not in (None, parent_wallet):
        raise InputError("payer", payer, "must be the parent wallet for a position of a session wallet")
    return generated.open_session_position(
        {"leverage": leverage},
        {
            "parent_wallet": parent_wallet,
            "owner": owner,
            "config": pdas.config(),
            "market": market,
            "position": position,
            "event_authority": POSITION_EVENTS,
        },
    )


def add_collateral(
    owner: Pubkey, market: Pubkey, amount_atoms: int, *, parent_wallet: Pubkey | None = None
) -> Instruction:
    """Lock free collateral of who signs, the owner or the `parent_wallet`, under `owner`'s position."""
    signer = parent_wallet or owner
    return generated.add_collateral(
        {"amount_atoms": amount_atoms},
        {
            "owner": signer,
            "config": pdas.config(),
            "market": market,
            "position": pdas.position(owner, market),
            "collateral": pdas.collateral(signer),
            "pool": pdas.market_pool(market),
            "vault_state": pdas.vault_state(),
            "event_authority": POSITION_EVENTS,
        },
    )


def request_release(
    owner: Pubkey,
    market: Pubkey,
    amount_atoms: int,
    *,
    price_feed: Pubkey,
    parent_wallet: Pubkey | None = None,
) -> Instruction:
    """Ask for collateral of `owner`'s position back; executable a few slots later.

    The owner signs, or the `parent_wallet`, whose request its session wallet cannot change.
    """
    return generated.request_release(
        {"amount_atoms": amount_atoms},
        {
            "owner": parent_wallet or owner,
            "config": pdas.config(),
            "market": market,
            "position": pdas.position(owner, market),
            "price_feed": price_feed,
            "event_authority": POSITION_EVENTS,
        },
    )


def execute_release(
    owner: Pubkey, market: Pubkey, *, price_feed: Pubkey, parent_wallet: Pubkey | None = None
) -> Instruction:
    """Move a requested release to the free collateral of `owner`, or of the `parent_wallet` if there is one.

    Anyone may.
    """
    return generated.execute_release(
        {
            "config": pdas.config(),
            "market": market,
            "position": pdas.position(owner, market),
            "collateral": pdas.collateral(parent_wallet or owner),
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
    parent_wallet: Pubkey | None = None,
) -> Instruction:
    """Take over up to `size_e8` of an unhealthy `position` into the liquidator's own, at the oracle price.

    The liquidator signs, or the `parent_wallet` where the liquidator is its session wallet, which may not;
    `size_e8` is positive whichever side the position is on.
    """
    return generated.liquidate(
        {"size_e8": size_e8},
        {
            "liquidator": parent_wallet or liquidator,
            "config": pdas.config(),
            "market": market,
            "price_feed": price_feed,
            "fallback_feed": fallback_feed,
            "position": position,
            "liquidator_position": pdas.position(liquidator, market),
            "event_authority": POSITION_EVENTS,
        },
    )


def close_position(owner: Pubkey, market: Pubkey, *, parent_wallet: Pubkey | None = None) -> Instruction:
    """Close an empty position; the rent goes to who signs: its `parent_wallet`, or the owner without one."""
    return generated.close_position(
        {
            "owner": parent_wallet or owner,
            "market": market,
            "position": pdas.position(owner, market),
            "event_authority": POSITION_EVENTS,
        }
    )
