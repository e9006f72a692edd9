"""execute_pause_renewal: the announced pause of withdrawals begins, once, within three days of its delay."""

from __future__ import annotations

import pytest

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_durable_nonce, refuses_wrong_accounts
from tests.programs.harness.vault_world import PAUSE_DEPOSIT, PAUSE_WITHDRAW, VaultWorld

DAY = 86_400
THREE_DAYS = 3 * DAY


@pytest.fixture
def delayed(chain: Chain) -> VaultWorld:
    """A vault with a delay of a day."""
    return VaultWorld(chain).create(delay_seconds=DAY)


@pytest.fixture
def announced(vault: VaultWorld) -> VaultWorld:
    """A renewal that was announced, without delay."""
    vault.chain.send(vault.propose_pause_renewal())
    return vault


def test_a_pause_that_runs_is_prolonged(delayed: VaultWorld) -> None:
    chain, user = delayed.chain, delayed.user(deposited_atoms=5)
    chain.send(delayed.set_vault_pause(PAUSE_WITHDRAW | PAUSE_DEPOSIT, delayed.guardian))
    chain.advance(DAY)
    chain.send(delayed.propose_pause_renewal())
    chain.advance(DAY - 1)
    chain.refused(delayed.execute_pause_renewal(), error="DelayNotPassed")
    chain.advance(1)
    receipt = chain.send(delayed.execute_pause_renewal())
    state, bits = delayed.read(), PAUSE_WITHDRAW | PAUSE_DEPOSIT
    expiry = chain.now_ts + THREE_DAYS
    assert (state.pause_bits, state.withdraw_pause_expiry_ts) == (bits, expiry)
    assert state.pause_renewal_not_before_ts == 0
    event = receipt.event("VaultPauseSet")
    assert (event.signer, event.pause_bits, event.withdraw_pause_expiry_ts) == (delayed.admin, bits, expiry)
    assert event.head.sequence == 4
    chain.advance(THREE_DAYS - 1)
    chain.refused(delayed.withdraw(user, 1), error="WithdrawalsPaused")
    chain.advance(1)
    chain.send(delayed.withdraw(user, 1))


def test_withdrawals_that_must_stay_open_may_be_paused_as_announced(delayed: VaultWorld) -> None:
    chain = delayed.chain
    chain.send(delayed.set_vault_pause(PAUSE_WITHDRAW))
    chain.advance(THREE_DAYS)
    chain.send(delayed.propose_pause_renewal())
    chain.advance(DAY)
    chain.refused(delayed.set_vault_pause(PAUSE_WITHDRAW), error="WithdrawalsMustStayOpen")
    chain.send(delayed.execute_pause_renewal())
    assert delayed.read().pause_bits == PAUSE_WITHDRAW


def test_one_announcement_is_one_renewal(announced: VaultWorld) -> None:
    announced.chain.send(announced.execute_pause_renewal())
    announced.chain.refused(announced.execute_pause_renewal(), error="NoPauseRenewalProposed")


def test_nothing_was_announced(vault: VaultWorld) -> None:
    vault.chain.refused(vault.execute_pause_renewal(), error="NoPauseRenewalProposed")


def test_an_announcement_does_not_wait_in_a_drawer(announced: VaultWorld) -> None:
    announced.chain.advance(THREE_DAYS)
    announced.chain.refused(announced.execute_pause_renewal(), error="PauseRenewalLapsed")


def test_it_waits_for_three_days(announced: VaultWorld) -> None:
    announced.chain.advance(THREE_DAYS - 1)
    announced.chain.send(announced.execute_pause_renewal())


def test_after_it_lapsed_withdrawals_stay_open(announced: VaultWorld) -> None:
    announced.chain.send(announced.execute_pause_renewal())
    announced.chain.advance(THREE_DAYS)
    for signer in (announced.admin, announced.guardian):
        call = announced.set_vault_pause(PAUSE_WITHDRAW, signer)
        announced.chain.refused(call, error="WithdrawalsMustStayOpen")


def test_only_the_admin_may(announced: VaultWorld) -> None:
    for signer in (announced.guardian, announced.fee_recipient, announced.chain.upgrade_authority):
        call = announced.execute_pause_renewal().but(admin=signer)
        announced.chain.refused(call, error="NotAdmin")


def test_a_durable_nonce_is_refused(announced: VaultWorld) -> None:
    refuses_durable_nonce(announced.chain, announced.execute_pause_renewal(), announced.admin)


def test_accounts_are_checked(announced: VaultWorld) -> None:
    refuses_wrong_accounts(announced.chain, announced.execute_pause_renewal())
