"""propose_pause_renewal: the admin announces a further pause of withdrawals, a delay before it may begin."""

from __future__ import annotations

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_durable_nonce, refuses_wrong_accounts
from tests.programs.harness.vault_world import VaultWorld

DAY = 86_400


def test_starts_the_delay(chain: Chain) -> None:
    vault = VaultWorld(chain).create(delay_seconds=DAY)
    receipt = chain.send(vault.propose_pause_renewal())
    state = vault.read()
    assert state.pause_renewal_not_before_ts == chain.now_ts + DAY
    assert (state.pause_bits, state.withdraw_pause_expiry_ts) == (0, 0)
    event = receipt.event("PauseRenewalProposed")
    assert (event.not_before_ts, event.head.sequence) == (chain.now_ts + DAY, 2)


def test_announcing_again_starts_it_again(chain: Chain) -> None:
    vault = VaultWorld(chain).create(delay_seconds=DAY)
    chain.send(vault.propose_pause_renewal())
    chain.advance(DAY)
    chain.send(vault.propose_pause_renewal())
    chain.refused(vault.execute_pause_renewal(), error="DelayNotPassed")


def test_only_the_admin_may(vault: VaultWorld) -> None:
    for signer in (vault.guardian, vault.fee_recipient, vault.chain.upgrade_authority):
        vault.chain.refused(vault.propose_pause_renewal().but(admin=signer), error="NotAdmin")


def test_a_durable_nonce_is_refused(vault: VaultWorld) -> None:
    refuses_durable_nonce(vault.chain, vault.propose_pause_renewal(), vault.admin)


def test_accounts_are_checked(vault: VaultWorld) -> None:
    refuses_wrong_accounts(vault.chain, vault.propose_pause_renewal())
