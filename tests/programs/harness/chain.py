"""A chain in this process with the five programs, and transactions that succeed or change nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from solders.account import Account
from solders.clock import Clock
from solders.instruction import AccountMeta, CompiledInstruction, Instruction
from solders.keypair import Keypair
from solders.litesvm import LiteSVM
from solders.message import Message
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import Transaction

from gdx_sdk.programs import PROGRAM_IDS, load, name_of

from . import compute_units, outcomes
from .codec import EVENT_TAG, SYSTEM, Call, idl
from .failures import Failure, check_sentence, describe, expected_failure, failure_of
from .tokens import TOKEN, TOKEN_2022

UPGRADEABLE_LOADER = Pubkey.from_string("BPFLoaderUpgradeab1e11111111111111111111111")
RECENT_BLOCKHASHES = Pubkey.from_string("SysvarRecentB1ockHashes11111111111111111111")
START_TS = 472_222 * 3_600
SOL = 10**9
_RENT_EXEMPT_EPOCH = 2**64 - 1
_SECONDS_PER_SLOT = 0.4

Step = Call | Instruction


@cache
def program_code(name: str) -> bytes:
    """Compiled code of a program: from the folder GDX_PROGRAMS when that is set, else from the package."""
    folder = os.environ.get("GDX_PROGRAMS")
    return Path(folder, f"{name}.so").read_bytes() if folder else load(name).elf


def program_data(program: str) -> Pubkey:
    """Where the upgradeable loader keeps a program's code and its upgrade authority."""
    return Pubkey.find_program_address([bytes(PROGRAM_IDS[program])], UPGRADEABLE_LOADER)[0]


@dataclass(frozen=True)
class Receipt:
    """What a successful transaction left."""

    units: int
    logs: list[str]
    events: list[tuple[str, SimpleNamespace]]
    return_data: bytes

    def event(self, name: str) -> SimpleNamespace:
        """The only event called `name`."""
        found = [fields for event, fields in self.events if event == name]
        assert len(found) == 1, f"{len(found)} events {name} among {[event for event, _ in self.events]}"
        return found[0]


