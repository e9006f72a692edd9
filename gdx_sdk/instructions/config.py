"""Instructions of the configuration: roles, pause bits, batch versions, relayers."""

from __future__ import annotations

from hashlib import sha256

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from gdx_sdk import pdas
from gdx_sdk._generated.position_mgmt import instructions as generated
from gdx_sdk._generated.position_mgmt.instructions.create_market import (
    DISCRIMINATOR as CREATE_MARKET,
)
from gdx_sdk._generated.position_mgmt.instructions.create_market import CreateMarketAccounts
from gdx_sdk._generated.position_mgmt.instructions.set_market_limits import (
    DISCRIMINATOR as SET_MARKET_LIMITS,
)
from gdx_sdk._generated.position_mgmt.instructions.set_market_limits import SetMarketLimitsAccounts
from gdx_sdk._generated.position_mgmt.instructions.set_market_status import (
    DISCRIMINATOR as SET_MARKET_STATUS,
)
from gdx_sdk._generated.position_mgmt.instructions.set_market_status import SetMarketStatusAccounts
from gdx_sdk._generated.position_mgmt.instructions.start_settling import (
    DISCRIMINATOR as START_SETTLING,
)
from gdx_sdk._generated.position_mgmt.instructions.start_settling import StartSettlingAccounts
from gdx_sdk._generated.position_mgmt.types import ConfigLimits, CreateConfigArgs
from gdx_sdk.instructions._shared import POSITION_EVENTS, POSITION_PROGRAM

_ABOUT = {
    CREATE_MARKET: list(CreateMarketAccounts.__annotations__).index("price_feed"),
    SET_MARKET_LIMITS: list(SetMarketLimitsAccounts.__annotations__).index("market"),
    SET_MARKET_STATUS: list(SetMarketStatusAccounts.__annotations__).index("market"),
    START_SETTLING: list(StartSettlingAccounts.__annotations__).index("market"),
}
"""Delayed changes that are proposed with an account, by discriminator, and its place among the accounts."""


def create_config(upgrade_authority: Pubkey, args: CreateConfigArgs) -> Instruction:
    """Create the configuration and the relayer's beat; `upgrade_authority` is the program's and pays."""
    return generated.create_config(
        {"args": args},
        {
            "upgrade_authority": upgrade_authority,
            "config": pdas.config(),
            "beat": pdas.relayer_beat(),
            "program_data": pdas.program_data(POSITION_PROGRAM),
            "event_authority": POSITION_EVENTS,
        },
    )


def set_pause_bits(signer: Pubkey, pause_bits: int) -> Instruction:
    """Set the pause bits; the guardian may only add, the admin may clear."""
    return generated.set_pause_bits(
        {"pause_bits": pause_bits},
        {"config": pdas.config(), "signer": signer, "event_authority": POSITION_EVENTS},
    )


def set_allowed_versions(signer: Pubkey, versions: int) -> Instruction:
    """Set the mask of batch versions (1 = V1, 2 = V2, 3 = both); the guardian may only narrow it."""
    return generated.set_allowed_versions(
        {"versions": versions},
        {"config": pdas.config(), "signer": signer, "event_authority": POSITION_EVENTS},
    )


def set_min_batch_size(admin: Pubkey, min_batch_size: int) -> Instruction:
    """Set the smallest batch that needs no flush flag, at most 18."""
    return generated.set_min_batch_size(
        {"min_batch_size": min_batch_size},
        {"config": pdas.config(), "admin": admin, "event_authority": POSITION_EVENTS},
    )


def approve_relayer(admin: Pubkey, relayer: Pubkey) -> Instruction:
    """Add a relayer to the approved ones, after the delay."""
    return generated.approve_relayer(
        {"relayer": relayer},
        {"config": pdas.config(), "admin": admin, "event_authority": POSITION_EVENTS},
    )


def revoke_relayer(signer: Pubkey, relayer: Pubkey) -> Instruction:
    """Take a relayer off the approved ones; admin or guardian signs."""
    return generated.revoke_relayer(
        {"relayer": relayer},
        {"config": pdas.config(), "signer": signer, "event_authority": POSITION_EVENTS},
    )


def set_active_relayer(signer: Pubkey, relayer: Pubkey) -> Instruction:
    """Make another approved relayer the active one: the guardian at once, the admin after the delay."""
    return generated.set_active_relayer(
        {"relayer": relayer},
        {"config": pdas.config(), "signer": signer, "event_authority": POSITION_EVENTS},
    )


def set_canary(signer: Pubkey, market: Pubkey, *, version: int, batches: int) -> Instruction:
    """Let one market use batch `version` for its next `batches` sequences; 0 batches end the canary.

    The admin sets any canary of a version that is not allowed for all; the guardian only shortens one.
    """
    return generated.set_canary(
        {"version": version, "batches": batches},
        {"config": pdas.config(), "signer": signer, "market": market, "event_authority": POSITION_EVENTS},
    )


def set_guardian(admin: Pubkey, guardian: Pubkey) -> Instruction:
    """Name another guardian, after the delay."""
    return generated.set_guardian(
        {"guardian": guardian},
        {"config": pdas.config(), "admin": admin, "event_authority": POSITION_EVENTS},
    )


def set_config_limits(admin: Pubkey, limits: ConfigLimits) -> Instruction:
    """Set the figures common to all markets, after the delay."""
    return generated.set_config_limits(
        {"limits": limits},
        {"config": pdas.config(), "admin": admin, "event_authority": POSITION_EVENTS},
    )


def raise_delay(admin: Pubkey, delay_seconds: int) -> Instruction:
    """Make the delay of changes longer, after the present delay."""
    return generated.raise_delay(
        {"delay_seconds": delay_seconds},
        {"config": pdas.config(), "admin": admin, "event_authority": POSITION_EVENTS},
    )


def migrate_config(payer: Pubkey) -> Instruction:
    """Grow a configuration of layout 1 to the present layout; anyone may, and pays the missing rent."""
    return generated.migrate_config(
        {"payer": payer, "config": pdas.config(), "event_authority": POSITION_EVENTS}
    )


def change_hash(change: Instruction) -> bytes:
    """What `propose_change` is told (32 bytes) of a delayed change: ``sha256(data ‖ account or nothing)``.

    The account is the market that the change is about, and the price feed of a new market.
    """
    place = _ABOUT.get(bytes(change.data[:8]))
    about = bytes(change.accounts[place].pubkey) if place is not None else b""
    return sha256(bytes(change.data) + about).digest()


def propose_change(admin: Pubkey, change_hash: bytes) -> Instruction:
    """Announce a delayed change by its hash (32 bytes); it may be made after the delay."""
    return generated.propose_change(
        {"change_hash": change_hash},
        {"config": pdas.config(), "admin": admin, "event_authority": POSITION_EVENTS},
    )


def propose_admin(admin: Pubkey, new_admin: Pubkey) -> Instruction:
    """Propose another admin; the new key accepts after the delay."""
    return generated.propose_admin(
        {"new_admin": new_admin},
        {"config": pdas.config(), "admin": admin, "event_authority": POSITION_EVENTS},
    )


def accept_admin(new_admin: Pubkey) -> Instruction:
    """Become the configuration's admin."""
    return generated.accept_admin(
        {"config": pdas.config(), "new_admin": new_admin, "event_authority": POSITION_EVENTS}
    )
