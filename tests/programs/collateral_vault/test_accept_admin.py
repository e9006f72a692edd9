"""accept_admin: the proposed admin takes over after the delay."""

from __future__ import annotations

import pytest
from solders.pubkey import Pubkey

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_durable_nonce, refuses_wrong_accounts
from tests.programs.harness.vault_world import VaultWorld

DAY = 86_400


@pytest.fixture
def delayed(chain: Chain) -> VaultWorld:
    """A vault with a delay of a day."""
    return VaultWorld(chain).create(delay_seconds=DAY)


@pytest.fixture
def successor(vault: VaultWorld) -> Pubkey:
    """Somebody proposed as the next admin, without delay."""
    successor = vault.chain.person()
    vault.chain.send(vault.propose_admin(successor))
    return successor


def test_the_successor_takes_over(vault: VaultWorld, successor: Pubkey) -> None:
    receipt = vault.chain.send(vault.accept_admin(successor))
    state = vault.read()
    assert (state.admin, state.pending_admin) == (successor, Pubkey.default())
    assert state.pending_admin_not_before_ts == 0
    event = receipt.event("AdminAccepted")
    assert (event.admin, event.head.sequence) == (successor, 3)
    vault.chain.refused(vault.propose_admin(vault.admin), error="NotAdmin")
    vault.chain.send(vault.propose_admin(vault.admin).but(admin=successor))


def test_not_before_the_delay_has_passed(delayed: VaultWorld) -> None:
    successor = delayed.chain.person()
    delayed.chain.send(delayed.propose_admin(successor))
    delayed.chain.advance(DAY - 1)
    delayed.chain.refused(delayed.accept_admin(successor), error="DelayNotPassed")
    delayed.chain.advance(1)
    delayed.chain.send(delayed.accept_admin(successor))


def test_a_new_proposal_starts_the_delay_again(delayed: VaultWorld) -> None:
    first, second = delayed.chain.person(), delayed.chain.person()
    delayed.chain.send(delayed.propose_admin(first))
    delayed.chain.advance(DAY)
    delayed.chain.send(delayed.propose_admin(second))
    delayed.chain.refused(delayed.accept_admin(first), error="NotPendingAdmin")
    delayed.chain.refused(delayed.accept_admin(second), error="DelayNotPassed")


def test_nobody_else_may(vault: VaultWorld, successor: Pubkey) -> None:
    assert successor not in (vault.admin, vault.guardian)
    for signer in (vault.admin, vault.guardian, vault.chain.upgrade_authority):
        vault.chain.refused(vault.accept_admin(signer), error="NotPendingAdmin")


def test_only_once(vault: VaultWorld, successor: Pubkey) -> None:
    vault.chain.send(vault.accept_admin(successor))
    vault.chain.refused(vault.accept_admin(successor), error="NoPendingAdmin")


def test_nothing_pending(vault: VaultWorld) -> None:
    vault.chain.refused(vault.accept_admin(vault.guardian), error="NoPendingAdmin")


def test_a_durable_nonce_is_refused(vault: VaultWorld, successor: Pubkey) -> None:
    refuses_durable_nonce(vault.chain, vault.accept_admin(successor), successor)


def test_accounts_are_checked(vault: VaultWorld, successor: Pubkey) -> None:
    refuses_wrong_accounts(vault.chain, vault.accept_admin(successor))
