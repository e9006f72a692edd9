"""An exchange on a chain in this process, the accounts a naive model expects, and how they compare."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

from solders.account import Account
from solders.instruction import Instruction
from solders.message import Message
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import Transaction

from gdx_sdk.programs import PROGRAM_IDS, name_of
from tests.programs.funding_rate.funding_world import FundingWorld
from tests.programs.harness.chain import Chain
from tests.programs.harness.codec import Call, idl
from tests.programs.harness.failures import Failure, describe, expected_failure, failure_of
from tests.programs.harness.oracle_world import FeedWorld, put_pyth
from tests.programs.harness.session_world import SessionWorld
from tests.programs.harness.tokens import TOKEN, USDT
from tests.programs.harness.vault_world import User, VaultWorld, collateral_of
from tests.programs.position_mgmt.exchange import CONFIG, PARAMS, Exchange
from tests.programs.position_mgmt.market import Market
from tests.programs.position_mgmt.model import Refused

from .invariants import MONEY_KINDS, check_invariants
from .model.book import TOKEN_KIND, Accounts, Draft, Entry, Fields, plain, read_token
from .model.feed import Pyth

FEED_DELAY_SECONDS, DELAY_SECONDS = 60, 900
FEED_LIMITS = {
    "max_confidence_bps": 100,
    "max_deviation_bps": 2_000,
    "stale_seconds": 60,
    "too_old_seconds": 600,
}
LIMIT = {"limit_atoms": 20_000 * USDT, "user_minimum_atoms": 100 * USDT, "window_seconds": 3_600}
MARKETS = {
    "BTC-PERP": (50_000 * 10**6, 3, {}),
    "ETH-PERP": (
        2_500 * 10**6,
        5,
        {
            "max_position_size_e8": 20 * 10**8,
            "max_open_interest_e8": 30 * 10**8,
            "max_slippage_per_hour_atoms": 400 * USDT,
            "maker_fee_ppm": 200,
            "liquidation_fee_ppm": 20_000,
        },
    ),
    "MEME-PERP": (
        700,
        3,
        {
            "max_leverage": 5,
            "initial_margin_ratio_bps": 2_000,
            "maintenance_margin_ratio_bps": 1_000,
            "min_position_size_e8": 1,
            "max_position_size_e8": 10**17,
            "max_open_interest_e8": 4 * 10**17,
            "price_band_bps": 2_500,
        },
    ),
}
USERS, RELAYERS = 6, 4
Effect = Callable[[Draft], None]


class Difference(AssertionError):
    """Chain and model do not agree, or an invariant does not hold."""


class FuzzChain(Chain):
    """Remembers who was given money, to give it again."""

    def __init__(self) -> None:
        self.people: list[Pubkey] = []
        super().__init__()

    def person(self) -> Pubkey:
        self.people.append(super().person())
        return self.people[-1]


class World:
    """Builders of calls, the model's accounts, and what happened so far."""

    def __init__(self) -> None:
        self.chain = chain = FuzzChain()
        self._not_compared: set[Pubkey] = set()
        self._payer = chain.payer.pubkey()
        self.vault = VaultWorld(chain).create(delay_seconds=DELAY_SECONDS, limit=LIMIT)
        self.exchange = Exchange(chain, self.vault).create(delay_seconds=0, takeover_slots=100)
        self.markets = [self._market(name, *terms) for name, terms in MARKETS.items()]
        self.fundings = [FundingWorld(market).create() for market in self.markets]
        self.users = [self._user() for _ in range(USERS)]
        self.sessions = [SessionWorld(self.vault, user) for user in self.users]
        self.relayers = [self.exchange.relayer, *(chain.person() for _ in range(RELAYERS - 1))]
        for relayer in self.relayers[1:3]:
            chain.send(self.exchange.approve_relayer(relayer))
        self.stranger = chain.person()
        self.admins = [chain.person() for _ in range(2)]
        self._open_positions()
        self.fee_token = self.vault.token_account(self.vault.fee_recipient)
        self.pyth_key = Pubkey(sha256(b"pyth").digest())
        self.pyth_id = sha256(b"feed id").digest()
        self.post_pyth(MARKETS["BTC-PERP"][0])
        chain.send(self.markets[0].publishing.set_fallback(self.pyth_key, self.pyth_id))
        chain.advance(FEED_DELAY_SECONDS + 1)
        chain.rewrite(CONFIG, delay_seconds=DELAY_SECONDS)
        self._not_compared = {self.vault.mint}
        self._start_accounts = self._read_all()
        self.tally: Counter[tuple[str, str]] = Counter()
        self._start_clock = (chain.now_ts, chain.slot)
        self.begin()

    def begin(self) -> None:
        """Back to the state after set-up; the tally goes on."""
        for key in self._chain_accounts():
            if key not in self._start_accounts:
                self.chain.fund(key, 0)
        for key, account in self._start_accounts.items():
            self.chain.svm.set_account(key, account)
        self.chain.set_clock(ts=self._start_clock[0], slot=self._start_clock[1])
        self.accounts: Accounts = {
            key: self._entry(account)
            for key, account in self._start_accounts.items()
            if account.owner in _OURS
        }
        self.post_pyth(MARKETS["BTC-PERP"][0])
        self.trade_id = 0
        self.donated_atoms = 0
        self.proposed: list[int] = []
        self.sent: list[tuple[int, bytes, list[Pubkey]]] = []
        self.steps: list[list[Any]] = []
        self.check()

    def fields(self, key: Pubkey) -> Fields:
        """What the model has of an account."""
        return self.accounts[key].fields

    def post_pyth(self, price_e6: int, confidence_e6: int = 0) -> None:
        """The fallback account says another price now."""
        self.pyth = Pyth(price_e6, confidence_e6, price_e6, self.chain.now_ts, self.pyth_key)
        put_pyth(
            self.chain,
            self.pyth_id,
            price=self.pyth.price_e6 * 100,
            confidence=self.pyth.confidence_e6 * 100,
            key=self.pyth_key,
        )

    def draft(self) -> Draft:
        return Draft(self.accounts, self.chain.now_ts, self.chain.slot)

    def submit(self, call: Call, effect: Effect) -> str | None:
        """Sends one call; chain and model must refuse it for the same reason, or leave the same accounts."""
        expected, draft = self._predict(effect)
        found, logs = self._send([call.instruction])
        changed: set[str] = set()
        if found is None and expected is None:
            changed = draft.kinds()
            draft.commit()
        elif not _agree(found, expected, call.program):
            said = describe(found) if found else "success"
            wanted = f"{expected.error} ({expected.place})" if expected else "success"
            raise Difference(f"{call.name}: {said} instead of {wanted}\n" + "\n".join(logs))
        elif expected and expected.place and f"Program log: refused at {expected.place}" not in logs:
            raise Difference(f"{call.name}: the log does not name {expected.place}\n" + "\n".join(logs))
        self.check(has_moved_money=bool(changed & MONEY_KINDS))
        error = expected.error if expected else None
        self._count(call, error or "ok")
        return error

    def refused(self, call: Call, *errors: str, behind: Instruction | None = None) -> None:
        """A call, in second place perhaps, that must fail with one of `errors` and change nothing."""
        found, logs = self._send([*([behind] if behind else []), call.instruction])
        if found is None:
            raise Difference(f"hostile {call.name} succeeded: {call}")
        if found not in [expected_failure(error, call.program) for error in errors]:
            raise Difference(
                f"hostile {call.name}: {describe(found)} is none of {errors}\n" + "\n".join(logs)
            )
        self.check(has_moved_money=False)
        self._count(call, describe(found))

    def check(self, *, has_moved_money: bool = True) -> None:
        """Every account byte for byte; then the invariants, unless no account of theirs has changed."""
        found = self._chain_accounts()
        for key in found.keys() | self.accounts.keys():
            entry, account = self.accounts.get(key), found.get(key)
            if entry is None or account is None:
                raise Difference(f"{key} {'is not expected' if entry is None else 'is missing'}")
            if account.data != entry.packed and not _is_same_token(entry, account.data):
                raise Difference(f"{entry.kind} {key} differs:\n" + _differences(entry, account.data))
        if has_moved_money:
            check_invariants(self.accounts, self.donated_atoms)

    def moved(self) -> None:
        """Something changed on the chain and in the model that no program had a say in."""
        self.check()
        self.outcome = "ok"

    def _count(self, call: Call, outcome: str) -> None:
        self.outcome = outcome
        self.tally[f"{call.program}.{call.name}", outcome] += 1

    def _predict(self, effect: Effect) -> tuple[Refused | None, Draft]:
        draft = self.draft()
        try:
            effect(draft)
            draft.pack()
        except Refused as refused:
            return refused, draft
        except struct.error:
            return Refused("MathOverflow"), draft
        return None, draft

    def _send(self, instructions: Sequence[Instruction]) -> tuple[Failure | None, list[str]]:
        svm = self.chain.svm
        message = Message.new_with_blockhash(instructions, self._payer, svm.latest_blockhash())
        signatures = [Signature.default()] * message.header.num_required_signatures
        result = svm.send_transaction(Transaction.populate(message, signatures))
        if not hasattr(result, "err"):
            return None, []
        logs = result.meta().logs()
        return failure_of(result.err(), logs), logs

    def _market(self, name: str, price_e6: int, publishers: int, params: dict[str, int]) -> Market:
        feed = FeedWorld(self.chain, name, publishers)
        feed.create(limits=FEED_LIMITS, delay_seconds=FEED_DELAY_SECONDS)
        self.chain.advance(1)
        feed.publish(price_e6, confidence_e6=0)
        self.chain.send(self.exchange.create_market(name, feed.address, params=dict(PARAMS) | params))
        return Market(self.exchange, name, feed)

    def _user(self) -> User:
        owner = self.chain.person()
        user = User(owner, collateral_of(owner), self.vault.token_account(owner, 10**7 * USDT))
        self.chain.send(self.vault.open_account(owner))
        return user

    def _open_positions(self) -> None:
        """A free balance for everybody; for all but the last a position with collateral in each market."""
        for place, user in enumerate(self.users):
            self.chain.send(self.vault.deposit(user, 200_000 * USDT))
            for market in self.markets if place < USERS - 1 else []:
                self.chain.send(market.open_position(user.owner, leverage=5))
                self.chain.send(market.add_collateral(market.as_trader(user), (place + 1) * 4_000 * USDT))

    def _chain_accounts(self) -> dict[Pubkey, Account]:
        found: dict[Pubkey, Account] = {}
        for program in (*PROGRAM_IDS.values(), TOKEN):
            found.update(self.chain.svm.get_program_accounts(program))
        for key in self._not_compared:
            found.pop(key, None)
        return found

    def _read_all(self) -> dict[Pubkey, Account]:
        wallets = {key: account for key in self.chain.people if (account := self.chain.account(key))}
        return self._chain_accounts() | wallets

    def _entry(self, account: Account) -> Entry:
        data = bytes(account.data)
        if account.owner == TOKEN:
            return Entry("", TOKEN_KIND, read_token(data), packed=data)
        program = name_of(account.owner)
        value = idl(program).decode_account(data)
        entry = Entry(program, value.type_name, plain(value), packed=data)
        assert entry.pack() == data, f"{value.type_name} is read and written differently"
        return entry


def _agree(found: Failure | None, expected: Refused | None, program: str) -> bool:
    if found is None or expected is None:
        return False
    return found == expected_failure(expected.error, program)


def _is_same_token(entry: Entry, data: bytes) -> bool:
    """The token program leaves the bytes of a former delegate behind."""
    return entry.kind == TOKEN_KIND and read_token(data) == entry.fields


def _differences(entry: Entry, data: bytes) -> str:
    if entry.kind == TOKEN_KIND:
        return f"{read_token(data)} instead of {entry.fields}"
    found = plain(idl(entry.program).decode_account(data))
    wrong = {name: (found[name], entry.fields[name]) for name in found if found[name] != entry.fields[name]}
    return "\n".join(
        f"  {name}: {chain} on chain, {model} in the model" for name, (chain, model) in wrong.items()
    )


_OURS = frozenset((*PROGRAM_IDS.values(), TOKEN))
