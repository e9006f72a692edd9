"""The collateral vault as its documentation has it: one ledger, a limiter, pauses, an admin."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import ceil

from solders.pubkey import Pubkey

from gdx_sdk.programs import PROGRAM_IDS
from tests.programs.harness import vault_world
from tests.programs.harness.codec import pda
from tests.programs.position_mgmt.model import Refused

from .book import Draft, Fields

PROGRAM = "collateral_vault"
collateral_of, pool_of = cache(vault_world.collateral_of), cache(vault_world.pool_of)
STATE, TOKEN_ACCOUNT = pda(PROGRAM, b"vault_state"), pda(PROGRAM, b"vault_token")
PAUSE_DEPOSIT, PAUSE_WITHDRAW, PAUSE_LOCK, PAUSE_ALL = 1, 2, 4, 7
PAUSE_SECONDS = 72 * 3_600
MAX_WINDOW_SECONDS = 30 * 86_400


def open_account(tx: Draft, owner: Pubkey) -> None:
    key, bump = Pubkey.find_program_address([b"collateral", bytes(owner)], PROGRAM_IDS[PROGRAM])
    if tx.has(key, "Collateral"):
        raise Refused("system.AccountAlreadyInUse")
    fields = {"owner": owner, "bump": bump, "layout_version": 1, "event_sequence": 1}
    tx.create(key, PROGRAM, "Collateral", fields)


def deposit(tx: Draft, owner: Pubkey, token: Pubkey, authority: Pubkey, amount: int) -> None:
    """`authority` is the owner of the token account or its delegate."""
    if amount == 0:
        raise Refused("AmountIsZero")
    vault = tx.edit(STATE)
    if vault["pause_bits"] & PAUSE_DEPOSIT:
        raise Refused("collateral_vault.DepositsPaused")
    move_tokens(tx, token, TOKEN_ACCOUNT, authority, amount)
    collateral = tx.edit(collateral_of(owner))
    advance_limiter(vault["limiter"], tx.now_ts)
    vault["limiter"]["window_net_atoms"] -= amount
    for account in (vault, collateral):
        account["free_atoms"] += amount
        account["total_deposited_atoms"] += amount
    collateral["event_sequence"] += 1


def withdraw(tx: Draft, owner: Pubkey, token: Pubkey, amount: int) -> None:
    if amount == 0:
        raise Refused("AmountIsZero")
    vault, collateral = tx.edit(STATE), tx.edit(collateral_of(owner))
    if vault["pause_bits"] & PAUSE_WITHDRAW and tx.now_ts < vault["withdraw_pause_expiry_ts"]:
        raise Refused("WithdrawalsPaused")
    limiter = vault["limiter"]
    advance_limiter(limiter, tx.now_ts)
    if collateral["free_atoms"] < amount:
        raise Refused("InsufficientFreeCollateral")
    if tx.now_ts >= collateral["window_start_ts"] + limiter["current"]["window_seconds"]:
        collateral["window_start_ts"], collateral["window_withdrawn_atoms"] = tx.now_ts, 0
    collateral["window_withdrawn_atoms"] += amount
    limiter["window_net_atoms"] += amount
    current = limiter["current"]
    is_small = collateral["window_withdrawn_atoms"] <= current["user_minimum_atoms"]
    is_within = net_outflow(limiter, tx.now_ts) <= current["limit_atoms"]
    if current["limit_atoms"] and not is_small and not is_within:
        raise Refused("WithdrawLimitExceeded")
    for account in (vault, collateral):
        account["free_atoms"] -= amount
        account["total_withdrawn_atoms"] += amount
    collateral["event_sequence"] += 1
    move_tokens(tx, TOKEN_ACCOUNT, token, STATE, amount)


def move_tokens(tx: Draft, source: Pubkey, target: Pubkey, authority: Pubkey, amount: int) -> None:
    """What the token program does and refuses; a delegate uses its allowance up."""
    paying = tx.edit(source)
    if paying["amount"] < amount:
        raise Refused("token.InsufficientFunds")
    if authority != paying["owner"]:
        if paying["delegate"] != authority:
            raise Refused("token.OwnerMismatch")
        if paying["delegated"] < amount:
            raise Refused("token.InsufficientFunds")
        paying["delegated"] -= amount
        if paying["delegated"] == 0:
            paying["delegate"] = None
    paying["amount"] -= amount
    tx.edit(target)["amount"] += amount


def advance_limiter(limiter: Fields, now_ts: int) -> None:
    """A due limit comes into force, windows that have passed are left behind."""
    if limiter["pending_not_before_ts"] and now_ts >= limiter["pending_not_before_ts"]:
        limiter["current"] = limiter["pending"]
        limiter["pending"] = dict.fromkeys(limiter["current"], 0)
        limiter["pending_not_before_ts"] = 0
    window = max(limiter["current"]["window_seconds"], 1)
    passed = (now_ts - limiter["window_start_ts"]) // window
    if passed <= 0:
        return
    limiter["previous_net_atoms"] = limiter["window_net_atoms"] if passed == 1 else 0
    limiter["window_net_atoms"] = 0
    limiter["window_start_ts"] += passed * window


def net_outflow(limiter: Fields, now_ts: int) -> int:
    """This window's net, and of the one before the share that is still in view."""
    window = max(limiter["current"]["window_seconds"], 1)
    left = Fraction(window - min(max(now_ts - limiter["window_start_ts"], 0), window), window)
    return int(limiter["window_net_atoms"]) + ceil(limiter["previous_net_atoms"] * left)


