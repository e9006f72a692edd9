"""deposit: tokens in, credit for exactly what arrived."""

from __future__ import annotations

import pytest

from tests.programs.collateral_vault.vault_moves import at_the_end_of_their_range
from tests.programs.harness.chain import SOL, Chain
from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.tokens import (
    TOKEN,
    TOKEN_2022,
    USDT,
    amount_of,
    extension,
    freeze,
    put_mint,
    put_token,
    set_amount,
    set_delegation,
)
from tests.programs.harness.vault_world import (
    PAUSE_DEPOSIT,
    PAUSE_LOCK,
    PAUSE_WITHDRAW,
    User,
    VaultWorld,
    collateral_of,
)

MAX = 2**64 - 1


def test_tokens_become_free_collateral(any_vault: VaultWorld) -> None:
    user = any_vault.user(tokens_atoms=500 * USDT)
    receipt = any_vault.chain.send(any_vault.deposit(user, 200 * USDT))
    account, state = any_vault.chain.read(user.collateral), any_vault.read()
    assert (account.free_atoms, account.total_deposited_atoms) == (200 * USDT, 200 * USDT)
    assert (state.free_atoms, state.total_deposited_atoms) == (200 * USDT, 200 * USDT)
    assert state.limiter.window_net_atoms == -200 * USDT
    assert amount_of(any_vault.chain, user.token) == 300 * USDT
    any_vault.check_ledger()
    event = receipt.event("Deposited")
    assert (event.owner, event.token_authority, event.amount_atoms) == (user.owner, user.owner, 200 * USDT)
    assert (event.free_atoms, event.vault_free_atoms) == (200 * USDT, 200 * USDT)
    assert (event.vault_tokens_atoms, event.head.sequence) == (200 * USDT, 2)


def test_a_delegate_may_deposit_for_anyone(vault: VaultWorld, user: User) -> None:
    friend = vault.user(tokens_atoms=100)
    delegate = vault.chain.person()
    set_delegation(vault.chain, friend.token, delegate, 60)
    call = vault.deposit(user, 60).but(depositor_token=friend.token, token_authority=delegate)
    event = vault.chain.send(call).event("Deposited")
    assert (event.owner, event.token_authority, event.free_atoms) == (
        user.owner,
        delegate,
        1_000 * USDT + 60,
    )
    vault.check_ledger()


def test_tokens_sent_unasked_belong_to_nobody(vault: VaultWorld, user: User) -> None:
    set_amount(vault.chain, vault.token, 1_000 * USDT + 5)
    event = vault.chain.send(vault.deposit(user, 1)).event("Deposited")
    assert (event.vault_free_atoms, event.vault_tokens_atoms) == (1_000 * USDT + 1, 1_000 * USDT + 6)


@pytest.mark.parametrize("bits", [PAUSE_WITHDRAW, PAUSE_LOCK, PAUSE_WITHDRAW | PAUSE_LOCK])
def test_other_pauses_do_not_stop_deposits(vault: VaultWorld, user: User, bits: int) -> None:
    vault.chain.send(vault.set_vault_pause(bits))
    vault.chain.send(vault.deposit(user, 1))


def test_nothing_is_no_deposit(vault: VaultWorld, user: User) -> None:
    vault.chain.refused(vault.deposit(user, 0), error="AmountIsZero")


def test_paused_deposits_are_refused(vault: VaultWorld, user: User) -> None:
    vault.chain.send(vault.set_vault_pause(PAUSE_DEPOSIT))
    vault.chain.refused(vault.deposit(user, 1), error="DepositsPaused")


def test_more_than_the_tokens_is_refused(vault: VaultWorld, user: User) -> None:
    vault.chain.refused(vault.deposit(user, 500 * USDT + 1), error="token.InsufficientFunds")
    vault.chain.refused(vault.deposit(user, MAX), error="token.InsufficientFunds")


def test_the_tokens_of_somebody_else_are_refused(vault: VaultWorld, user: User) -> None:
    victim = vault.user(tokens_atoms=100)
    call = vault.deposit(user, 1).but(depositor_token=victim.token)
    vault.chain.refused(call, error="token.OwnerMismatch")


def test_a_frozen_token_account_is_refused(vault: VaultWorld, user: User) -> None:
    freeze(vault.chain, user.token)
    vault.chain.refused(vault.deposit(user, 1), error="token.AccountFrozen")


