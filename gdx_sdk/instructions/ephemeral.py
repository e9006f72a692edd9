"""Instructions of the ephemeral vault: deposits by a session key within an allowance."""

from __future__ import annotations

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from gdx_sdk import pdas
from gdx_sdk._generated.ephemeral_vault import instructions as generated
from gdx_sdk.instructions._shared import EPHEMERAL_EVENTS, TOKEN_PROGRAM, VAULT_EVENTS


def create_ephemeral_vault(user: Pubkey, *, session_key: Pubkey, expiry_ts: int) -> Instruction:
    """Open a session for `session_key` until `expiry_ts`, within thirty days. The user signs."""
    return generated.create(
        {"session_key": session_key, "expiry_ts": expiry_ts},
        {
            "user_wallet": user,
            "vault": pdas.ephemeral_vault(user),
            "session": pdas.ephemeral_session(user),
            "event_authority": EPHEMERAL_EVENTS,
        },
    )


def approve_ephemeral_vault(
    user: Pubkey,
    remaining_atoms: int,
    *,
    expected_used_atoms: int,
    quote_mint: Pubkey,
    user_token: Pubkey | None = None,
    token_program: Pubkey = TOKEN_PROGRAM,
) -> Instruction:
    """Leave `remaining_atoms` to the session; refused when it has not used `expected_used_atoms`."""
    return generated.approve(
        {"remaining_atoms": remaining_atoms, "expected_used_atoms": expected_used_atoms},
        {
            "user_wallet": user,
            "vault": pdas.ephemeral_vault(user),
            "session": pdas.ephemeral_session(user),
            "user_token": user_token or pdas.associated_token(user, quote_mint, token_program),
            "token_program": token_program,
            "event_authority": EPHEMERAL_EVENTS,
        },
    )


def fast_deposit(
    user: Pubkey,
    amount_atoms: int,
    *,
    session_key: Pubkey,
    quote_mint: Pubkey,
    user_token: Pubkey | None = None,
    token_program: Pubkey = TOKEN_PROGRAM,
) -> Instruction:
    """Deposit into `user`'s free collateral; only the session key signs."""
    return generated.fast_deposit(
        {"amount_atoms": amount_atoms},
        {
            "session_key": session_key,
            "session": pdas.ephemeral_session(user),
            "vault": pdas.ephemeral_vault(user),
            "user_token": user_token or pdas.associated_token(user, quote_mint, token_program),
            "vault_state": pdas.vault_state(),
            "collateral": pdas.collateral(user),
            "vault_token": pdas.vault_token(),
            "quote_mint": quote_mint,
            "token_program": token_program,
            "collateral_vault_event_authority": VAULT_EVENTS,
            "event_authority": EPHEMERAL_EVENTS,
        },
    )


def revoke_ephemeral_vault(
    user: Pubkey,
    *,
    user_token: Pubkey | None = None,
    token_program: Pubkey = TOKEN_PROGRAM,
) -> Instruction:
    """End the session at once; with `user_token` the token program's delegation ends too. The user signs."""
    return generated.revoke(
        {
            "user_wallet": user,
            "vault": pdas.ephemeral_vault(user),
            "user_token": user_token,
            "token_program": token_program if user_token is not None else None,
            "event_authority": EPHEMERAL_EVENTS,
        }
    )


def close_ephemeral_vault(user: Pubkey) -> Instruction:
    """Close a revoked session; the rent goes back to the user, who signs."""
    return generated.close(
        {
            "user_wallet": user,
            "vault": pdas.ephemeral_vault(user),
            "session": pdas.ephemeral_session(user),
            "event_authority": EPHEMERAL_EVENTS,
        }
    )