def lock(tx: Draft, owner: Pubkey, pool_key: Pubkey, amount: int) -> None:
    vault, collateral, pool = tx.edit(STATE), tx.edit(collateral_of(owner)), tx.edit(pool_key)
    if vault["pause_bits"] & PAUSE_LOCK:
        raise Refused("collateral_vault.LockingPaused")
    if collateral["free_atoms"] < amount:
        raise Refused("collateral_vault.InsufficientFreeCollateral")
    collateral["free_atoms"] -= amount
    collateral["total_locked_atoms"] += amount
    pool["locked_atoms"] += amount
    pool["total_locked_atoms"] += amount
    vault["free_atoms"] -= amount
    vault["locked_atoms"] += amount


def release(tx: Draft, owner: Pubkey, pool_key: Pubkey, amount: int) -> None:
    vault, collateral, pool = tx.edit(STATE), tx.edit(collateral_of(owner)), tx.edit(pool_key)
    if pool["locked_atoms"] < amount:
        raise Refused("collateral_vault.MarketPoolShort")
    collateral["free_atoms"] += amount
    collateral["total_released_atoms"] += amount
    pool["locked_atoms"] -= amount
    pool["total_released_atoms"] += amount
    vault["free_atoms"] += amount
    vault["locked_atoms"] -= amount


def move_pool(tx: Draft, pool_key: Pubkey, source: str, target: str, total: str, amount: int) -> None:
    """Between locked money, insurance and fees; the last belong to no pool."""
    vault, pool = tx.edit(STATE), tx.edit(pool_key)
    assert pool[source] >= amount
    for name, change in ((source, -amount), (target, amount)):
        vault[name] += change
        if name in pool:
            pool[name] += change
    pool[total] += amount


def withdraw_fees(tx: Draft, admin: Pubkey, token: Pubkey, amount: int) -> None:
    vault = tx.edit(STATE)
    if vault["admin"] != admin:
        raise Refused("NotAdmin")
    if tx.read(token)["owner"] != vault["fee_recipient"]:
        raise Refused("WrongFeeRecipient")
    if amount == 0:
        raise Refused("AmountIsZero")
    if vault["fees_atoms"] < amount:
        raise Refused("FeesShort")
    vault["fees_atoms"] -= amount
    vault["event_sequence"] += 1
    move_tokens(tx, TOKEN_ACCOUNT, token, STATE, amount)


def set_withdraw_limit(tx: Draft, admin: Pubkey, limit: dict[str, int]) -> None:
    vault = tx.edit(STATE)
    if vault["admin"] != admin:
        raise Refused("NotAdmin")
    if not 1 <= limit["window_seconds"] <= MAX_WINDOW_SECONDS:
        raise Refused("InvalidLimitWindow")
    limiter = vault["limiter"]
    advance_limiter(limiter, tx.now_ts)
    limiter["pending"] = dict(limit)
    limiter["pending_not_before_ts"] = tx.now_ts + vault["delay_seconds"]
    advance_limiter(limiter, tx.now_ts)
    vault["event_sequence"] += 1


def set_pause(tx: Draft, signer: Pubkey, bits: int) -> None:
    vault = tx.edit(STATE)
    if bits & ~PAUSE_ALL:
        raise Refused("UnknownPauseBit")
    before = vault["pause_bits"]
    if signer != vault["admin"]:
        if signer != vault["guardian"]:
            raise Refused("NotAdminOrGuardian")
        if before & ~bits:
            raise Refused("GuardianMayOnlyPause")
    if bits & ~before & PAUSE_WITHDRAW:
        vault["withdraw_pause_expiry_ts"] = tx.now_ts + PAUSE_SECONDS
    elif not bits & PAUSE_WITHDRAW:
        vault["withdraw_pause_expiry_ts"] = 0
    vault["pause_bits"] = bits
    vault["event_sequence"] += 1


def propose_admin(tx: Draft, admin: Pubkey, new_admin: Pubkey) -> None:
    vault = tx.edit(STATE)
    if vault["admin"] != admin:
        raise Refused("NotAdmin")
    vault["pending_admin"] = new_admin
    vault["pending_admin_not_before_ts"] = tx.now_ts + vault["delay_seconds"]
    vault["event_sequence"] += 1


def accept_admin(account: Fields, signer: Pubkey, now_ts: int) -> None:
    """The same for vault and configuration."""
    if account["pending_admin"] == Pubkey.default():
        raise Refused("NoPendingAdmin")
    if account["pending_admin"] != signer:
        raise Refused("NotPendingAdmin")
    if now_ts < account["pending_admin_not_before_ts"]:
        raise Refused("DelayNotPassed")
    account["admin"], account["pending_admin"] = signer, Pubkey.default()
    account["pending_admin_not_before_ts"] = 0
    account["event_sequence"] += 1
