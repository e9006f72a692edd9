"""A session from its first approval to its end: expiry, races, delegations changed behind its back."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest
from solders.pubkey import Pubkey

from tests.programs.harness.chain import Chain
from tests.programs.harness.session_world import LIFETIME_SECONDS, SessionWorld
from tests.programs.harness.token_2022 import approve, issue, make_account, make_mint
from tests.programs.harness.tokens import (
    TOKEN_2022,
    USDT,
    amount_of,
    delegation_of,
    freeze,
    set_amount,
    set_delegation,
)
from tests.programs.harness.vault_world import User, VaultWorld


def test_a_user_may_be_their_own_session(vault: VaultWorld) -> None:
    session = SessionWorld(vault)
    session.session_key = session.user.owner
    session.create(approved_atoms=10)
    session.chain.refused(session.fast_deposit(11), error="AllowanceExceeded")
    session.chain.send(session.fast_deposit(10))
    session.chain.send(session.revoke())
    session.chain.refused(session.fast_deposit(1), error="VaultRevoked")


def test_an_expired_session_is_not_approved_again_but_replaced(session: SessionWorld) -> None:
    chain = session.chain
    chain.send(session.fast_deposit(1))
    chain.advance(LIFETIME_SECONDS)
    chain.refused(session.approve(5, 1), error="SessionExpired")
    chain.refused(session.fast_deposit(1), error="SessionExpired")
    chain.send(session.revoke())
    chain.send(session.close())
    former, session.session_key = session.session_key, chain.person()
    session.create(approved_atoms=5)
    chain.refused(session.fast_deposit(1).but(session_key=former), error="NotSessionKey")
    chain.send(session.fast_deposit(5))


def test_an_approval_in_the_same_slot_as_a_deposit_sees_it(session: SessionWorld) -> None:
    deposit, lower = session.fast_deposit(60 * USDT), session.approve(10 * USDT)
    session.chain.refused(deposit, lower, error="UsedAmountChanged")
    session.chain.send(lower, session.fast_deposit(10 * USDT))
    assert session.amounts() == (10 * USDT, 10 * USDT, 0)


def test_revoking_between_two_deposits_stops_the_second(session: SessionWorld) -> None:
    first, second = session.fast_deposit(1), session.fast_deposit(2)
    session.chain.refused(first, session.revoke(), second, error="VaultRevoked")
    session.chain.send(first, session.revoke())
    assert delegation_of(session.chain, session.user.token) == (None, 0)
    session.chain.refused(second, error="VaultRevoked")


def test_the_token_program_takes_no_more_after_revoking(session: SessionWorld) -> None:
    """Whoever signed for the ephemeral vault's address then, the tokens would stay."""
    session.chain.send(session.revoke())
    call = session.vault.deposit(session.user, 1).but(token_authority=session.address)
    session.chain.refused(call, error="token.OwnerMismatch")


def test_a_delegation_that_outlived_its_session_binds_no_later_one(session: SessionWorld) -> None:
    chain, token = session.chain, session.user.token
    freeze(chain, token)
    chain.send(session.revoke())
    chain.send(session.close())
    set_delegation(chain, token, session.address, 50)
    session.create()
    chain.refused(session.fast_deposit(1), error="WrongTokenAccount")
    other = session.vault.token_account(session.user.owner, 100)
    chain.send(session.approve(5).but(user_token=other))
    chain.refused(session.fast_deposit(1), error="WrongTokenAccount")
    chain.send(session.fast_deposit(5).but(user_token=other))


def test_a_closed_token_account_does_not_keep_the_session_open(session: SessionWorld) -> None:
    chain = session.chain
    chain.fund(session.user.token, 1)
    chain.refused(session.fast_deposit(1), error="AccountOwnedByWrongProgram")
    chain.refused(session.approve(1), error="AccountOwnedByWrongProgram")
    chain.refused(session.revoke(), error="AccountOwnedByWrongProgram")
    chain.send(session.revoke().but(user_token=None, token_program=None))
    before = chain.account(session.user.owner).lamports
    rent = sum(chain.account(key).lamports for key in (session.address, session.session))
    chain.send(session.close())
    assert chain.account(session.user.owner).lamports == before + rent


