"""propose_admin: names the next admin and starts the delay."""

from __future__ import annotations

from solders.pubkey import Pubkey

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_durable_nonce, refuses_wrong_accounts
from tests.programs.harness.vault_world import VaultWorld

DAY = 86_400


def test_names_the_next_admin(chain: Chain) -> None:
    vault, successor = VaultWorld(chain).create(delay_seconds=DAY), chain.person()
    receipt = chain.send(vault.propose_admin(successor))
    state = vault.read()
    assert (state.admin, state.pending_admin) == (vault.admin, successor)
    assert state.pending_admin_not_before_ts == chain.now_ts + DAY
    event = receipt.event("AdminProposed")
    assert (event.admin, event.pending_admin) == (vault.admin, successor)
    assert (event.not_before_ts, event.head.sequence) == (chain.now_ts + DAY, 2)


def test_the_default_address_withdraws_the_proposal(vault: VaultWorld) -> None:
    successor = vault.chain.person()
    vault.chain.send(vault.propose_admin(successor))
    vault.chain.send(vault.propose_admin(Pubkey.default()))
    vault.chain.refused(vault.accept_admin(successor), error="NoPendingAdmin")


def test_only_the_admin_may(vault: VaultWorld) -> None:
    for signer in (vault.guardian, vault.chain.upgrade_authority):
        vault.chain.refused(vault.propose_admin(signer).but(admin=signer), error="NotAdmin")


def test_a_durable_nonce_is_refused(vault: VaultWorld) -> None:
    refuses_durable_nonce(vault.chain, vault.propose_admin(vault.guardian), vault.admin)


def test_accounts_are_checked(vault: VaultWorld) -> None:
    refuses_wrong_accounts(vault.chain, vault.propose_admin(vault.guardian))
