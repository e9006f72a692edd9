"""create: a user's ephemeral vault and its session, one each."""

from __future__ import annotations

import pytest
from solders.pubkey import Pubkey

from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.session_world import SessionWorld
from tests.programs.harness.vault_world import VaultWorld

THIRTY_DAYS = 30 * 86_400


@pytest.fixture
def planned(vault: VaultWorld) -> SessionWorld:
    """A user and a session key, no ephemeral vault yet."""
    return SessionWorld(vault)


def test_creates_vault_and_session(planned: SessionWorld) -> None:
    chain = planned.chain
    receipt = chain.send(planned.create_call(expiry_ts=chain.now_ts + 5))
    state, session = planned.read(), planned.read_session()
    assert (state.user_wallet, state.vault_pda) == (planned.user.owner, planned.address)
    assert (state.created_at, state.last_activity) == (chain.now_ts, chain.now_ts)
    assert (planned.amounts(), state.is_active, state.layout_version) == ((0, 0, 0), True, 1)
    assert len(chain.data(planned.address)) == 128
    assert (session.user_wallet, session.session_key) == (planned.user.owner, planned.session_key)
    assert (session.expiry_ts, session.user_token) == (chain.now_ts + 5, Pubkey.default())
    event = receipt.event("EphemeralVaultCreated")
    assert (event.user_wallet, event.vault_pda) == (planned.user.owner, planned.address)
    assert (event.session_key, event.expiry_ts) == (planned.session_key, chain.now_ts + 5)
    assert event.head.sequence == 1


def test_lamports_sent_ahead_do_not_block_it(planned: SessionWorld) -> None:
    planned.chain.fund(planned.address, 1)
    planned.chain.fund(planned.session, 1)
    planned.create()


def test_a_user_has_one(session: SessionWorld) -> None:
    session.chain.refused(session.create_call(), error="system.AccountAlreadyInUse")


def test_the_session_key_is_somebody(planned: SessionWorld) -> None:
    call = planned.create_call(session_key=Pubkey.default())
    planned.chain.refused(call, error="DefaultAddressRefused")


@pytest.mark.parametrize("seconds", [-(2**62), -1, 0, THIRTY_DAYS + 1, 2**62])
def test_it_expires_within_thirty_days(planned: SessionWorld, seconds: int) -> None:
    call = planned.create_call(expiry_ts=planned.chain.now_ts + seconds)
    planned.chain.refused(call, error="InvalidExpiry")


@pytest.mark.parametrize("seconds", [1, THIRTY_DAYS])
def test_the_edges_are_allowed(planned: SessionWorld, seconds: int) -> None:
    planned.chain.send(planned.create_call(expiry_ts=planned.chain.now_ts + seconds))


def test_the_addresses_of_another_user_are_refused(planned: SessionWorld) -> None:
    other = SessionWorld(planned.vault)
    for changed in ({"vault": other.address}, {"session": other.session}):
        planned.chain.refused(planned.create_call().but(**changed), error="ConstraintSeeds")
    swapped = planned.create_call().but(vault=planned.session, session=planned.address)
    planned.chain.refused(swapped, error="ConstraintSeeds")


def test_accounts_are_checked(planned: SessionWorld) -> None:
    refuses_wrong_accounts(planned.chain, planned.create_call())
