"""open_account: anyone may open an account for anyone, once."""

from __future__ import annotations

from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.vault_world import User, VaultWorld, collateral_of


def test_opens_an_empty_account(vault: VaultWorld) -> None:
    owner = vault.chain.person()
    receipt = vault.chain.send(vault.open_account(owner))
    account = vault.chain.read(collateral_of(owner))
    assert (account.owner, account.free_atoms, account.layout_version) == (owner, 0, 1)
    assert (account.total_deposited_atoms, account.total_withdrawn_atoms) == (0, 0)
    event = receipt.event("AccountOpened")
    assert (event.owner, event.collateral, event.head.sequence) == (owner, collateral_of(owner), 1)


def test_somebody_else_may_pay_and_the_owner_need_not_sign(vault: VaultWorld) -> None:
    owner, payer = vault.chain.person(), vault.chain.person()
    before = vault.chain.account(owner)
    vault.chain.send(vault.open_account(owner, payer))
    assert vault.chain.account(owner) == before
    assert vault.chain.read(collateral_of(owner)).owner == owner


def test_lamports_sent_ahead_do_not_block_it(vault: VaultWorld) -> None:
    owner = vault.chain.person()
    vault.chain.fund(collateral_of(owner), 1)
    vault.chain.send(vault.open_account(owner))
    assert vault.chain.read(collateral_of(owner)).owner == owner


def test_an_account_is_opened_once(vault: VaultWorld, user: User) -> None:
    vault.chain.refused(vault.open_account(user.owner), error="system.AccountAlreadyInUse")


def test_the_account_of_another_owner_is_refused(vault: VaultWorld) -> None:
    owner, other = vault.chain.person(), vault.chain.person()
    call = vault.open_account(owner).but(collateral=collateral_of(other))
    vault.chain.refused(call, error="ConstraintSeeds")


def test_accounts_are_checked(vault: VaultWorld) -> None:
    refuses_wrong_accounts(vault.chain, vault.open_account(vault.chain.person(), vault.chain.person()))
