"""lock: free collateral becomes a market's."""

from __future__ import annotations

import pytest

from tests.programs.collateral_vault.vault_moves import (
    MAX,
    at_the_end_of_their_range,
    moves_only_within_the_ledger,
    only_the_position_program_may,
    owed_by,
)
from tests.programs.harness.tokens import USDT
from tests.programs.harness.vault_world import PAUSE_DEPOSIT, PAUSE_LOCK, PAUSE_WITHDRAW, User, VaultWorld


def test_free_becomes_locked(vault: VaultWorld, user: User) -> None:
    pool = vault.pool()
    receipt = vault.chain.send(vault.lock(user, pool, 400 * USDT))
    account, state = vault.chain.read(user.collateral), vault.chain.read(pool)
    assert (account.free_atoms, account.total_locked_atoms) == (600 * USDT, 400 * USDT)
    assert (state.locked_atoms, state.total_locked_atoms) == (400 * USDT, 400 * USDT)
    assert owed_by(vault) == {"free": 600 * USDT, "locked": 400 * USDT, "insurance": 0, "fees": 0}
    assert receipt.events == []
    vault.check_ledger()


def test_more_than_the_free_collateral_is_refused(vault: VaultWorld, user: User) -> None:
    vault.user(deposited_atoms=5_000 * USDT)
    pool = vault.pool()
    for amount in (1_000 * USDT + 1, MAX):
        vault.chain.refused(vault.lock(user, pool, amount), error="InsufficientFreeCollateral")


def test_paused_locking_is_refused_but_releasing_is_not(vault: VaultWorld, user: User) -> None:
    pool = vault.pool()
    vault.chain.send(vault.lock(user, pool, 2))
    vault.chain.send(vault.set_vault_pause(PAUSE_LOCK))
    vault.chain.refused(vault.lock(user, pool, 1), error="LockingPaused")
    vault.chain.send(vault.release(user, pool, 1))


def test_other_pauses_do_not_stop_it(vault: VaultWorld, user: User) -> None:
    vault.chain.send(vault.set_vault_pause(PAUSE_DEPOSIT | PAUSE_WITHDRAW))
    vault.chain.send(vault.lock(user, vault.pool(), 1))


def test_only_the_position_program_may(vault: VaultWorld, user: User) -> None:
    pool = vault.pool()
    only_the_position_program_may(vault, lambda amount: vault.lock(user, pool, amount), user.owner)


@pytest.mark.parametrize("account", ["pool", "vault_state"])
def test_a_balance_does_not_wrap_around(vault: VaultWorld, user: User, account: str) -> None:
    call = vault.lock(user, vault.pool(), 1)
    vault.chain.rewrite(call.address_of(account), locked_atoms=MAX)
    vault.chain.refused(call, error="LedgerOverflow")


def test_lifetime_totals_wrap_around_and_stop_nobody(vault: VaultWorld, user: User) -> None:
    pool = vault.pool()
    at_the_end_of_their_range(vault, user, pool)
    vault.chain.send(vault.lock(user, pool, 5))
    assert vault.chain.read(user.collateral).total_locked_atoms == 4
    assert vault.chain.read(pool).total_locked_atoms == 4
    vault.chain.send(vault.lock(user, pool, 5))


def test_moves_only_within_the_ledger(vault: VaultWorld, user: User) -> None:
    pool = vault.pool()
    moves_only_within_the_ledger(vault, lambda amount: vault.lock(user, pool, amount), pool)
