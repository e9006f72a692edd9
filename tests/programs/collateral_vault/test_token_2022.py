"""The quote mint and token accounts of Token-2022, made by the token program itself."""

from __future__ import annotations

import pytest
from solders.pubkey import Pubkey

from tests.programs.harness.chain import Chain
from tests.programs.harness.token_2022 import (
    DESCRIPTIVE,
    MINT_EXTENSIONS,
    approve,
    describe_mint,
    group_mint,
    issue,
    make_account,
    make_mint,
    memo,
)
from tests.programs.harness.tokens import TOKEN_2022, amount_of, extension, freeze, put_mint
from tests.programs.harness.vault_world import User, VaultWorld


def vault_of(chain: Chain, mint: Pubkey) -> VaultWorld:
    """A vault whose quote is this mint; not created yet."""
    vault = VaultWorld(chain, token_program=TOKEN_2022)
    vault.mint = mint
    return vault


def user_with(vault: VaultWorld, *extensions: str) -> User:
    """A user with 1,000 atoms in a token account that has these extensions."""
    user = vault.user()
    token = make_account(vault.chain, vault.mint, user.owner, *extensions)
    issue(vault.chain, vault.mint, token, 1_000)
    return User(user.owner, user.collateral, token)


@pytest.fixture
def vault(chain: Chain) -> VaultWorld:
    """A vault of a plain Token-2022 mint."""
    return vault_of(chain, make_mint(chain)).create()


@pytest.mark.parametrize("name", sorted(set(MINT_EXTENSIONS) - set(DESCRIPTIVE)))
def test_what_reaches_into_the_vault_is_refused(chain: Chain, name: str) -> None:
    vault = vault_of(chain, make_mint(chain, name))
    chain.refused(vault.create_vault(), error="MintExtensionRefused")


@pytest.mark.parametrize("kind", [27, 28, 29, 40, 999])
def test_what_does_not_exist_yet_is_refused(chain: Chain, kind: int) -> None:
    mint = put_mint(chain, TOKEN_2022, extensions=extension(kind, bytes(40)))
    failure, _ = chain.attempt(vault_of(chain, mint).create_vault())
    assert failure is not None


@pytest.mark.parametrize("names", [(), *((name,) for name in DESCRIPTIVE), DESCRIPTIVE], ids=str)
def test_what_only_describes_is_accepted(chain: Chain, names: tuple[str, ...]) -> None:
    mint = make_mint(chain, *names)
    if "metadata_pointer" in names:
        describe_mint(chain, mint)
    if "group_pointer" in names:
        group_mint(chain, mint)
    vault = vault_of(chain, mint).create()
    user = user_with(vault)
    chain.send(vault.deposit(user, 600))
    chain.send(vault.withdraw(user, 200))
    vault.check_ledger()
    assert amount_of(chain, user.token) == 600


@pytest.mark.parametrize("names", [("immutable_owner",), ("memo_required",), ("cpi_guard",)], ids=str)
def test_accounts_with_extensions_deposit_and_withdraw(vault: VaultWorld, names: tuple[str, ...]) -> None:
    user = user_with(vault, *names)
    if "cpi_guard" in names:
        delegate = vault.chain.person()
        approve(vault.chain, user.token, delegate, user.owner, 600)
        vault.chain.refused(vault.deposit(user, 600), error="token_2022.CpiGuardTransferBlocked")
        vault.chain.send(vault.deposit(user, 600).but(token_authority=delegate))
    else:
        vault.chain.send(vault.deposit(user, 600))
    vault.check_ledger()
    if "memo_required" in names:
        vault.chain.refused(vault.withdraw(user, 200), error="token_2022.NoMemo")
        vault.chain.refused(memo(), vault.withdraw(user, 200), error="token_2022.NoMemo")
        plain = make_account(vault.chain, vault.mint, user.owner)
        vault.chain.send(vault.withdraw(user, 200).but(recipient_token=plain))
    else:
        vault.chain.send(vault.withdraw(user, 200))
    vault.check_ledger()


def test_a_frozen_vault_account_moves_nothing(vault: VaultWorld) -> None:
    chain, user = vault.chain, user_with(vault)
    chain.send(vault.deposit(user, 600))
    pool = vault.pool()
    chain.send(vault.lock(user, pool, 100))
    chain.send(vault.sweep_fees(pool, 50))
    freeze(chain, vault.token)
    recipient = make_account(chain, vault.mint, vault.fee_recipient)
    for call in (vault.deposit(user, 1), vault.withdraw(user, 1), vault.withdraw_fees(recipient, 1)):
        chain.refused(call, error="token_2022.AccountFrozen")
    chain.send(vault.release(user, pool, 50))
    vault.check_ledger()


def test_a_closed_token_account_is_refused(vault: VaultWorld) -> None:
    chain, user = vault.chain, user_with(vault)
    chain.send(vault.deposit(user, 1_000))
    chain.fund(user.token, 1)
    chain.refused(vault.withdraw(user, 1), error="AccountOwnedByWrongProgram")
    chain.refused(vault.deposit(user, 1), error="AccountOwnedByWrongProgram")
    chain.refused(
        vault.withdraw(user, 1).but(recipient_token=Pubkey.new_unique()), error="AccountNotInitialized"
    )
    again = make_account(chain, vault.mint, user.owner)
    chain.send(vault.withdraw(user, 1).but(recipient_token=again))


def test_the_account_of_another_mint_is_refused(vault: VaultWorld) -> None:
    user, other = user_with(vault), make_mint(vault.chain)
    token = make_account(vault.chain, other, user.owner, "immutable_owner")
    issue(vault.chain, other, token, 5)
    vault.chain.refused(vault.deposit(user, 1).but(depositor_token=token), error="WrongTokenMint")
    vault.chain.refused(vault.withdraw(user, 1).but(recipient_token=token), error="WrongTokenMint")
