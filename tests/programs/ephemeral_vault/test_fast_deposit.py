"""fast_deposit: the session key spends within both allowances, into its user's collateral only."""

from __future__ import annotations

import pytest

from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.session_world import LIFETIME_SECONDS, SessionWorld
from tests.programs.harness.tokens import (
    TOKEN,
    TOKEN_2022,
    USDT,
    amount_of,
    delegation_of,
    freeze,
    put_mint,
    put_token,
    set_delegation,
)
from tests.programs.harness.vault_world import PAUSE_DEPOSIT, VaultWorld


@pytest.fixture
def any_session(any_vault: VaultWorld) -> SessionWorld:
    """A user who lets a session take 100 of 500 USDT, on a vault of either token program."""
    return SessionWorld(any_vault).create(approved_atoms=100 * USDT)


def test_deposits_for_the_user(any_session: SessionWorld) -> None:
    session, chain = any_session, any_session.chain
    chain.advance(10)
    receipt = chain.send(session.fast_deposit(30 * USDT))
    assert session.amounts() == (100 * USDT, 30 * USDT, 70 * USDT)
    assert session.read().last_activity == chain.now_ts
    assert chain.read(session.user.collateral).free_atoms == 30 * USDT
    assert amount_of(chain, session.user.token) == 470 * USDT
    assert delegation_of(chain, session.user.token) == (session.address, 70 * USDT)
    session.vault.check_ledger()
    event = receipt.event("FastDeposited")
    assert (event.user_wallet, event.session_key) == (session.user.owner, session.session_key)
    assert (event.amount_atoms, event.free_atoms) == (30 * USDT, 30 * USDT)
    assert (event.approved_atoms, event.used_atoms, event.available_atoms) == (
        100 * USDT,
        30 * USDT,
        70 * USDT,
    )
    assert event.head.sequence == 3
    deposited = receipt.event("Deposited")
    assert (deposited.owner, deposited.token_authority) == (session.user.owner, session.address)


def test_the_whole_allowance_may_be_used(session: SessionWorld) -> None:
    session.chain.send(session.fast_deposit(100 * USDT))
    assert session.amounts() == (100 * USDT, 100 * USDT, 0)
    assert delegation_of(session.chain, session.user.token) == (None, 0)
    session.chain.refused(session.fast_deposit(1), error="AllowanceExceeded")


def test_used_never_passes_approved(session: SessionWorld) -> None:
    for amount in (100 * USDT + 1, 2**64 - 1):
        session.chain.refused(session.fast_deposit(amount), error="AllowanceExceeded")
    session.chain.send(session.fast_deposit(60 * USDT))
    session.chain.refused(session.fast_deposit(40 * USDT + 1), error="AllowanceExceeded")


def test_an_allowance_lowered_behind_our_back_counts(session: SessionWorld) -> None:
    set_delegation(session.chain, session.user.token, session.address, 20 * USDT)
    session.chain.refused(session.fast_deposit(20 * USDT + 1), error="DelegationShort")
    session.chain.send(session.fast_deposit(5 * USDT))
    assert session.amounts() == (100 * USDT, 5 * USDT, 15 * USDT)


def test_a_delegation_to_somebody_else_is_none(session: SessionWorld) -> None:
    for delegate in (None, session.session_key):
        set_delegation(session.chain, session.user.token, delegate, 100 * USDT if delegate else 0)
        session.chain.refused(session.fast_deposit(1), error="DelegationShort")


def test_nothing_is_no_deposit(session: SessionWorld) -> None:
    session.chain.refused(session.fast_deposit(0), error="AmountIsZero")


def test_only_the_session_key_may(session: SessionWorld) -> None:
    other = SessionWorld(session.vault).create(approved_atoms=1)
    for signer in (session.user.owner, other.session_key, session.vault.admin):
        call = session.fast_deposit(1).but(session_key=signer)
        session.chain.refused(call, error="NotSessionKey")


def test_another_session_does_not_spend_this_allowance(session: SessionWorld) -> None:
    other = SessionWorld(session.vault).create(approved_atoms=50)
    theirs = other.fast_deposit(1).but(vault=session.address, collateral=session.user.collateral)
    session.chain.refused(theirs, error="WrongSession")


def test_no_other_token_account(session: SessionWorld) -> None:
    second = put_token(
        session.chain,
        session.vault.mint,
        session.user.owner,
        100,
        delegate=session.address,
        delegated_atoms=100,
    )
    session.chain.refused(session.fast_deposit(1).but(user_token=second), error="WrongTokenAccount")


def test_before_the_first_approval_it_is_refused(vault: VaultWorld) -> None:
    session = SessionWorld(vault).create()
    session.chain.refused(session.fast_deposit(1), error="WrongTokenAccount")


