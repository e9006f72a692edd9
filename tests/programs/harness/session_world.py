"""A user with an ephemeral vault, whose session key makes fast deposits."""

from __future__ import annotations

from types import SimpleNamespace

from solders.pubkey import Pubkey

from gdx_sdk.programs import PROGRAM_IDS

from .codec import Call, event_authority, pda
from .tokens import USDT
from .vault_world import User, VaultWorld

_PROGRAM = "ephemeral_vault"
LIFETIME_SECONDS = 3_600


class SessionWorld:
    """One user's ephemeral vault; `create` makes it, `approve` lets the session spend."""

    def __init__(self, vault: VaultWorld, user: User | None = None) -> None:
        self.vault, self.chain = vault, vault.chain
        self.user = user or vault.user(tokens_atoms=500 * USDT)
        self.address = pda(_PROGRAM, b"vault", self.user.owner)
        self.session = pda(_PROGRAM, b"session", self.user.owner)
        self.session_key = self.chain.person()

    def create(self, *, approved_atoms: int = 0) -> SessionWorld:
        self.chain.send(self.create_call())
        if approved_atoms:
            self.chain.send(self.approve(approved_atoms))
        return self

    def create_call(self, session_key: Pubkey | None = None, expiry_ts: int | None = None) -> Call:
        accounts = {"user_wallet": self.user.owner, "vault": self.address, "session": self.session}
        expiry = self.chain.now_ts + LIFETIME_SECONDS if expiry_ts is None else expiry_ts
        args = {"session_key": session_key or self.session_key, "expiry_ts": expiry}
        return Call(_PROGRAM, "create", accounts, args)

    def approve(self, remaining_atoms: int, expected_used_atoms: int = 0) -> Call:
        accounts = {
            "user_wallet": self.user.owner,
            "vault": self.address,
            "session": self.session,
            "user_token": self.user.token,
            "token_program": self.vault.token_program,
        }
        args = {"remaining_atoms": remaining_atoms, "expected_used_atoms": expected_used_atoms}
        return Call(_PROGRAM, "approve", accounts, args)

    def fast_deposit(self, amount_atoms: int) -> Call:
        accounts = {
            "session_key": self.session_key,
            "session": self.session,
            "vault": self.address,
            "user_token": self.user.token,
            "vault_state": self.vault.state,
            "collateral": self.user.collateral,
            "vault_token": self.vault.token,
            "quote_mint": self.vault.mint,
            "token_program": self.vault.token_program,
            "collateral_vault": PROGRAM_IDS["collateral_vault"],
            "collateral_vault_event_authority": event_authority("collateral_vault"),
        }
        return Call(_PROGRAM, "fast_deposit", accounts, {"amount_atoms": amount_atoms})

    def revoke(self) -> Call:
        accounts = {
            "user_wallet": self.user.owner,
            "vault": self.address,
            "user_token": self.user.token,
            "token_program": self.vault.token_program,
        }
        return Call(_PROGRAM, "revoke", accounts)

    def close(self) -> Call:
        accounts = {"user_wallet": self.user.owner, "vault": self.address, "session": self.session}
        return Call(_PROGRAM, "close", accounts)

    def read(self) -> SimpleNamespace:
        return self.chain.read(self.address)

    def read_session(self) -> SimpleNamespace:
        return self.chain.read(self.session)

    def amounts(self) -> tuple[int, int, int]:
        """Approved, used and available atoms."""
        state = self.read()
        return state.approved_amount, state.used_amount, state.available_amount