def test_another_mint_is_refused(vault: VaultWorld, user: User) -> None:
    mint = put_mint(vault.chain)
    token = put_token(vault.chain, mint, user.owner, 100)
    vault.chain.refused(vault.deposit(user, 1).but(quote_mint=mint), error="WrongQuoteMint")
    vault.chain.refused(vault.deposit(user, 1).but(depositor_token=token), error="WrongTokenMint")
    both = vault.deposit(user, 1).but(quote_mint=mint, depositor_token=token)
    vault.chain.refused(both, error="WrongQuoteMint")


def test_another_vault_token_account_is_refused(vault: VaultWorld, user: User) -> None:
    own = vault.token_account(user.owner)
    vault.chain.refused(vault.deposit(user, 1).but(vault_token=own), error="WrongVaultToken")
    belongs_to_vault = vault.token_account(vault.state)
    vault.chain.refused(vault.deposit(user, 1).but(vault_token=belongs_to_vault), error="WrongVaultToken")


def test_the_other_token_program_is_refused(any_vault: VaultWorld) -> None:
    user = any_vault.user(tokens_atoms=10)
    other = TOKEN_2022 if any_vault.token_program == TOKEN else TOKEN
    any_vault.chain.refused(any_vault.deposit(user, 1).but(token_program=other), error="WrongTokenProgram")


def test_the_vault_cannot_pay_into_itself(vault: VaultWorld, user: User) -> None:
    call = vault.deposit(user, 1).but(depositor_token=vault.token, token_authority=vault.state)
    vault.chain.refused(call, error="ConstraintDuplicateMutableAccount")


def test_a_fee_that_the_mint_grew_later_is_noticed(chain: Chain) -> None:
    vault = VaultWorld(chain, token_program=TOKEN_2022).create()
    user = vault.user()
    fee = (0).to_bytes(8, "little") + (10**9).to_bytes(8, "little") + (100).to_bytes(2, "little")
    config = extension(1, bytes(64) + bytes(8) + fee + fee)
    put_mint(chain, TOKEN_2022, extensions=config, key=vault.mint)
    withheld = extension(2, bytes(8))
    put_token(chain, vault.mint, user.owner, 1_000, TOKEN_2022, extensions=withheld, key=user.token)
    put_token(chain, vault.mint, vault.state, 0, TOKEN_2022, extensions=withheld, key=vault.token)
    chain.refused(vault.deposit(user, 1_000), error="TransferAmountMismatch")


def test_a_vault_that_lost_tokens_takes_none(vault: VaultWorld, user: User) -> None:
    set_amount(vault.chain, vault.token, 1_000 * USDT - 1)
    vault.chain.refused(vault.deposit(user, 1), error="LedgerNotBacked")


def test_an_account_that_does_not_add_up_is_refused(vault: VaultWorld, user: User) -> None:
    vault.chain.rewrite(user.collateral, free_atoms=1_000 * USDT + 1)
    vault.chain.refused(vault.deposit(user, 1), error="LedgerNotBacked")


@pytest.mark.parametrize("field", ["free_atoms", "locked_atoms", "insurance_atoms", "fees_atoms"])
def test_a_balance_does_not_wrap_around(vault: VaultWorld, user: User, field: str) -> None:
    vault.chain.rewrite(vault.state, **{field: MAX})
    vault.chain.refused(vault.deposit(user, 1), error="LedgerOverflow")


def test_lifetime_totals_wrap_around_and_stop_nobody(vault: VaultWorld, user: User) -> None:
    at_the_end_of_their_range(vault, user, vault.pool())
    for _ in range(2):
        vault.chain.send(vault.deposit(user, 5))
        vault.chain.send(vault.withdraw(user, 5))
    assert vault.chain.read(user.collateral).total_deposited_atoms == 9
    assert (vault.read().total_deposited_atoms, vault.read().total_withdrawn_atoms) == (9, 9)


def test_a_forged_signature_is_refused() -> None:
    chain = Chain(sigverify=True)
    owner = chain.new_keypair()
    vault = VaultWorld(chain)
    chain.send(vault.create_vault(), signers=[chain.upgrade])
    user = User(owner.pubkey(), collateral_of(owner.pubkey()), vault.token_account(owner.pubkey(), 100))
    chain.fund(owner.pubkey(), SOL)
    chain.send(vault.open_account(user.owner), signers=[owner])
    chain.refused(vault.deposit(user, 1), signers=[chain.new_keypair()], error="runtime.SignatureFailure")
    chain.send(vault.deposit(user, 1), signers=[owner])


def test_accounts_are_checked(any_vault: VaultWorld) -> None:
    user = any_vault.user(tokens_atoms=10)
    refuses_wrong_accounts(any_vault.chain, any_vault.deposit(user, 1))
