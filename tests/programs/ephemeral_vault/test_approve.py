"""approve: leaves an amount to the session; approved = used + remaining, and the token program agrees."""

from __future__ import annotations

import pytest

from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.session_world import LIFETIME_SECONDS, SessionWorld
from tests.programs.harness.tokens import OTHER_TOKEN_PROGRAM, USDT, delegation_of, freeze
from tests.programs.harness.vault_world import VaultWorld

MAX = 2**64 - 1


@pytest.fixture
def created(any_vault: VaultWorld) -> SessionWorld:
    """An ephemeral vault without an approval, on a vault of either token program."""
    return SessionWorld(any_vault).create()


def test_approves_and_delegates(created: SessionWorld) -> None:
    chain = created.chain
    chain.advance(10)
    receipt = chain.send(created.approve(100 * USDT))
    assert created.amounts() == (100 * USDT, 0, 100 * USDT)
    assert created.read().last_activity == chain.now_ts
    assert created.read_session().user_token == created.user.token
    assert delegation_of(chain, created.user.token) == (created.address, 100 * USDT)
    event = receipt.event("AllowanceApproved")
    assert (event.user_wallet, event.user_token) == (created.user.owner, created.user.token)
    assert (event.approved_atoms, event.used_atoms, event.available_atoms) == (100 * USDT, 0, 100 * USDT)
    assert event.head.sequence == 2


def test_approving_again_replaces_what_remains(session: SessionWorld) -> None:
    session.chain.send(session.fast_deposit(30 * USDT))
    session.chain.send(session.approve(5 * USDT, 30 * USDT))
    assert session.amounts() == (35 * USDT, 30 * USDT, 5 * USDT)
    assert delegation_of(session.chain, session.user.token) == (session.address, 5 * USDT)
    session.chain.send(session.approve(0, 30 * USDT))
    assert session.amounts() == (30 * USDT, 30 * USDT, 0)


def test_a_deposit_in_between_is_noticed(session: SessionWorld) -> None:
    session.chain.send(session.fast_deposit(30 * USDT))
    for seen in (0, 30 * USDT - 1, 30 * USDT + 1):
        session.chain.refused(session.approve(10 * USDT, seen), error="UsedAmountChanged")


def test_all_there_is_may_be_approved(created: SessionWorld) -> None:
    created.chain.send(created.approve(MAX))
    assert created.amounts() == (MAX, 0, MAX)


def test_the_approved_amount_does_not_wrap_around(session: SessionWorld) -> None:
    session.chain.send(session.fast_deposit(1))
    session.chain.refused(session.approve(MAX, 1), error="AmountOverflow")
    session.chain.send(session.approve(MAX - 1, 1))


def test_only_the_user_may(session: SessionWorld) -> None:
    stranger = session.vault.user(tokens_atoms=5)
    for signer in (session.session_key, stranger.owner):
        call = session.approve(1).but(user_wallet=signer, user_token=stranger.token)
        session.chain.refused(call, error="NotUser")


def test_the_session_of_another_user_is_refused(session: SessionWorld) -> None:
    other = SessionWorld(session.vault).create()
    call = session.approve(1).but(session=other.session)
    session.chain.refused(call, error="WrongSession")


def test_the_tokens_of_another_user_are_refused(session: SessionWorld) -> None:
    stranger = session.vault.user(tokens_atoms=5)
    call = session.approve(1).but(user_token=stranger.token)
    session.chain.refused(call, error="NotUserToken")


def test_one_session_spends_from_one_account(session: SessionWorld) -> None:
    second = session.vault.token_account(session.user.owner, 100)
    session.chain.refused(session.approve(1).but(user_token=second), error="WrongTokenAccount")


def test_after_expiry_it_is_refused(session: SessionWorld) -> None:
    session.chain.advance(LIFETIME_SECONDS - 1)
    session.chain.send(session.approve(1))
    session.chain.advance(1)
    session.chain.refused(session.approve(2), error="SessionExpired")


def test_after_revoking_it_is_refused(session: SessionWorld) -> None:
    session.chain.send(session.revoke())
    session.chain.refused(session.approve(1), error="VaultRevoked")


def test_a_frozen_token_account_is_refused(session: SessionWorld) -> None:
    freeze(session.chain, session.user.token)
    session.chain.refused(session.approve(1), error="token.AccountFrozen")


def test_the_other_token_program_is_refused(created: SessionWorld) -> None:
    other, error = OTHER_TOKEN_PROGRAM[created.vault.token_program]
    created.chain.refused(created.approve(1).but(token_program=other), error=error)


def test_the_vault_of_another_user_is_refused(session: SessionWorld) -> None:
    other = SessionWorld(session.vault).create()
    session.chain.refused(session.approve(1).but(vault=other.address), error="NotUser")


def test_accounts_are_checked(created: SessionWorld) -> None:
    refuses_wrong_accounts(created.chain, created.approve(1))
