"""release: a market's money becomes a user's, as far as the market has it."""

from __future__ import annotations

import pytest
from solders.pubkey import Pubkey

from tests.programs.collateral_vault.vault_moves import (
    MAX,
    at_the_end_of_their_range,
    moves_only_within_the_ledger,
    only_the_position_program_may,
    owed_by,
)
from tests.programs.harness.tokens import USDT
from tests.programs.harness.vault_world import User, VaultWorld


@pytest.fixture
def pool(vault: VaultWorld, user: User) -> Pubkey:
    """A pool with 400 USDT of the user's."""
    pool = vault.pool()
    vault.chain.send(vault.lock(user, pool, 400 * USDT))
    return pool


def test_locked_becomes_free(vault: VaultWorld, user: User, pool: Pubkey) -> None:
    receipt = vault.chain.send(vault.release(user, pool, 150 * USDT))
    account, state = vault.chain.read(user.collateral), vault.chain.read(pool)
    assert (account.free_atoms, account.total_released_atoms) == (750 * USDT, 150 * USDT)
    assert (state.locked_atoms, state.total_released_atoms) == (250 * USDT, 150 * USDT)
    assert owed_by(vault) == {"free": 750 * USDT, "locked": 250 * USDT, "insurance": 0, "fees": 0}
    assert receipt.events == []
    vault.check_ledger()


def test_a_winner_gets_more_than_it_locked(vault: VaultWorld, pool: Pubkey) -> None:
    winner = vault.user(deposited_atoms=10 * USDT)
    vault.chain.send(vault.lock(winner, pool, 10 * USDT))
    vault.chain.send(vault.release(winner, pool, 60 * USDT))
    vault.chain.send(vault.withdraw(winner, 60 * USDT))
    vault.check_ledger()


def test_more_than_the_pool_is_refused(vault: VaultWorld, user: User, pool: Pubkey) -> None:
    other = vault.pool()
    vault.chain.send(vault.lock(user, other, 500 * USDT))
    for amount in (400 * USDT + 1, MAX):
        vault.chain.refused(vault.release(user, pool, amount), error="MarketPoolShort")


def test_insurance_is_not_for_release(vault: VaultWorld, user: User, pool: Pubkey) -> None:
    vault.chain.send(vault.fund_insurance(pool, 100 * USDT))
    vault.chain.refused(vault.release(user, pool, 300 * USDT + 1), error="MarketPoolShort")


def test_only_the_position_program_may(vault: VaultWorld, user: User, pool: Pubkey) -> None:
    only_the_position_program_may(vault, lambda amount: vault.release(user, pool, amount), user.owner)


@pytest.mark.parametrize("account", ["collateral", "vault_state"])
def test_a_balance_does_not_wrap_around(vault: VaultWorld, user: User, pool: Pubkey, account: str) -> None:
    call = vault.release(user, pool, 1)
    vault.chain.rewrite(call.address_of(account), free_atoms=MAX)
    vault.chain.refused(call, error="LedgerOverflow")


def test_lifetime_totals_wrap_around_and_stop_nobody(vault: VaultWorld, user: User, pool: Pubkey) -> None:
    at_the_end_of_their_range(vault, user, pool)
    vault.chain.send(vault.release(user, pool, 5))
    assert vault.chain.read(user.collateral).total_released_atoms == 4
    assert vault.chain.read(pool).total_released_atoms == 4
    vault.chain.send(vault.release(user, pool, 5))


def test_an_account_that_does_not_add_up_is_refused(vault: VaultWorld, user: User, pool: Pubkey) -> None:
    vault.chain.rewrite(user.collateral, free_atoms=1)
    vault.chain.refused(vault.release(user, pool, 1), error="LedgerNotBacked")


def test_moves_only_within_the_ledger(vault: VaultWorld, user: User, pool: Pubkey) -> None:
    moves_only_within_the_ledger(vault, lambda amount: vault.release(user, pool, amount), pool)
