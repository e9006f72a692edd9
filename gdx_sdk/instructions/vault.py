"""Instructions of the collateral vault that people sign; locking and releasing are the position program's."""

from __future__ import annotations

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from gdx_sdk import pdas
from gdx_sdk._generated.collateral_vault import instructions as generated
from gdx_sdk._generated.collateral_vault.types import CreateVaultArgs, WithdrawLimit
from gdx_sdk.instructions._shared import TOKEN_PROGRAM, VAULT_EVENTS, VAULT_PROGRAM


def create_vault(
    upgrade_authority: Pubkey,
    quote_mint: Pubkey,
    *,
    admin: Pubkey,
    guardian: Pubkey,
    fee_recipient: Pubkey,
    withdraw_limit: WithdrawLimit,
    delay_s: int,
    token_program: Pubkey = TOKEN_PROGRAM,
) -> Instruction:
    """Create the vault and its token account; `upgrade_authority` is the program's and pays.

    `delay_s` is how long changes of money wait; `withdraw_limit` bounds the net outflow per rolling window
    (atoms, seconds) and sets the minimum that every user may withdraw nevertheless.
    """
    args = CreateVaultArgs(admin, guardian, fee_recipient, delay_s, withdraw_limit)
    return generated.create_vault(
        {"args": args},
        {
            "upgrade_authority": upgrade_authority,
            "vault_state": pdas.vault_state(),
            "quote_mint": quote_mint,
            "vault_token": pdas.vault_token(),
            "program_data": pdas.program_data(VAULT_PROGRAM),
            "token_program": token_program,
            "event_authority": VAULT_EVENTS,
        },
    )


def open_account(owner: Pubkey, *, payer: Pubkey | None = None) -> Instruction:
    """Create `owner`'s collateral account; anyone may pay for it."""
    return generated.open_account(
        {
            "payer": payer or owner,
            "owner": owner,
            "collateral": pdas.collateral(owner),
            "event_authority": VAULT_EVENTS,
        }
    )


def deposit(
    owner: Pubkey,
    amount_atoms: int,
    *,
    quote_mint: Pubkey,
    token_authority: Pubkey | None = None,
    from_token: Pubkey | None = None,
    token_program: Pubkey = TOKEN_PROGRAM,
) -> Instruction:
    """Move tokens into `owner`'s free collateral.

    `token_authority` (default: the owner) signs for `from_token` (default: its usual token account).
    """
    authority = token_authority or owner
    return generated.deposit(
        {"amount_atoms": amount_atoms},
        {
            "vault_state": pdas.vault_state(),
            "collateral": pdas.collateral(owner),
            "depositor_token": from_token or pdas.associated_token(authority, quote_mint, token_program),
            "vault_token": pdas.vault_token(),
            "quote_mint": quote_mint,
            "token_authority": authority,
            "token_program": token_program,
            "event_authority": VAULT_EVENTS,
        },
    )


def withdraw(
    owner: Pubkey,
    amount_atoms: int,
    *,
    quote_mint: Pubkey,
    to_token: Pubkey | None = None,
    token_program: Pubkey = TOKEN_PROGRAM,
) -> Instruction:
    """Move free collateral out to `to_token` (default: the owner's usual token account). The owner signs."""
    return generated.withdraw(
        {"amount_atoms": amount_atoms},
        {
            "vault_state": pdas.vault_state(),
            "collateral": pdas.collateral(owner),
            "owner": owner,
            "recipient_token": to_token or pdas.associated_token(owner, quote_mint, token_program),
            "vault_token": pdas.vault_token(),
            "quote_mint": quote_mint,
            "token_program": token_program,
            "event_authority": VAULT_EVENTS,
        },
    )


def withdraw_fees(
    admin: Pubkey,
    amount_atoms: int,
    *,
    recipient_token: Pubkey,
    quote_mint: Pubkey,
    token_program: Pubkey = TOKEN_PROGRAM,
) -> Instruction:
    """Move collected fees out to a token account of the fee recipient. The vault's admin signs."""
    return generated.withdraw_fees(
        {"amount_atoms": amount_atoms},
        {
            "vault_state": pdas.vault_state(),
            "admin": admin,
            "recipient_token": recipient_token,
            "vault_token": pdas.vault_token(),
            "quote_mint": quote_mint,
            "token_program": token_program,
            "event_authority": VAULT_EVENTS,
        },
    )


def set_withdraw_limit(admin: Pubkey, limit: WithdrawLimit) -> Instruction:
    """Schedule another withdrawal limit; it comes into force after the delay. The vault's admin signs."""
    return generated.set_withdraw_limit(
        {"limit": limit},
        {"vault_state": pdas.vault_state(), "admin": admin, "event_authority": VAULT_EVENTS},
    )


def set_vault_pause(signer: Pubkey, pause_bits: int) -> Instruction:
    """Set the vault's pause bits; the guardian may only add, the admin may clear."""
    return generated.set_vault_pause(
        {"pause_bits": pause_bits},
        {"vault_state": pdas.vault_state(), "signer": signer, "event_authority": VAULT_EVENTS},
    )


def propose_vault_admin(admin: Pubkey, new_admin: Pubkey) -> Instruction:
    """Propose another admin of the vault; the new key accepts after the delay."""
    return generated.propose_admin(
        {"new_admin": new_admin},
        {"vault_state": pdas.vault_state(), "admin": admin, "event_authority": VAULT_EVENTS},
    )


def accept_vault_admin(new_admin: Pubkey) -> Instruction:
    """Become the vault's admin."""
    return generated.accept_admin(
        {"vault_state": pdas.vault_state(), "new_admin": new_admin, "event_authority": VAULT_EVENTS}
    )


def propose_pause_renewal(admin: Pubkey) -> Instruction:
    """Announce that withdrawals may be paused again, or for longer, after the delay. The admin signs."""
    return generated.propose_pause_renewal(
        {"vault_state": pdas.vault_state(), "admin": admin, "event_authority": VAULT_EVENTS}
    )


def execute_pause_renewal(admin: Pubkey) -> Instruction:
    """Pause withdrawals anew, within three days from when the announced renewal's delay has passed."""
    return generated.execute_pause_renewal(
        {"vault_state": pdas.vault_state(), "admin": admin, "event_authority": VAULT_EVENTS}
    )


def set_vault_guardian(admin: Pubkey, guardian: Pubkey) -> Instruction:
    """Schedule another guardian of the vault, in office after the delay. The vault's admin signs."""
    return generated.set_guardian(
        {"guardian": guardian},
        {"vault_state": pdas.vault_state(), "admin": admin, "event_authority": VAULT_EVENTS},
    )


def set_vault_fee_recipient(admin: Pubkey, fee_recipient: Pubkey) -> Instruction:
    """Schedule another recipient of the vault's fees, in office after the delay. The vault's admin signs."""
    return generated.set_fee_recipient(
        {"fee_recipient": fee_recipient},
        {"vault_state": pdas.vault_state(), "admin": admin, "event_authority": VAULT_EVENTS},
    )


def raise_vault_delay(admin: Pubkey, delay_s: int) -> Instruction:
    """Schedule a longer delay of the vault's changes (seconds, at most thirty days). The admin signs."""
    return generated.raise_delay(
        {"delay_seconds": delay_s},
        {"vault_state": pdas.vault_state(), "admin": admin, "event_authority": VAULT_EVENTS},
    )
