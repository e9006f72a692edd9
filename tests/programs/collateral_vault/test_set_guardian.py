"""set_guardian: another guardian, in office by itself after the delay."""

from __future__ import annotations

from solders.pubkey import Pubkey

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_durable_nonce, refuses_wrong_accounts
from tests.programs.harness.vault_world import PAUSE_DEPOSIT, VaultWorld

DAY = 86_400


def test_without_a_delay_it_is_in_office_at_once(vault: VaultWorld) -> None:
    successor = vault.chain.person()
    receipt = vault.chain.send(vault.set_guardian(successor))
    state = vault.read()
    assert (state.guardian, state.pending_role, state.pending_role_key) == (successor, 0, Pubkey.default())
    event = receipt.event("GuardianScheduled")
    assert (event.guardian, event.not_before_ts) == (successor, vault.chain.now_ts)
    assert event.head.sequence == 2


def test_with_a_delay_it_waits(chain: Chain) -> None:
    vault, successor = VaultWorld(chain).create(delay_seconds=DAY), chain.person()
    event = chain.send(vault.set_guardian(successor)).event("GuardianScheduled")
    assert event.not_before_ts == chain.now_ts + DAY
    chain.advance(DAY - 1)
    chain.refused(vault.set_vault_pause(PAUSE_DEPOSIT, successor), error="NotAdminOrGuardian")
    chain.send(vault.set_vault_pause(PAUSE_DEPOSIT, vault.guardian))
    chain.advance(1)
    chain.refused(vault.set_vault_pause(PAUSE_DEPOSIT, vault.guardian), error="NotAdminOrGuardian")
    chain.send(vault.set_vault_pause(PAUSE_DEPOSIT, successor))
    assert vault.read().guardian == successor


def test_a_later_change_replaces_the_waiting_one(chain: Chain) -> None:
    vault, first, second = VaultWorld(chain).create(delay_seconds=DAY), chain.person(), chain.person()
    chain.send(vault.set_guardian(first))
    chain.advance(DAY - 1)
    chain.send(vault.set_guardian(second))
    chain.advance(DAY - 1)
    chain.refused(vault.set_vault_pause(PAUSE_DEPOSIT, first), error="NotAdminOrGuardian")
    chain.advance(1)
    chain.send(vault.set_vault_pause(PAUSE_DEPOSIT, second))


def test_one_that_is_due_is_not_replaced(chain: Chain) -> None:
    vault, successor = VaultWorld(chain).create(delay_seconds=DAY), chain.person()
    chain.send(vault.set_guardian(successor))
    chain.advance(DAY)
    chain.send(vault.set_fee_recipient(chain.person()))
    assert vault.read().guardian == successor


def test_it_is_somebody(vault: VaultWorld) -> None:
    vault.chain.refused(vault.set_guardian(Pubkey.default()), error="DefaultAddressRefused")


def test_only_the_admin_may(vault: VaultWorld) -> None:
    for signer in (vault.guardian, vault.fee_recipient, vault.chain.upgrade_authority):
        vault.chain.refused(vault.set_guardian(signer).but(admin=signer), error="NotAdmin")


def test_a_durable_nonce_is_refused(vault: VaultWorld) -> None:
    refuses_durable_nonce(vault.chain, vault.set_guardian(vault.admin), vault.admin)


def test_accounts_are_checked(vault: VaultWorld) -> None:
    refuses_wrong_accounts(vault.chain, vault.set_guardian(vault.admin))
