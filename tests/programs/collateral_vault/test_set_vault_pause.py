"""set_vault_pause: the admin sets any bits, the guardian only adds."""

from __future__ import annotations

import pytest

from tests.programs.harness.hostile import refuses_durable_nonce, refuses_wrong_accounts
from tests.programs.harness.vault_world import PAUSE_DEPOSIT, PAUSE_LOCK, PAUSE_WITHDRAW, User, VaultWorld

THREE_DAYS = 72 * 3_600
ALL = PAUSE_DEPOSIT | PAUSE_WITHDRAW | PAUSE_LOCK


def test_the_admin_sets_and_clears(vault: VaultWorld) -> None:
    receipt = vault.chain.send(vault.set_vault_pause(ALL))
    expiry = vault.chain.now_ts + THREE_DAYS
    state = vault.read()
    assert (state.pause_bits, state.withdraw_pause_expiry_ts) == (ALL, expiry)
    event = receipt.event("VaultPauseSet")
    assert (event.signer, event.pause_bits, event.withdraw_pause_expiry_ts) == (vault.admin, ALL, expiry)
    assert event.head.sequence == 2
    vault.chain.advance(5)
    vault.chain.send(vault.set_vault_pause(0))
    state = vault.read()
    assert (state.pause_bits, state.withdraw_pause_expiry_ts) == (0, expiry)
    assert state.withdrawals_open_since_ts == vault.chain.now_ts


def test_the_guardian_adds(vault: VaultWorld) -> None:
    vault.chain.send(vault.set_vault_pause(PAUSE_DEPOSIT, vault.guardian))
    event = vault.chain.send(vault.set_vault_pause(ALL, vault.guardian)).event("VaultPauseSet")
    assert (event.signer, vault.read().pause_bits) == (vault.guardian, ALL)


@pytest.mark.parametrize("bits", [0, PAUSE_DEPOSIT, PAUSE_WITHDRAW | PAUSE_LOCK])
def test_the_guardian_does_not_clear(vault: VaultWorld, bits: int) -> None:
    vault.chain.send(vault.set_vault_pause(PAUSE_DEPOSIT | PAUSE_LOCK))
    call = vault.set_vault_pause(bits, vault.guardian)
    vault.chain.refused(call, error="GuardianMayOnlyPause")


def test_repeating_a_withdrawal_pause_does_not_renew_it(vault: VaultWorld, user: User) -> None:
    vault.chain.send(vault.set_vault_pause(PAUSE_WITHDRAW, vault.guardian))
    expiry = vault.read().withdraw_pause_expiry_ts
    vault.chain.advance(THREE_DAYS - 1)
    vault.chain.send(vault.set_vault_pause(ALL, vault.guardian))
    assert vault.read().withdraw_pause_expiry_ts == expiry
    vault.chain.advance(1)
    for signer in (vault.guardian, vault.admin):
        vault.chain.refused(vault.set_vault_pause(ALL, signer), error="WithdrawalsMustStayOpen")
    vault.chain.send(vault.withdraw(user, 1))


def test_clearing_and_setting_goes_on_to_the_same_end(vault: VaultWorld, user: User) -> None:
    vault.chain.send(vault.set_vault_pause(PAUSE_WITHDRAW, vault.guardian))
    expiry = vault.read().withdraw_pause_expiry_ts
    vault.chain.advance(THREE_DAYS - 10)
    vault.chain.send(vault.set_vault_pause(0))
    vault.chain.send(vault.withdraw(user, 1))
    vault.chain.advance(5)
    vault.chain.send(vault.set_vault_pause(PAUSE_WITHDRAW, vault.guardian))
    assert vault.read().withdraw_pause_expiry_ts == expiry
    vault.chain.refused(vault.withdraw(user, 1), error="WithdrawalsPaused")
    vault.chain.advance(5)
    vault.chain.send(vault.withdraw(user, 1))


@pytest.mark.parametrize("clears", [True, False], ids=["the admin clears", "nobody clears"])
@pytest.mark.parametrize("again", ["admin", "guardian"])
def test_after_it_lapsed_withdrawals_stay_open_for_three_days(
    vault: VaultWorld, user: User, clears: bool, again: str
) -> None:
    signer = getattr(vault, again)
    vault.chain.send(vault.set_vault_pause(PAUSE_WITHDRAW, vault.guardian))
    vault.chain.advance(THREE_DAYS + 100)
    if clears:
        vault.chain.send(vault.set_vault_pause(0))
    for seconds in (0, THREE_DAYS - 101):
        vault.chain.advance(seconds)
        call = vault.set_vault_pause(PAUSE_WITHDRAW, signer)
        vault.chain.refused(call, error="WithdrawalsMustStayOpen")
        vault.chain.send(vault.withdraw(user, 1))
    vault.chain.advance(1)
    vault.chain.send(vault.set_vault_pause(PAUSE_WITHDRAW, signer))
    assert vault.read().withdraw_pause_expiry_ts == vault.chain.now_ts + THREE_DAYS
    vault.chain.refused(vault.withdraw(user, 1), error="WithdrawalsPaused")


def test_after_an_early_end_they_stay_open_as_long(vault: VaultWorld) -> None:
    vault.chain.send(vault.set_vault_pause(PAUSE_WITHDRAW))
    vault.chain.advance(10)
    vault.chain.send(vault.set_vault_pause(0))
    vault.chain.advance(THREE_DAYS - 1)
    vault.chain.refused(vault.set_vault_pause(PAUSE_WITHDRAW), error="WithdrawalsMustStayOpen")
    vault.chain.advance(1)
    vault.chain.send(vault.set_vault_pause(PAUSE_WITHDRAW))


def test_the_other_bits_can_be_set_while_withdrawals_stay_open(vault: VaultWorld) -> None:
    vault.chain.send(vault.set_vault_pause(PAUSE_WITHDRAW, vault.guardian))
    vault.chain.advance(THREE_DAYS)
    others = PAUSE_DEPOSIT | PAUSE_LOCK
    vault.chain.send(vault.set_vault_pause(others, vault.guardian))
    assert vault.read().pause_bits == others


def test_a_new_guardian_does_not_begin_anew(vault: VaultWorld) -> None:
    vault.chain.send(vault.set_vault_pause(PAUSE_WITHDRAW, vault.guardian))
    vault.chain.advance(THREE_DAYS)
    other = vault.chain.person()
    vault.chain.send(vault.set_guardian(other))
    call = vault.set_vault_pause(PAUSE_WITHDRAW, other)
    vault.chain.refused(call, error="WithdrawalsMustStayOpen")


def test_nobody_else_may(vault: VaultWorld, user: User) -> None:
    for signer in (user.owner, vault.fee_recipient, vault.chain.upgrade_authority):
        vault.chain.refused(vault.set_vault_pause(ALL, signer), error="NotAdminOrGuardian")


@pytest.mark.parametrize("bits", [8, 128, 255])
def test_there_are_three_bits(vault: VaultWorld, bits: int) -> None:
    for signer in (vault.admin, vault.guardian):
        vault.chain.refused(vault.set_vault_pause(bits, signer), error="UnknownPauseBit")


def test_a_durable_nonce_is_refused(vault: VaultWorld) -> None:
    for signer in (vault.admin, vault.guardian):
        refuses_durable_nonce(vault.chain, vault.set_vault_pause(ALL, signer), signer)


def test_accounts_are_checked(vault: VaultWorld) -> None:
    refuses_wrong_accounts(vault.chain, vault.set_vault_pause(ALL))
