"""set_fee_recipient: another owner of the accounts that fees go to, in office by itself after the delay."""

from __future__ import annotations

from solders.pubkey import Pubkey

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_durable_nonce, refuses_wrong_accounts
from tests.programs.harness.vault_world import VaultWorld

DAY = 86_400


def earn(vault: VaultWorld, fees_atoms: int) -> None:
    """Let the vault collect fees."""
    user, pool = vault.user(deposited_atoms=1_000), vault.pool()
    vault.chain.send(vault.lock(user, pool, 500))
    vault.chain.send(vault.sweep_fees(pool, fees_atoms))


def test_without_a_delay_it_is_in_office_at_once(vault: VaultWorld) -> None:
    earn(vault, 50)
    successor = vault.chain.person()
    receipt = vault.chain.send(vault.set_fee_recipient(successor))
    assert (vault.read().fee_recipient, vault.read().pending_role) == (successor, 0)
    event = receipt.event("FeeRecipientScheduled")
    assert (event.fee_recipient, event.not_before_ts) == (successor, vault.chain.now_ts)
    assert event.head.sequence == 2
    former = vault.token_account(vault.fee_recipient)
    vault.chain.refused(vault.withdraw_fees(former, 1), error="WrongFeeRecipient")
    vault.chain.send(vault.withdraw_fees(vault.token_account(successor), 1))


def test_with_a_delay_it_waits(chain: Chain) -> None:
    vault, successor = VaultWorld(chain).create(delay_seconds=DAY), chain.person()
    earn(vault, 50)
    former, later = vault.token_account(vault.fee_recipient), vault.token_account(successor)
    event = chain.send(vault.set_fee_recipient(successor)).event("FeeRecipientScheduled")
    assert event.not_before_ts == chain.now_ts + DAY
    chain.advance(DAY - 1)
    chain.refused(vault.withdraw_fees(later, 1), error="WrongFeeRecipient")
    chain.send(vault.withdraw_fees(former, 1))
    chain.advance(1)
    chain.refused(vault.withdraw_fees(former, 1), error="WrongFeeRecipient")
    chain.send(vault.withdraw_fees(later, 1))
    assert (vault.read().fee_recipient, vault.read().pending_role) == (successor, 0)


def test_it_is_somebody(vault: VaultWorld) -> None:
    vault.chain.refused(vault.set_fee_recipient(Pubkey.default()), error="DefaultAddressRefused")


def test_only_the_admin_may(vault: VaultWorld) -> None:
    for signer in (vault.guardian, vault.fee_recipient, vault.chain.upgrade_authority):
        vault.chain.refused(vault.set_fee_recipient(signer).but(admin=signer), error="NotAdmin")


def test_a_durable_nonce_is_refused(vault: VaultWorld) -> None:
    refuses_durable_nonce(vault.chain, vault.set_fee_recipient(vault.admin), vault.admin)


def test_accounts_are_checked(vault: VaultWorld) -> None:
    refuses_wrong_accounts(vault.chain, vault.set_fee_recipient(vault.admin))
