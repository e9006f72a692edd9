"""draw_insurance: a market's insurance pays into its pool, never into another market's."""

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
    """A pool with 60 atoms and 40 atoms of insurance."""
    pool = vault.pool()
    vault.chain.send(vault.lock(user, pool, 100))
    vault.chain.send(vault.fund_insurance(pool, 40))
    return pool


def test_insurance_becomes_locked(vault: VaultWorld, user: User, pool: Pubkey) -> None:
    free = vault.chain.read(user.collateral).free_atoms
    receipt = vault.chain.send(vault.draw_insurance(pool, 15))
    state = vault.chain.read(pool)
    assert (state.locked_atoms, state.insurance_atoms, state.total_drawn_atoms) == (75, 25, 15)
    assert owed_by(vault) == {"free": free, "locked": 75, "insurance": 25, "fees": 0}
    assert receipt.events == []
    vault.check_ledger()


def test_the_insurance_of_another_market_does_not_help(vault: VaultWorld, user: User, pool: Pubkey) -> None:
    other = vault.pool()
    vault.chain.send(vault.lock(user, other, 500))
    vault.chain.send(vault.fund_insurance(other, 500))
    for amount in (41, MAX):
        vault.chain.refused(vault.draw_insurance(pool, amount), error="InsuranceShort")


def test_only_the_position_program_may(vault: VaultWorld, pool: Pubkey) -> None:
    only_the_position_program_may(vault, lambda amount: vault.draw_insurance(pool, amount))


def test_a_balance_does_not_wrap_around(vault: VaultWorld, pool: Pubkey) -> None:
    vault.chain.rewrite(vault.state, locked_atoms=MAX)
    vault.chain.refused(vault.draw_insurance(pool, 1), error="LedgerOverflow")


def test_lifetime_totals_wrap_around_and_stop_nobody(vault: VaultWorld, user: User, pool: Pubkey) -> None:
    at_the_end_of_their_range(vault, user, pool)
    before = vault.chain.read(pool).total_drawn_atoms
    vault.chain.send(vault.draw_insurance(pool, 5))
    assert vault.chain.read(pool).total_drawn_atoms == (before + 5) % 2**64
    vault.chain.send(vault.draw_insurance(pool, 5))


def test_insurance_that_does_not_add_up_is_refused(vault: VaultWorld, pool: Pubkey) -> None:
    vault.chain.rewrite(pool, insurance_atoms=41)
    vault.chain.refused(vault.draw_insurance(pool, 1), error="LedgerNotBacked")


def test_moves_only_within_the_ledger(vault: VaultWorld, pool: Pubkey) -> None:
    moves_only_within_the_ledger(vault, lambda amount: vault.draw_insurance(pool, amount), pool)