@pytest.fixture
def session_2022(chain: Chain) -> SessionWorld:
    """A session on a Token-2022 mint that the token program made; the account's owner cannot change."""
    vault = VaultWorld(chain, token_program=TOKEN_2022)
    vault.mint = make_mint(chain, "metadata_pointer")
    user = vault.create().user()
    token = make_account(chain, vault.mint, user.owner, "immutable_owner")
    issue(chain, vault.mint, token, 1_000)
    return SessionWorld(vault, User(user.owner, user.collateral, token)).create(approved_atoms=100)


def test_token_2022_from_the_approval_to_the_end(session_2022: SessionWorld) -> None:
    session, chain = session_2022, session_2022.chain
    chain.send(session.fast_deposit(40))
    assert delegation_of(chain, session.user.token) == (session.address, 60)
    approve(chain, session.user.token, session.address, session.user.owner, 20)
    chain.refused(session.fast_deposit(21), error="DelegationShort")
    chain.send(session.fast_deposit(5))
    assert session.amounts() == (100, 45, 15)
    approve(chain, session.user.token, chain.person(), session.user.owner, 500)
    chain.refused(session.fast_deposit(1), error="DelegationShort")
    chain.send(session.approve(7, 45))
    chain.send(session.fast_deposit(7))
    assert delegation_of(chain, session.user.token) == (None, 0)
    chain.send(session.revoke())
    chain.send(session.close())
    session.vault.check_ledger()


def test_a_guarded_account_refuses_our_approval_but_takes_the_owner_s(session_2022: SessionWorld) -> None:
    session, chain = session_2022, session_2022.chain
    chain.send(session.revoke())
    chain.send(session.close())
    guarded = make_account(chain, session.vault.mint, session.user.owner, "cpi_guard")
    session.create()
    call = session.approve(10).but(user_token=guarded)
    chain.refused(call, error="token_2022.CpiGuardApproveBlocked")


@dataclass
class NaiveSession:
    """Both allowances: ours by the approvals, the token program's by whoever changed it last."""

    used: int = 0
    approved: int = 0
    available: int = 0
    delegate: Pubkey | None = None
    delegated: int = 0

    def deposit(self, amount: int, tokens: int, ours: Pubkey) -> str | None:
        """The error, or None and the amounts after."""
        delegated = self.delegated if self.delegate == ours else 0
        if amount == 0:
            return "AmountIsZero"
        if amount > self.available:
            return "AllowanceExceeded"
        if amount > delegated:
            return "DelegationShort"
        if amount > tokens:
            return "token.InsufficientFunds"
        self.used, self.delegated = self.used + amount, delegated - amount
        self.available = min(self.approved - self.used, self.delegated)
        self.delegate = self.delegate if self.delegated else None
        return None


@pytest.mark.parametrize("seed", range(5))
def test_random_sessions_are_those_of_the_naive_model(session: SessionWorld, seed: int) -> None:
    dice, chain, token = random.Random(seed), session.chain, session.user.token
    naive = NaiveSession(0, 100 * USDT, 100 * USDT, session.address, 100 * USDT)
    for step in range(120):
        where, tokens = f"seed {seed}, step {step}", amount_of(chain, token)
        kind = dice.choice(["deposit"] * 4 + ["approve", "foreign", "tokens"])
        amount = dice.choice(
            [0, 1, 7, USDT, 30 * USDT, naive.available, naive.available + 1, naive.delegated]
        )
        if kind == "deposit":
            error = naive.deposit(amount, tokens, session.address)
            if error:
                chain.refused(session.fast_deposit(amount), error=error)
            else:
                chain.send(session.fast_deposit(amount))
                assert tokens - amount_of(chain, token) == amount, where
        elif kind == "approve":
            seen = dice.choice([naive.used, naive.used, naive.used + 1])
            if seen != naive.used:
                chain.refused(session.approve(amount, seen), error="UsedAmountChanged")
                continue
            chain.send(session.approve(amount, seen))
            naive.approved, naive.available = naive.used + amount, amount
            naive.delegate, naive.delegated = session.address, amount
        elif kind == "foreign":
            naive.delegate = dice.choice([session.address, session.session_key, None])
            naive.delegated = amount if naive.delegate else 0
            set_delegation(chain, token, naive.delegate, naive.delegated)
        else:
            set_amount(chain, token, dice.choice([0, 5, 50 * USDT, 500 * USDT]))
        assert session.amounts() == (naive.approved, naive.used, naive.available), where
        assert naive.used <= naive.approved, where
        assert delegation_of(chain, token)[1] == naive.delegated, where
        assert chain.read(session.user.collateral).free_atoms == naive.used, where
