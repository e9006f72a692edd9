"""Instructions that close a market for good: start settling, settle and pay each position, close the market.

Anyone may send them all, so that nobody's money depends on admin, guardian or relayer; only a delisting needs
the admin's signature, after the delay.
"""

from __future__ import annotations

from enum import IntEnum

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from gdx_sdk import pdas
from gdx_sdk._generated.position_mgmt import instructions as generated
from gdx_sdk.errors import InputError
from gdx_sdk.instructions._shared import POSITION_EVENTS


class SettlingReason(IntEnum):
    """Why a market is settled; each has its own rule, which the program checks."""

    DELISTING = 0
    """The admin delists it, after the delay."""
    SILENCE = 1
    """No batch for a day."""
    STUCK_LOSS = 2
    """A loss that nobody can carry."""
    USED_UP_INDEX = 3
    """A funding or loss index nearly used up."""


def start_settling(
    payer: Pubkey,
    market: Pubkey,
    reason: SettlingReason,
    *,
    price_feed: Pubkey,
    admin: Pubkey | None = None,
) -> Instruction:
    """Fix the price at which every position of `market` is closed: the oracle's hourly average.

    The payer signs, and for a delisting the admin. Raises `InputError` for a delisting without admin.
    """
    if reason is SettlingReason.DELISTING and admin is None:
        raise InputError("admin", None, "must sign a delisting")
    return generated.start_settling(
        {"reason": int(reason)},
        {
            "payer": payer,
            "config": pdas.config(),
            "admin": admin,
            "market": market,
            "pool": pdas.market_pool(market),
            "price_feed": price_feed,
            "settlement": pdas.market_settlement(market),
            "event_authority": POSITION_EVENTS,
        },
    )


def settle_position(market: Pubkey, owner: Pubkey) -> Instruction:
    """Close the whole size of `owner`'s position at the settling market's price; anyone may."""
    return generated.settle_position(
        {
            "market": market,
            "settlement": pdas.market_settlement(market),
            "position": pdas.position(owner, market),
            "event_authority": POSITION_EVENTS,
        }
    )


def pay_position(
    market: Pubkey, owner: Pubkey, *, recipient: Pubkey | None = None, has_collateral_account: bool = True
) -> Instruction:
    """Pay `owner`'s position out and close it, once no position of `market` has size left; anyone may.

    Money and rent go to `recipient`, the position's parent wallet: the owner where there is no session. Its
    collateral account may be missing (`has_collateral_account=False`) when nothing is paid.
    """
    recipient = recipient or owner
    return generated.pay_position(
        {
            "market": market,
            "settlement": pdas.market_settlement(market),
            "position": pdas.position(owner, market),
            "recipient": recipient,
            "collateral": pdas.collateral(recipient) if has_collateral_account else None,
            "pool": pdas.market_pool(market),
            "vault_state": pdas.vault_state(),
            "event_authority": POSITION_EVENTS,
        }
    )


def close_market(market: Pubkey, *, admin: Pubkey, settlement_payer: Pubkey) -> Instruction:
    """Close a settled `market` that has no positions left, with its pool and settlement; anyone may.

    `admin` is the configuration's and gets the rent of market and pool; `settlement_payer` is who started it.
    """
    return generated.close_market(
        {
            "config": pdas.config(),
            "market": market,
            "settlement": pdas.market_settlement(market),
            "pool": pdas.market_pool(market),
            "funding": pdas.funding_state(market),
            "admin": admin,
            "settlement_payer": settlement_payer,
            "vault_state": pdas.vault_state(),
            "event_authority": POSITION_EVENTS,
        }
    )
