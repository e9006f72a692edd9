"""What a stolen session key can take: nothing. It moves the allowance into the user's own collateral, and no
more."""

from __future__ import annotations

import random

import pytest
from solders.pubkey import Pubkey

from gdx_sdk.programs import PROGRAM_IDS
from tests.programs.harness.chain import Chain
from tests.programs.harness.codec import Call, idl
from tests.programs.harness.session_world import LIFETIME_SECONDS, SessionWorld
from tests.programs.harness.tokens import USDT, amount_of
from tests.programs.harness.vault_world import User, VaultWorld
from tests.programs.position_mgmt.exchange import Exchange
from tests.programs.position_mgmt.market import Market

from .search import new_random, rounds

ALLOWANCE_ATOMS = 100 * USDT
STATED_LOSS_USDT, STATED_MOVED_USDT = 0, 100
"""The figures of `docs/security.md` for an allowance of 100 USDT."""
CALLS = [
    (program, name)
    for program in ("ephemeral_vault", "collateral_vault")
    for name in idl(program).instructions
    if name not in ("create_vault",)
]


class KeyThief:
    """Holds the session key and a wallet of its own; signs with nothing else."""

    def __init__(self, session: SessionWorld, rng: random.Random) -> None:
        self.session, self.vault, self.chain, self.rng = session, session.vault, session.chain, rng
        self.user = session.user
        self.own = self.vault.user(tokens_atoms=50 * USDT, deposited_atoms=50 * USDT)
        self.other = self.vault.user(tokens_atoms=70 * USDT, deposited_atoms=30 * USDT)
        self.keys = [session.session_key, self.own.owner]

    def wealth_atoms(self, user: User) -> int:
        return int(amount_of(self.chain, user.token) + self.chain.read(user.collateral).free_atoms)

    def random_call(self) -> Call:
        """Any instruction with any accounts and amounts; whatever has to sign is one of the thief's keys."""
        program, name = self.rng.choice(CALLS)
        entries = idl(program).instructions[name]["accounts"]
        accounts: dict[str, Pubkey | None] = {}
        for entry in entries:
            if entry.get("signer"):
                accounts[entry["name"]] = self.rng.choice(self.keys)
            elif "address" not in entry and entry["name"] not in ("event_authority", "program"):
                accounts[entry["name"]] = self._account(entry["name"])
        args = {one["name"]: self._value(one["type"]) for one in idl(program).instructions[name]["args"]}
        return Call(program, name, accounts, args)

    def changed_deposit(self) -> Call:
        """A deposit of the session with one or two accounts swapped for others."""
        call = self.session.fast_deposit(self.rng.randrange(1, 2 * ALLOWANCE_ATOMS))
        signed = {entry["name"] for entry in call.entries if entry.get("signer")}
        names = self.rng.sample(sorted(call.accounts.keys() - signed), self.rng.randint(1, 2))
        return call.but(**{name: self._account(name) for name in names})

    def _account(self, name: str) -> Pubkey | None:
        people = (self.user, self.own, self.other)
        fitting: dict[str, list[Pubkey]] = {
            "vault": [self.session.address],
            "session": [self.session.session],
            "user_token": [one.token for one in people],
            "depositor_token": [one.token for one in people],
            "recipient_token": [one.token for one in people],
            "collateral": [one.collateral for one in people],
            "vault_state": [self.vault.state],
            "vault_token": [self.vault.token],
            "quote_mint": [self.vault.mint],
            "token_program": [self.vault.token_program],
            "collateral_vault": [PROGRAM_IDS["collateral_vault"]],
        }
        everything = [key for keys in fitting.values() for key in keys] + [one.owner for one in people]
        fits = fitting.get(name, everything)
        return self.rng.choice(fits if self.rng.random() < 0.9 else everything)

    def _value(self, kind: object) -> object:
        if kind == "pubkey":
            return self.rng.choice(self.keys)
        if isinstance(kind, str):
            return self.rng.choice([1, 10**6, 10**8, self.rng.randrange(1, 2 * 10**8)]) % self._top(kind)
        return {"limit_atoms": 0, "user_minimum_atoms": 0, "window_seconds": 1}

    @staticmethod
    def _top(kind: str) -> int:
        return int(2 ** (8 * {"u8": 1, "u32": 4, "i64": 7, "u64": 8}[kind]))


