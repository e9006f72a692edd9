"""Instructions of the configuration: roles, pause bits, batch versions, relayers."""

from __future__ import annotations

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from gdx_sdk import pdas
from gdx_sdk._generated.position_mgmt import instructions as generated
from gdx_sdk._generated.position_mgmt.types import CreateConfigArgs
from gdx_sdk.instructions._shared import POSITION_EVENTS, POSITION_PROGRAM


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
    """Add a relayer to the approved ones."""
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
    """Make another approved relayer the active one; admin or guardian signs."""
    return generated.set_active_relayer(
        {"relayer": relayer},
        {"config": pdas.config(), "signer": signer, "event_authority": POSITION_EVENTS},
    )


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
