"""set_withdraw_limit: scheduled by the admin, in force by itself after the delay."""

from __future__ import annotations

import pytest

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_durable_nonce, refuses_wrong_accounts
from tests.programs.harness.tokens import USDT
from tests.programs.harness.vault_world import NO_LIMIT, VaultWorld

DAY = 86_400
LIMIT = {"limit_atoms": 100, "user_minimum_atoms": 0, "window_seconds": 60}


def test_without_a_delay_it_is_in_force_at_once(vault: VaultWorld) -> None:
    receipt = vault.chain.send(vault.set_withdraw_limit(LIMIT))
    limiter = vault.read().limiter
    assert vars(limiter.current) == LIMIT
    assert limiter.pending_not_before_ts == 0
    event = receipt.event("WithdrawLimitScheduled")
    assert (vars(event.limit), event.not_before_ts) == (LIMIT, vault.chain.now_ts)
    assert event.head.sequence == 2


def test_with_a_delay_it_comes_into_force_by_itself(chain: Chain) -> None:
    vault = VaultWorld(chain).create(delay_seconds=DAY)
    user = vault.user(deposited_atoms=1_000 * USDT)
    event = chain.send(vault.set_withdraw_limit(LIMIT)).event("WithdrawLimitScheduled")
    assert event.not_before_ts == chain.now_ts + DAY
    limiter = vault.read().limiter
    assert (vars(limiter.current), vars(limiter.pending)) == (NO_LIMIT, LIMIT)
    chain.advance(DAY - 1)
    chain.send(vault.withdraw(user, 101))
    chain.advance(1)
    chain.refused(vault.withdraw(user, 101), error="WithdrawLimitExceeded")
    chain.advance(2 * LIMIT["window_seconds"])
    chain.send(vault.withdraw(user, 100))
    assert vars(vault.read().limiter.current) == LIMIT


def test_a_later_proposal_replaces_the_waiting_one(chain: Chain) -> None:
    vault = VaultWorld(chain).create(delay_seconds=DAY)
    chain.send(vault.set_withdraw_limit(LIMIT))
    chain.advance(DAY - 1)
    other = LIMIT | {"limit_atoms": 7}
    event = chain.send(vault.set_withdraw_limit(other)).event("WithdrawLimitScheduled")
    assert event.not_before_ts == chain.now_ts + DAY
    limiter = vault.read().limiter
    assert (vars(limiter.current), vars(limiter.pending)) == (NO_LIMIT, other)


@pytest.mark.parametrize("window_seconds", [0, 30 * DAY + 1, 2**64 - 1])
def test_the_limit_needs_a_window(vault: VaultWorld, window_seconds: int) -> None:
    call = vault.set_withdraw_limit(LIMIT | {"window_seconds": window_seconds})
    vault.chain.refused(call, error="InvalidLimitWindow")


def test_only_the_admin_may(vault: VaultWorld) -> None:
    for signer in (vault.guardian, vault.chain.upgrade_authority):
        vault.chain.refused(vault.set_withdraw_limit(LIMIT).but(admin=signer), error="NotAdmin")


def test_a_durable_nonce_is_refused(vault: VaultWorld) -> None:
    refuses_durable_nonce(vault.chain, vault.set_withdraw_limit(LIMIT), vault.admin)


def test_accounts_are_checked(vault: VaultWorld) -> None:
    refuses_wrong_accounts(vault.chain, vault.set_withdraw_limit(LIMIT))
