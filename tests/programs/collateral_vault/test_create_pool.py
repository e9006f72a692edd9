"""create_pool: the position program opens the pool of a market."""

from __future__ import annotations

from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.vault_world import VaultWorld, pool_of


def test_opens_an_empty_pool(vault: VaultWorld) -> None:
    market = vault.chain.new_key()
    receipt = vault.chain.send(vault.create_pool(market))
    pool = vault.chain.read(pool_of(market))
    assert (pool.market, pool.locked_atoms, pool.insurance_atoms) == (market, 0, 0)
    assert pool.layout_version == 1
    assert receipt.events == []


def test_lamports_sent_ahead_do_not_block_it(vault: VaultWorld) -> None:
    market = vault.chain.new_key()
    vault.chain.fund(pool_of(market), 1)
    vault.chain.send(vault.create_pool(market))


def test_a_market_has_one_pool(vault: VaultWorld) -> None:
    market = vault.chain.new_key()
    vault.chain.send(vault.create_pool(market))
    vault.chain.refused(vault.create_pool(market), error="system.AccountAlreadyInUse")


def test_only_the_position_program_may(vault: VaultWorld) -> None:
    for signer in (vault.admin, vault.guardian, vault.chain.upgrade_authority):
        call = vault.create_pool(vault.chain.new_key()).but(position_authority=signer)
        vault.chain.refused(call, error="NotPositionAuthority")


def test_the_pool_of_another_market_is_refused(vault: VaultWorld) -> None:
    market, other = vault.chain.new_key(), vault.chain.new_key()
    call = vault.create_pool(market).but(pool=pool_of(other))
    vault.chain.refused(call, error="ConstraintSeeds")


def test_accounts_are_checked(vault: VaultWorld) -> None:
    refuses_wrong_accounts(vault.chain, vault.create_pool(vault.chain.new_key()))
