"""fund_insurance: a market puts part of its pool aside for bankruptcies."""

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
from tests.programs.harness.vault_world import User, VaultWorld


@pytest.fixture
def pool(vault: VaultWorld, user: User) -> Pubkey:
    """A pool with 100 atoms."""
    pool = vault.pool()
    vault.chain.send(vault.lock(user, pool, 100))
    return pool


def test_locked_becomes_insurance(vault: VaultWorld, user: User, pool: Pubkey) -> None:
    free = vault.chain.read(user.collateral).free_atoms
    receipt = vault.chain.send(vault.fund_insurance(pool, 40))
    state = vault.chain.read(pool)
    assert (state.locked_atoms, state.insurance_atoms, state.total_insured_atoms) == (60, 40, 40)
    assert owed_by(vault) == {"free": free, "locked": 60, "insurance": 40, "fees": 0}
    assert receipt.events == []
    vault.check_ledger()


def test_more_than_the_pool_is_refused(vault: VaultWorld, user: User, pool: Pubkey) -> None:
    vault.chain.send(vault.lock(user, vault.pool(), 500))
    for amount in (101, MAX):
        vault.chain.refused(vault.fund_insurance(pool, amount), error="MarketPoolShort")


def test_only_the_position_program_may(vault: VaultWorld, pool: Pubkey) -> None:
    only_the_position_program_may(vault, lambda amount: vault.fund_insurance(pool, amount))


def test_a_balance_does_not_wrap_around(vault: VaultWorld, pool: Pubkey) -> None:
    vault.chain.rewrite(vault.state, insurance_atoms=MAX)
    vault.chain.refused(vault.fund_insurance(pool, 1), error="LedgerOverflow")


def test_lifetime_totals_wrap_around_and_stop_nobody(vault: VaultWorld, user: User, pool: Pubkey) -> None:
    at_the_end_of_their_range(vault, user, pool)
    before = vault.chain.read(pool).total_insured_atoms
    vault.chain.send(vault.fund_insurance(pool, 5))
    assert vault.chain.read(pool).total_insured_atoms == (before + 5) % 2**64
    vault.chain.send(vault.fund_insurance(pool, 5))


def test_moves_only_within_the_ledger(vault: VaultWorld, pool: Pubkey) -> None:
    moves_only_within_the_ledger(vault, lambda amount: vault.fund_insurance(pool, amount), pool)
