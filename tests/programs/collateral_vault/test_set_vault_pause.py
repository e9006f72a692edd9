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
    vault.chain.send(vault.set_vault_pause(0))
    state = vault.read()
    assert (state.pause_bits, state.withdraw_pause_expiry_ts) == (0, 0)


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
    vault.chain.send(vault.set_vault_pause(ALL, vault.guardian))
    vault.chain.send(vault.withdraw(user, 1))


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
