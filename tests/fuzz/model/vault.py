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
GUARDIAN, FEE_RECIPIENT = 1, 2
ROLES = {GUARDIAN: "guardian", FEE_RECIPIENT: "fee_recipient"}


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
    """The net outflow fades: in the old window until a due limit comes into force, then in the new."""
    due = limiter["pending_not_before_ts"]
    if due and now_ts >= due:
        _fade(limiter, due)
        limiter["current"] = limiter["pending"]
        limiter["pending"] = dict.fromkeys(limiter["current"], 0)
        limiter["pending_not_before_ts"] = 0
    _fade(limiter, now_ts)


def _fade(limiter: Fields, now_ts: int) -> None:
    elapsed = now_ts - limiter["window_start_ts"]
    if elapsed <= 0:
        return
    kept = max(Fraction(0), 1 - Fraction(elapsed, max(limiter["current"]["window_seconds"], 1)))
    limiter["window_net_atoms"] = ceil(limiter["window_net_atoms"] * kept)
    limiter["window_start_ts"] = now_ts


def net_outflow(limiter: Fields, _now_ts: int) -> int:
    """What went out beyond what came in, as of the last look, which was now."""
    return int(limiter["window_net_atoms"])


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
    activate_due(vault, tx.now_ts)
    if tx.read(token)["owner"] != vault["fee_recipient"]:
        raise Refused("WrongFeeRecipient")
    if amount == 0:
        raise Refused("AmountIsZero")
    if vault["fees_atoms"] < amount:
        raise Refused("FeesShort")
    vault["fees_atoms"] -= amount
    vault["event_sequence"] += 1
    move_tokens(tx, TOKEN_ACCOUNT, token, STATE, amount)


def activate_due(vault: Fields, now_ts: int) -> None:
    """A role and a delay whose time has come."""
    if vault["pending_role"] and now_ts >= vault["pending_role_not_before_ts"]:
        vault[ROLES[vault["pending_role"]]] = vault["pending_role_key"]
        vault["pending_role"] = vault["pending_role_not_before_ts"] = 0
        vault["pending_role_key"] = Pubkey.default()
    if vault["pending_delay_seconds"] and now_ts >= vault["pending_delay_not_before_ts"]:
        vault["delay_seconds"] = vault["pending_delay_seconds"]
        vault["pending_delay_seconds"] = vault["pending_delay_not_before_ts"] = 0


def _changing(tx: Draft, admin: Pubkey) -> Fields:
    """The vault for a change of the admin's."""
    vault = tx.edit(STATE)
    if vault["admin"] != admin:
        raise Refused("NotAdmin")
    activate_due(vault, tx.now_ts)
    vault["event_sequence"] += 1
    return vault


def set_withdraw_limit(tx: Draft, admin: Pubkey, limit: dict[str, int]) -> None:
    vault = _changing(tx, admin)
    if not 1 <= limit["window_seconds"] <= MAX_WINDOW_SECONDS:
        raise Refused("InvalidLimitWindow")
    limiter = vault["limiter"]
    advance_limiter(limiter, tx.now_ts)
    limiter["pending"] = dict(limit)
    limiter["pending_not_before_ts"] = tx.now_ts + vault["delay_seconds"]
    advance_limiter(limiter, tx.now_ts)


def set_role(tx: Draft, admin: Pubkey, role: int, key: Pubkey) -> None:
    """Guardian or fee recipient."""
    vault = _changing(tx, admin)
    if key == Pubkey.default():
        raise Refused("DefaultAddressRefused")
    vault["pending_role"], vault["pending_role_key"] = role, key
    vault["pending_role_not_before_ts"] = tx.now_ts + vault["delay_seconds"]
    activate_due(vault, tx.now_ts)


def raise_delay(tx: Draft, admin: Pubkey, seconds: int) -> None:
    vault = _changing(tx, admin)
    if seconds <= vault["delay_seconds"]:
        raise Refused("DelayNotRaised")
    if seconds > MAX_WINDOW_SECONDS:
        raise Refused("DelayTooLong")
    vault["pending_delay_seconds"] = seconds
    vault["pending_delay_not_before_ts"] = tx.now_ts + vault["delay_seconds"]
    activate_due(vault, tx.now_ts)


def propose_pause_renewal(tx: Draft, admin: Pubkey) -> None:
    vault = _changing(tx, admin)
    vault["pause_renewal_not_before_ts"] = tx.now_ts + vault["delay_seconds"]


def execute_pause_renewal(tx: Draft, admin: Pubkey) -> None:
    vault = tx.edit(STATE)
    if vault["admin"] != admin:
        raise Refused("NotAdmin")
    not_before = vault["pause_renewal_not_before_ts"]
    if not not_before:
        raise Refused("NoPauseRenewalProposed")
    if tx.now_ts < not_before:
        raise Refused("DelayNotPassed")
    if tx.now_ts >= not_before + PAUSE_SECONDS:
        raise Refused("PauseRenewalLapsed")
    vault["pause_renewal_not_before_ts"] = 0
    vault["pause_bits"] |= PAUSE_WITHDRAW
    vault["withdraw_pause_expiry_ts"] = tx.now_ts + PAUSE_SECONDS
    vault["event_sequence"] += 1


def set_pause(tx: Draft, signer: Pubkey, bits: int) -> None:
    vault = tx.edit(STATE)
    if bits & ~PAUSE_ALL:
        raise Refused("UnknownPauseBit")
    activate_due(vault, tx.now_ts)
    if vault["pause_bits"] & PAUSE_WITHDRAW and tx.now_ts >= vault["withdraw_pause_expiry_ts"]:
        vault["pause_bits"] &= ~PAUSE_WITHDRAW
        vault["withdrawals_open_since_ts"] = vault["withdraw_pause_expiry_ts"]
    before = vault["pause_bits"]
    if signer != vault["admin"]:
        if signer != vault["guardian"]:
            raise Refused("NotAdminOrGuardian")
        if before & ~bits:
            raise Refused("GuardianMayOnlyPause")
    if bits & ~before & PAUSE_WITHDRAW and tx.now_ts >= vault["withdraw_pause_expiry_ts"]:
        was_paused = vault["withdraw_pause_expiry_ts"] != 0
        if was_paused and tx.now_ts < vault["withdrawals_open_since_ts"] + PAUSE_SECONDS:
            raise Refused("WithdrawalsMustStayOpen")
        vault["withdraw_pause_expiry_ts"] = tx.now_ts + PAUSE_SECONDS
    if before & ~bits & PAUSE_WITHDRAW:
        vault["withdrawals_open_since_ts"] = tx.now_ts
    vault["pause_bits"] = bits
    vault["event_sequence"] += 1


def propose_admin(tx: Draft, admin: Pubkey, new_admin: Pubkey) -> None:
    vault = _changing(tx, admin)
    vault["pending_admin"] = new_admin
    vault["pending_admin_not_before_ts"] = tx.now_ts + vault["delay_seconds"]


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
