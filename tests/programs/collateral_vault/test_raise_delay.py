"""raise_delay: a longer delay, itself delayed; there is no way back."""

from __future__ import annotations

import pytest

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_durable_nonce, refuses_wrong_accounts
from tests.programs.harness.vault_world import NO_LIMIT, VaultWorld

DAY = 86_400


@pytest.fixture
def delayed(chain: Chain) -> VaultWorld:
    """A vault with a delay of a day."""
    return VaultWorld(chain).create(delay_seconds=DAY)


def test_without_a_delay_it_is_in_force_at_once(vault: VaultWorld) -> None:
    receipt = vault.chain.send(vault.raise_delay(DAY))
    assert (vault.read().delay_seconds, vault.read().pending_delay_seconds) == (DAY, 0)
    event = receipt.event("DelayRaiseScheduled")
    assert (event.delay_seconds, event.not_before_ts, event.head.sequence) == (DAY, vault.chain.now_ts, 2)


def test_it_waits_for_the_present_delay(delayed: VaultWorld) -> None:
    chain = delayed.chain
    event = chain.send(delayed.raise_delay(3 * DAY)).event("DelayRaiseScheduled")
    assert event.not_before_ts == chain.now_ts + DAY
    chain.advance(DAY - 1)
    scheduled = chain.send(delayed.set_withdraw_limit(NO_LIMIT)).event("WithdrawLimitScheduled")
    assert scheduled.not_before_ts == chain.now_ts + DAY
    chain.advance(1)
    scheduled = chain.send(delayed.set_withdraw_limit(NO_LIMIT)).event("WithdrawLimitScheduled")
    assert scheduled.not_before_ts == chain.now_ts + 3 * DAY
    assert delayed.read().delay_seconds == 3 * DAY


@pytest.mark.parametrize("change", ["propose_admin", "set_guardian", "set_fee_recipient"])
def test_every_change_waits_for_the_longer_one(delayed: VaultWorld, change: str) -> None:
    chain = delayed.chain
    chain.send(delayed.raise_delay(3 * DAY))
    chain.advance(DAY)
    (_, event), *_ = chain.send(getattr(delayed, change)(chain.person())).events
    assert event.not_before_ts == chain.now_ts + 3 * DAY


def test_a_renewal_waits_for_the_longer_one(delayed: VaultWorld) -> None:
    delayed.chain.send(delayed.raise_delay(3 * DAY))
    delayed.chain.advance(DAY)
    event = delayed.chain.send(delayed.propose_pause_renewal()).event("PauseRenewalProposed")
    assert event.not_before_ts == delayed.chain.now_ts + 3 * DAY


@pytest.mark.parametrize("seconds", [0, 1, DAY - 1, DAY])
def test_it_is_only_raised(delayed: VaultWorld, seconds: int) -> None:
    delayed.chain.refused(delayed.raise_delay(seconds), error="DelayNotRaised")


def test_one_that_is_due_counts_as_the_present_one(delayed: VaultWorld) -> None:
    delayed.chain.send(delayed.raise_delay(3 * DAY))
    delayed.chain.advance(DAY)
    delayed.chain.refused(delayed.raise_delay(2 * DAY), error="DelayNotRaised")


@pytest.mark.parametrize("seconds", [30 * DAY + 1, 2**32 - 1])
def test_it_is_at_most_thirty_days(delayed: VaultWorld, seconds: int) -> None:
    delayed.chain.refused(delayed.raise_delay(seconds), error="DelayTooLong")
    delayed.chain.send(delayed.raise_delay(30 * DAY))


def test_only_the_admin_may(vault: VaultWorld) -> None:
    for signer in (vault.guardian, vault.fee_recipient, vault.chain.upgrade_authority):
        vault.chain.refused(vault.raise_delay(DAY).but(admin=signer), error="NotAdmin")


def test_a_durable_nonce_is_refused(vault: VaultWorld) -> None:
    refuses_durable_nonce(vault.chain, vault.raise_delay(DAY), vault.admin)


def test_accounts_are_checked(vault: VaultWorld) -> None:
    refuses_wrong_accounts(vault.chain, vault.raise_delay(DAY))