class Chain:
    """LiteSVM with the programs as upgradeable ones, a clock that tests move, and a fee payer of its own.

    Signatures are not verified unless `sigverify` is set: a signer is who the instruction says it is, also a
    program's address, so that tests can stand in for another program's signature. With `sigverify`, who is
    not among the signers of a transaction signs it with garbage.

    Addresses follow from the order in which a test asks for them: a program that searches for the bump of a
    derived address pays for each try, so only the same keys cost the same compute units in every run.
    """

    def __init__(self, *, sigverify: bool = False) -> None:
        self.svm = LiteSVM().with_sigverify(sigverify).with_transaction_history(0).with_log_bytes_limit(None)
        self.sigverify = sigverify
        self._keys_made = 0
        self.payer = self.new_keypair()
        self.fund(self.payer.pubkey(), 1_000 * SOL)
        self.upgrade = self.new_keypair()
        self.upgrade_authority = self.upgrade.pubkey()
        self.fund(self.upgrade_authority, 100 * SOL)
        for name in PROGRAM_IDS:
            self._deploy(name)
        self.set_clock(ts=START_TS, slot=1_000)

    @property
    def now_ts(self) -> int:
        return int(self.svm.get_clock().unix_timestamp)

    @property
    def slot(self) -> int:
        return int(self.svm.get_clock().slot)

    def set_clock(self, *, ts: int | None = None, slot: int | None = None) -> None:
        """Set unix seconds, slot, or both."""
        clock = self.svm.get_clock()
        self.svm.set_clock(
            Clock(
                clock.slot if slot is None else slot,
                clock.epoch_start_timestamp,
                clock.epoch,
                clock.leader_schedule_epoch,
                clock.unix_timestamp if ts is None else ts,
            )
        )

    def advance(self, seconds: int) -> None:
        """Let time pass, in seconds and in slots of 400 ms."""
        self.set_clock(ts=self.now_ts + seconds, slot=self.slot + round(seconds / _SECONDS_PER_SLOT))

    def new_keypair(self) -> Keypair:
        """The next key of this chain: the same in every run."""
        self._keys_made += 1
        return Keypair.from_seed(sha256(b"gdx test key %d" % self._keys_made).digest())

    def new_key(self) -> Pubkey:
        """The next address of this chain: the same in every run."""
        return self.new_keypair().pubkey()

    def person(self) -> Pubkey:
        """A new address with 100 SOL."""
        key = self.new_key()
        self.fund(key, 100 * SOL)
        return key

    def fund(self, key: Pubkey, lamports: int) -> None:
        """Make `key` a wallet with `lamports`."""
        self.svm.set_account(key, Account(lamports, b"", SYSTEM, False, _RENT_EXEMPT_EPOCH))

    def give(self, key: Pubkey, lamports: int) -> None:
        """Send lamports to an account that exists, whatever it is."""
        account = self.svm.get_account(key)
        assert account is not None, f"{key} does not exist"
        rich = account.lamports + lamports
        self.svm.set_account(key, Account(rich, account.data, account.owner, False, _RENT_EXEMPT_EPOCH))

    def account(self, key: Pubkey) -> Account | None:
        return self.svm.get_account(key)

    def data(self, key: Pubkey) -> bytes:
        """Data of an account that exists."""
        account = self.svm.get_account(key)
        assert account is not None, f"{key} does not exist"
        return bytes(account.data)

    def put(self, key: Pubkey, data: bytes, owner: Pubkey) -> Pubkey:
        """Plant an account, rent-exempt and past all programs."""
        lamports = self.svm.minimum_balance_for_rent_exemption(len(data))
        self.svm.set_account(key, Account(lamports, bytes(data), owner, False, _RENT_EXEMPT_EPOCH))
        return key

    def read(self, key: Pubkey) -> SimpleNamespace:
        """An account of one of our programs, decoded."""
        account = self.svm.get_account(key)
        assert account is not None, f"{key} does not exist"
        return idl(name_of(account.owner)).decode_account(bytes(account.data))

    def rewrite(self, key: Pubkey, **fields: Any) -> None:
        """Change fields of an account of ours past its program, to reach what no instruction leads to."""
        account = self.svm.get_account(key)
        assert account is not None, f"{key} does not exist"
        source, value = idl(name_of(account.owner)), self.read(key)
        name = vars(value).pop("type_name")
        vars(value).update(fields)
        data = bytes(account.data[:8]) + source.encode({"defined": {"name": name}}, value)
        self.put(key, data, account.owner)

    def nonce_first(self, authority: Pubkey) -> Instruction:
        """An instruction that advances a durable nonce of `authority`."""
        nonce = self.new_key()
        state = (1).to_bytes(4, "little") * 2 + bytes(authority) + bytes(32) + (5_000).to_bytes(8, "little")
        self.put(nonce, state, SYSTEM)
        metas = [
            AccountMeta(nonce, False, True),
            AccountMeta(RECENT_BLOCKHASHES, False, False),
            AccountMeta(authority, True, False),
        ]
        return Instruction(SYSTEM, (4).to_bytes(4, "little"), metas)

    def send(self, *steps: Step, signers: Sequence[Keypair] = ()) -> Receipt:
        """Run a transaction that must succeed."""
        transaction = self._transaction(steps, signers)
        result = self.svm.send_transaction(transaction)
        if hasattr(result, "err"):
            logs = result.meta().logs()
            failure = describe(failure_of(result.err(), logs))
            raise AssertionError(f"{_names(steps)}: {failure}\n" + "\n".join(logs))
        compute_units.record(transaction.message, result)
        events = [
            event
            for inner in result.inner_instructions()
            for one in inner
            if (event := _event(transaction.message, one.instruction()))
        ]
        if len(steps) == 1:
            outcomes.SEEN.succeeded(steps[0], [name for name, _ in events])
        return Receipt(
            result.compute_units_consumed(), result.logs(), events, bytes(result.return_data().data)
        )

    def refused(self, *steps: Step, error: str, signers: Sequence[Keypair] = ()) -> list[str]:
        """Run a transaction that must fail with `error` and change nothing; returns its logs.

        `error` is an error's name: of the program of the last step, of Anchor raised by it, or `raiser.Name`
        for another program. Every account that the transaction names, every account of our programs and every
        token account has to be what it was before; the fee payer's lamports excepted.
        """
        last = steps[-1]
        program = last.program if isinstance(last, Call) else name_of(last.program_id)
        expected = expected_failure(error, program)
        found, logs = self.attempt(*steps, signers=signers)
        assert found is not None, f"{_names(steps)} succeeded instead of failing with {error}"
        assert found == expected, (
            f"{_names(steps)}: {describe(found)} instead of {describe(expected)}\n" + "\n".join(logs)
        )
        return logs

    def attempt(self, *steps: Step, signers: Sequence[Keypair] = ()) -> tuple[Failure | None, list[str]]:
        """Run a transaction that may fail, but then changes nothing; its failure, if any, and its logs."""
        transaction = self._transaction(steps, signers)
        before = self._snapshot(transaction.message)
        result = self.svm.send_transaction(transaction)
        if not hasattr(result, "err"):
            compute_units.record(transaction.message, result)
            return None, result.logs()
        logs: list[str] = result.meta().logs()
        found = failure_of(result.err(), logs)
        check_sentence(found, logs)
        index = getattr(result.err(), "index", None)
        if index is not None:
            outcomes.SEEN.refused(steps[index], found)
        after = self._snapshot(transaction.message)
        changed = [str(key) for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
        assert not changed, f"{_names(steps)} failed with {describe(found)} but changed {changed}"
        return found, logs

    def _snapshot(self, message: Message) -> dict[Pubkey, tuple[int, bytes, Pubkey] | None]:
        found: dict[Pubkey, Account | None] = {
            key: self.svm.get_account(key) for key in message.account_keys if key not in _PROGRAMS
        }
        for program in (*PROGRAM_IDS.values(), TOKEN, TOKEN_2022):
            found.update(self.svm.get_program_accounts(program))
        payer = self.payer.pubkey()
        return {
            key: account and (0 if key == payer else account.lamports, bytes(account.data), account.owner)
            for key, account in found.items()
        }

    def _transaction(self, steps: Sequence[Step], signers: Sequence[Keypair]) -> Transaction:
        instructions = [step.instruction if isinstance(step, Call) else step for step in steps]
        blockhash = self.svm.latest_blockhash()
        message = Message.new_with_blockhash(instructions, self.payer.pubkey(), blockhash)
        known = {signer.pubkey(): signer for signer in (self.payer, *signers)}
        required = message.account_keys[: message.header.num_required_signatures]
        signatures = [
            known[key].sign_message(bytes(message))
            if self.sigverify and key in known
            else Signature.new_unique()
            for key in required
        ]
        return Transaction.populate(message, signatures)

    def _deploy(self, name: str) -> None:
        """As `solana program deploy` leaves it; the loader looks for the code when it sees the program."""
        header = (3).to_bytes(4, "little") + bytes(8) + b"\1" + bytes(self.upgrade_authority)
        self.put(program_data(name), header + program_code(name), UPGRADEABLE_LOADER)
        state = (2).to_bytes(4, "little") + bytes(program_data(name))
        lamports = self.svm.minimum_balance_for_rent_exemption(len(state))
        program = Account(lamports, state, UPGRADEABLE_LOADER, True, _RENT_EXEMPT_EPOCH)
        self.svm.set_account(PROGRAM_IDS[name], program)


def _event(message: Message, inner: CompiledInstruction) -> tuple[str, SimpleNamespace] | None:
    """The event that a program reports to itself; None for any other inner instruction."""
    data = bytes(inner.data)
    if not data.startswith(EVENT_TAG):
        return None
    return idl(name_of(message.account_keys[inner.program_id_index])).decode_event(data[len(EVENT_TAG) :])


def _names(steps: Sequence[Step]) -> str:
    return " + ".join(step.name if isinstance(step, Call) else name_of(step.program_id) for step in steps)


_PROGRAMS = frozenset(PROGRAM_IDS.values())