@pytest.fixture
def session(vault: VaultWorld) -> SessionWorld:
    return SessionWorld(vault).create(approved_atoms=ALLOWANCE_ATOMS)


@pytest.fixture
def market(chain: Chain, vault: VaultWorld) -> Market:
    return Exchange(chain, vault).create().market()


def test_no_call_takes_anything_from_anybody(session: SessionWorld) -> None:
    rng = new_random("session key")
    thief = KeyThief(session, rng)
    people = (thief.user, thief.other)
    before = [thief.wealth_atoms(one) for one in people]
    own_before = thief.wealth_atoms(thief.own)
    for number in range(rounds(400)):
        call = thief.random_call() if number % 2 else thief.changed_deposit()
        call = call if number % 20 else session.fast_deposit(ALLOWANCE_ATOMS // 10)
        transaction = session.chain._transaction((call,), ())
        session.chain.svm.send_transaction(transaction)
        assert [thief.wealth_atoms(one) for one in people] >= before, call
        assert thief.wealth_atoms(thief.own) <= own_before, call
    assert session.amounts()[1] > 0
    if rest := session.amounts()[2]:
        session.chain.send(session.fast_deposit(rest))
    assert session.amounts() == (ALLOWANCE_ATOMS, STATED_MOVED_USDT * USDT, 0)
    assert sum(before) - sum(map(thief.wealth_atoms, people)) <= STATED_LOSS_USDT


def test_the_whole_allowance_can_be_moved_and_no_atom_more(session: SessionWorld, chain: Chain) -> None:
    chain.send(session.fast_deposit(ALLOWANCE_ATOMS))
    chain.refused(session.fast_deposit(1), error="AllowanceExceeded")
    assert chain.read(session.user.collateral).free_atoms == ALLOWANCE_ATOMS


def test_the_user_ends_it_and_so_does_time(session: SessionWorld, chain: Chain) -> None:
    other = SessionWorld(session.vault).create(approved_atoms=ALLOWANCE_ATOMS)
    chain.send(session.revoke())
    chain.refused(session.fast_deposit(1), error="VaultRevoked")
    chain.advance(LIFETIME_SECONDS)
    chain.refused(other.fast_deposit(1), error="SessionExpired")


def test_a_session_wallets_position_pays_its_parent_only(market: Market, chain: Chain) -> None:
    """Whoever holds the session wallet of a linked position trades it; its money leaves to the parent
    alone."""
    rng, linked = new_random("session wallet"), market.linked(5_000 * USDT, free_atoms=100 * USDT)
    session, parent, own = linked.session, linked.parent, market.trader(1_000 * USDT)
    locked = market.locked_atoms()
    acts = [
        lambda: market.request_release(session, rng.randrange(6_000 * USDT)),
        lambda: market.execute_release(parent),
        lambda: market.execute_release(session),
        lambda: market.execute_release(parent).but(collateral=own.collateral),
        lambda: market.close_position(session),
        lambda: market.close_position(parent).but(owner=session.owner),
        lambda: market.open_position(session.owner),
        lambda: market.liquidate(session, own),
        lambda: market.add_collateral(parent, USDT).but(owner=session.owner),
        lambda: market.exchange.vault.withdraw(parent.user, USDT).but(owner=session.owner),
    ]

    def parents_atoms() -> int:
        free = chain.read(parent.collateral).free_atoms
        return int(amount_of(chain, parent.user.token) + free + market.position(parent).collateral)

    def thiefs_atoms() -> int:
        people = (session, own)
        tokens = sum(amount_of(chain, one.user.token) for one in people)
        return int(tokens + sum(chain.read(one.collateral).free_atoms for one in people))

    before, thiefs_before = parents_atoms(), thiefs_atoms()
    for _ in range(rounds(150)):
        chain.advance(rng.choice([0, 5]))
        chain.svm.send_transaction(chain._transaction((rng.choice(acts)(),), ()))
        assert parents_atoms() >= before
        assert thiefs_atoms() <= thiefs_before
    assert market.locked_atoms() < locked, "nothing was ever released"
