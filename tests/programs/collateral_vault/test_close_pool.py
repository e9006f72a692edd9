"""close_pool: only an empty one, only by the position program; the rent goes where that says."""

from __future__ import annotations

import pytest
from solders.pubkey import Pubkey

from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.vault_world import User, VaultWorld, pool_of


@pytest.fixture
def pool(vault: VaultWorld) -> Pubkey:
    """An empty pool."""
    return vault.pool()


def test_closes_an_empty_pool(vault: VaultWorld, pool: Pubkey) -> None:
    chain, recipient = vault.chain, vault.chain.person()
    rent, before = chain.account(pool), chain.account(recipient)
    receipt = chain.send(vault.close_pool(pool, recipient))
    after = chain.account(recipient)
    assert rent is not None
    assert before is not None
    assert after is not None
    assert after.lamports == before.lamports + rent.lamports
    assert chain.account(pool) is None
    assert receipt.events == []
    vault.check_ledger()


def test_a_pool_that_was_used_closes_when_it_is_empty_again(
    vault: VaultWorld, user: User, pool: Pubkey
) -> None:
    chain = vault.chain
    chain.send(vault.lock(user, pool, 100))
    chain.send(vault.fund_insurance(pool, 40))
    call = vault.close_pool(pool, vault.admin)
    chain.refused(call, error="PoolNotEmpty")
    chain.send(vault.release(user, pool, 60))
    chain.refused(call, error="PoolNotEmpty")
    chain.send(vault.draw_insurance(pool, 40))
    chain.send(vault.sweep_fees(pool, 39))
    chain.refused(call, error="PoolNotEmpty")
    chain.send(vault.sweep_fees(pool, 1))
    chain.send(call)
    vault.check_ledger()


def test_a_pool_opens_again_as_new(vault: VaultWorld, user: User) -> None:
    chain, market = vault.chain, Pubkey.new_unique()
    for _ in range(2):
        chain.send(vault.create_pool(market))
        pool = pool_of(market)
        assert chain.read(pool).total_locked_atoms == 0
        chain.send(vault.lock(user, pool, 5))
        chain.send(vault.release(user, pool, 5))
        chain.send(vault.close_pool(pool, vault.admin))


def test_totals_that_do_not_add_up_are_refused(vault: VaultWorld, pool: Pubkey) -> None:
    vault.chain.rewrite(pool, total_locked_atoms=1)
    vault.chain.refused(vault.close_pool(pool, vault.admin), error="LedgerNotBacked")


def test_only_the_position_program_may(vault: VaultWorld, pool: Pubkey) -> None:
    for signer in (vault.admin, vault.guardian, vault.chain.upgrade_authority):
        call = vault.close_pool(pool, vault.admin).but(position_authority=signer)
        vault.chain.refused(call, error="NotPositionAuthority")


def test_accounts_are_checked(vault: VaultWorld, pool: Pubkey) -> None:
    refuses_wrong_accounts(vault.chain, vault.close_pool(pool, vault.admin))
