"""close: a revoked vault and its session give their rent back."""

from __future__ import annotations

import pytest

from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.session_world import SessionWorld


@pytest.fixture
def revoked(session: SessionWorld) -> SessionWorld:
    """A session that made one deposit and was revoked."""
    session.chain.send(session.fast_deposit(7))
    session.chain.send(session.revoke())
    return session


def lamports(world: SessionWorld) -> int:
    """What the user, the vault and the session have together."""
    accounts = [world.chain.account(key) for key in (world.user.owner, world.address, world.session)]
    return sum(account.lamports for account in accounts if account)


def test_closes_both_and_returns_the_rent(revoked: SessionWorld) -> None:
    before = lamports(revoked)
    receipt = revoked.chain.send(revoked.close())
    assert revoked.chain.account(revoked.address) is None
    assert revoked.chain.account(revoked.session) is None
    assert lamports(revoked) == before
    event = receipt.event("EphemeralVaultClosed")
    assert (event.user_wallet, event.used_atoms, event.head.sequence) == (revoked.user.owner, 7, 5)


def test_an_active_vault_is_not_closed(session: SessionWorld) -> None:
    session.chain.refused(session.close(), error="VaultStillActive")


def test_it_may_be_opened_again(revoked: SessionWorld) -> None:
    revoked.chain.send(revoked.close())
    revoked.create(approved_atoms=5)
    revoked.chain.send(revoked.fast_deposit(5))


def test_it_closes_once(revoked: SessionWorld) -> None:
    revoked.chain.send(revoked.close())
    revoked.chain.refused(revoked.close(), error="AccountNotInitialized")


def test_only_the_user_may(revoked: SessionWorld) -> None:
    stranger = revoked.vault.user()
    for signer in (revoked.session_key, stranger.owner):
        revoked.chain.refused(revoked.close().but(user_wallet=signer), error="NotUser")


def test_the_session_of_another_user_is_refused(revoked: SessionWorld) -> None:
    other = SessionWorld(revoked.vault).create()
    call = revoked.close().but(session=other.session)
    revoked.chain.refused(call, error="WrongSession")


def test_the_vault_of_another_user_is_refused(revoked: SessionWorld) -> None:
    other = SessionWorld(revoked.vault).create()
    revoked.chain.refused(revoked.close().but(vault=other.address), error="NotUser")


def test_accounts_are_checked(revoked: SessionWorld) -> None:
    refuses_wrong_accounts(revoked.chain, revoked.close())
