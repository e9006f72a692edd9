"""revoke: ends the allowance at once, whatever became of the token account."""

from __future__ import annotations

import pytest

from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.session_world import LIFETIME_SECONDS, SessionWorld
from tests.programs.harness.tokens import OTHER_TOKEN_PROGRAM, USDT, delegation_of, freeze, set_delegation
from tests.programs.harness.vault_world import VaultWorld


@pytest.fixture
def any_session(any_vault: VaultWorld) -> SessionWorld:
    """A session that used 30 of 100 USDT, on a vault of either token program."""
    session = SessionWorld(any_vault).create(approved_atoms=100 * USDT)
    session.chain.send(session.fast_deposit(30 * USDT))
    return session


def test_ends_both_allowances(any_session: SessionWorld) -> None:
    session = any_session
    receipt = session.chain.send(session.revoke())
    state = session.read()
    assert (session.amounts(), state.is_active) == ((30 * USDT, 30 * USDT, 0), False)
    assert delegation_of(session.chain, session.user.token) == (None, 0)
    event = receipt.event("EphemeralVaultRevoked")
    assert (event.user_wallet, event.used_atoms) == (session.user.owner, 30 * USDT)
    assert (event.is_delegation_revoked, event.head.sequence) == (True, 4)


def test_without_the_token_account_the_allowance_ends_too(session: SessionWorld) -> None:
    call = session.revoke().but(user_token=None, token_program=None)
    event = session.chain.send(call).event("EphemeralVaultRevoked")
    assert not event.is_delegation_revoked
    assert not session.read().is_active
    assert delegation_of(session.chain, session.user.token) == (session.address, 100 * USDT)
    session.chain.refused(session.fast_deposit(1), error="VaultRevoked")


def test_a_delegation_to_somebody_else_stays(session: SessionWorld) -> None:
    other = session.chain.person()
    set_delegation(session.chain, session.user.token, other, 7)
    event = session.chain.send(session.revoke()).event("EphemeralVaultRevoked")
    assert not event.is_delegation_revoked
    assert delegation_of(session.chain, session.user.token) == (other, 7)


def test_a_frozen_token_account_does_not_stand_in_the_way(session: SessionWorld) -> None:
    freeze(session.chain, session.user.token)
    event = session.chain.send(session.revoke()).event("EphemeralVaultRevoked")
    assert (event.is_delegation_revoked, session.read().is_active) == (False, False)


def test_after_expiry_it_still_works(session: SessionWorld) -> None:
    session.chain.advance(LIFETIME_SECONDS)
    session.chain.send(session.revoke())


def test_revoking_again_takes_the_delegation_back(session: SessionWorld) -> None:
    session.chain.send(session.revoke().but(user_token=None, token_program=None))
    event = session.chain.send(session.revoke()).event("EphemeralVaultRevoked")
    assert event.is_delegation_revoked


def test_a_token_account_needs_its_program(session: SessionWorld) -> None:
    session.chain.refused(session.revoke().but(token_program=None), error="TokenProgramMissing")


def test_only_the_user_may(session: SessionWorld) -> None:
    stranger = session.vault.user(tokens_atoms=5)
    for signer in (session.session_key, stranger.owner):
        call = session.revoke().but(user_wallet=signer, user_token=stranger.token)
        session.chain.refused(call, error="NotUser")


def test_the_tokens_of_another_user_are_refused(session: SessionWorld) -> None:
    stranger = session.vault.user(tokens_atoms=5)
    call = session.revoke().but(user_token=stranger.token)
    session.chain.refused(call, error="NotUserToken")


def test_the_other_token_program_is_refused(any_session: SessionWorld) -> None:
    other, error = OTHER_TOKEN_PROGRAM[any_session.vault.token_program]
    any_session.chain.refused(any_session.revoke().but(token_program=other), error=error)


def test_the_vault_of_another_user_is_refused(session: SessionWorld) -> None:
    other = SessionWorld(session.vault).create()
    session.chain.refused(session.revoke().but(vault=other.address), error="NotUser")


def test_accounts_are_checked(any_session: SessionWorld) -> None:
    refuses_wrong_accounts(any_session.chain, any_session.revoke())