def test_no_other_collateral(session: SessionWorld) -> None:
    thief = session.vault.user()
    call = session.fast_deposit(1).but(collateral=thief.collateral)
    session.chain.refused(call, error="WrongCollateral")


def test_after_expiry_it_is_refused(session: SessionWorld) -> None:
    session.chain.advance(LIFETIME_SECONDS - 1)
    session.chain.send(session.fast_deposit(1))
    session.chain.advance(1)
    session.chain.refused(session.fast_deposit(1), error="SessionExpired")


def test_revoking_mid_use_stops_it(session: SessionWorld) -> None:
    session.chain.send(session.fast_deposit(1))
    session.chain.send(session.revoke())
    session.chain.refused(session.fast_deposit(1), error="VaultRevoked")
    set_delegation(session.chain, session.user.token, session.address, 50)
    session.chain.refused(session.fast_deposit(1), error="VaultRevoked")


def test_more_than_the_tokens_is_refused(session: SessionWorld) -> None:
    session.chain.send(session.approve(600 * USDT))
    call = session.fast_deposit(500 * USDT + 1)
    session.chain.refused(call, error="token.InsufficientFunds")


def test_the_vault_refuses_what_it_always_refuses(session: SessionWorld) -> None:
    call = session.fast_deposit(1)
    own = session.vault.token_account(session.user.owner)
    session.chain.refused(call.but(vault_token=own), error="collateral_vault.WrongVaultToken")
    mint = put_mint(session.chain)
    session.chain.refused(call.but(quote_mint=mint), error="collateral_vault.WrongQuoteMint")
    session.chain.refused(call.but(token_program=TOKEN_2022), error="collateral_vault.WrongTokenProgram")
    session.chain.send(session.vault.set_vault_pause(PAUSE_DEPOSIT))
    session.chain.refused(call, error="collateral_vault.DepositsPaused")


def test_tokens_of_another_mint_are_refused(vault: VaultWorld) -> None:
    session = SessionWorld(vault)
    other = put_token(vault.chain, put_mint(vault.chain), session.user.owner, 100)
    session.create()
    vault.chain.send(session.approve(100).but(user_token=other))
    call = session.fast_deposit(1).but(user_token=other)
    vault.chain.refused(call, error="collateral_vault.WrongTokenMint")


def test_a_frozen_token_account_is_refused(session: SessionWorld) -> None:
    freeze(session.chain, session.user.token)
    session.chain.refused(session.fast_deposit(1), error="token.AccountFrozen")


def test_amounts_that_contradict_each_other_are_refused(session: SessionWorld) -> None:
    session.chain.rewrite(session.address, approved_amount=50)
    session.chain.rewrite(session.address, used_amount=51)
    session.chain.refused(session.fast_deposit(1), error="AllowanceInconsistent")


def test_the_used_amount_does_not_wrap_around(session: SessionWorld) -> None:
    session.chain.rewrite(session.address, used_amount=2**64 - 1)
    session.chain.refused(session.fast_deposit(1), error="AmountOverflow")


def test_the_allowance_is_the_session_s_not_more(session: SessionWorld) -> None:
    tokens = amount_of(session.chain, session.user.token)
    spent = 0
    for amount in (33 * USDT, 33 * USDT, 33 * USDT, 33 * USDT):
        if spent + amount <= 100 * USDT:
            session.chain.send(session.fast_deposit(amount))
            spent += amount
        else:
            session.chain.refused(session.fast_deposit(amount), error="AllowanceExceeded")
    assert tokens - amount_of(session.chain, session.user.token) == spent == 99 * USDT


def test_a_new_session_after_closing_starts_from_nothing(session: SessionWorld) -> None:
    session.chain.send(session.fast_deposit(1))
    session.chain.send(session.revoke())
    session.chain.send(session.close())
    session.create()
    assert session.amounts() == (0, 0, 0)
    session.chain.refused(session.fast_deposit(1), error="WrongTokenAccount")


def test_accounts_are_checked(any_session: SessionWorld) -> None:
    assert any_session.vault.token_program in (TOKEN, TOKEN_2022)
    refuses_wrong_accounts(
        any_session.chain,
        any_session.fast_deposit(1),
        vault_token__forged="collateral_vault.AccountOwnedByWrongProgram",
        vault_token__missing="collateral_vault.AccountNotInitialized",
        quote_mint__forged="collateral_vault.AccountOwnedByWrongProgram",
        quote_mint__missing="collateral_vault.AccountNotInitialized",
        vault_token__read_only="ConstraintMut",
    )


def test_the_vault_s_events_are_signed_by_the_vault(session: SessionWorld) -> None:
    call = session.fast_deposit(1).but(collateral_vault_event_authority=session.vault.state)
    session.chain.refused(call, error="collateral_vault.ConstraintAddress")
