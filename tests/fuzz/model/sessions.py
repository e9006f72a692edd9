"""Ephemeral vaults: an allowance, a session key, the token program's delegate."""

from __future__ import annotations

from solders.pubkey import Pubkey

from gdx_sdk.programs import PROGRAM_IDS
from tests.programs.position_mgmt.model import Refused

from . import vault
from .book import Draft, Fields

PROGRAM = "ephemeral_vault"
MAX_SESSION_SECONDS = 30 * 86_400


def addresses(user: Pubkey) -> tuple[tuple[Pubkey, int], tuple[Pubkey, int]]:
    """Ephemeral vault and session of a user, each with its bump."""
    found = [
        Pubkey.find_program_address([seed, bytes(user)], PROGRAM_IDS[PROGRAM])
        for seed in (b"vault", b"session")
    ]
    return found[0], found[1]


def create(tx: Draft, user: Pubkey, session_key: Pubkey, expiry_ts: int) -> None:
    (key, bump), (session, session_bump) = addresses(user)
    if tx.has(key, "EphemeralVault"):
        raise Refused("system.AccountAlreadyInUse")
    if not tx.now_ts < expiry_ts <= tx.now_ts + MAX_SESSION_SECONDS:
        raise Refused("InvalidExpiry")
    common = {"user_wallet": user, "layout_version": 1}
    state = {"vault_pda": key, "created_at": tx.now_ts, "last_activity": tx.now_ts, "event_sequence": 1}
    tx.create(key, PROGRAM, "EphemeralVault", common | state | {"is_active": True, "bump": bump})
    terms = {"session_key": session_key, "expiry_ts": expiry_ts, "bump": session_bump}
    tx.create(session, PROGRAM, "Session", common | terms)


def approve(tx: Draft, user: Pubkey, token: Pubkey, remaining: int, expected_used: int) -> None:
    state, session = _open(tx, user)
    _require_active(tx, state, session)
    if session["user_token"] == Pubkey.default():
        session["user_token"] = token
    if session["user_token"] != token:
        raise Refused("WrongTokenAccount")
    if state["used_amount"] != expected_used:
        raise Refused("UsedAmountChanged")
    state["approved_amount"] = state["used_amount"] + remaining
    if state["approved_amount"] >= 2**64:
        raise Refused("AmountOverflow")
    state["available_amount"] = remaining
    account = tx.edit(token)
    account["delegate"], account["delegated"] = state["vault_pda"], remaining
    _count(tx, state)


def fast_deposit(tx: Draft, user: Pubkey, token: Pubkey, signer: Pubkey, amount: int) -> None:
    state, session = _open(tx, user)
    if session["session_key"] != signer:
        raise Refused("NotSessionKey")
    if session["user_token"] != token:
        raise Refused("WrongTokenAccount")
    if amount == 0:
        raise Refused("AmountIsZero")
    _require_active(tx, state, session)
    account = tx.read(token)
    delegated = account["delegated"] if account["delegate"] == state["vault_pda"] else 0
    if state["available_amount"] < amount:
        raise Refused("AllowanceExceeded")
    if delegated < amount:
        raise Refused("DelegationShort")
    state["used_amount"] += amount
    unused = state["approved_amount"] - state["used_amount"]
    state["available_amount"] = min(unused, delegated - amount)
    _count(tx, state)
    vault.deposit(tx, user, token, state["vault_pda"], amount)


def revoke(tx: Draft, user: Pubkey, token: Pubkey) -> None:
    state, _ = _open(tx, user)
    state["is_active"], state["available_amount"] = False, 0
    state["approved_amount"] = state["used_amount"]
    account = tx.edit(token)
    if account["delegate"] == state["vault_pda"]:
        account["delegate"], account["delegated"] = None, 0
    _count(tx, state)


def close(tx: Draft, user: Pubkey) -> None:
    (key, _), (session, _) = addresses(user)
    state, _ = _open(tx, user)
    if state["is_active"]:
        raise Refused("VaultStillActive")
    tx.close(key)
    tx.close(session)


def _open(tx: Draft, user: Pubkey) -> tuple[Fields, Fields]:
    (key, _), (session, _) = addresses(user)
    if not tx.has(key, "EphemeralVault"):
        raise Refused("AccountNotInitialized")
    return tx.edit(key), tx.edit(session)


def _require_active(tx: Draft, state: Fields, session: Fields) -> None:
    if not state["is_active"]:
        raise Refused("VaultRevoked")
    if tx.now_ts >= session["expiry_ts"]:
        raise Refused("SessionExpired")


def _count(tx: Draft, state: Fields) -> None:
    state["last_activity"] = tx.now_ts
    state["event_sequence"] += 1
