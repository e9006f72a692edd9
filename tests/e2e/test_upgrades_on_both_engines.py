"""Programs deployed, upgraded in place, handed on, made final: on the lane's engine as on an embedded one."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from gdx_localnet import EmbeddedChain, base58
from gdx_localnet.programs import UPGRADEABLE_LOADER, programdata_address
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.transaction import Transaction

from gdx_sdk.programs import PROGRAM_IDS
from tests import loader
from tests.chain_lane import CONFIRMED, AnyChain, Genesis, Lane, build_embedded, program_files, wallet
from tests.e2e.both_engines import (
    BASE64,
    VERSIONED,
    Stopwatch,
    Values,
    account_values,
    differences,
    flat,
    meaning_of,
)
from tests.keepers.exchange_world import START_TS, key

pytestmark = pytest.mark.chain

MEMO = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
PROGRAM = PROGRAM_IDS["funding_rate"]
CODE = programdata_address(PROGRAM)
ADMIN, HEIR, STRANGER, NEWCOMER = (key(name) for name in ("admin", "heir", "stranger", "newcomer"))
BUFFERS = [key(f"buffer {number}") for number in range(3)]
ALLOWED = {
    r"^(account|parsed)\.rentEpoch$": "the validator leaves 0 on programs of its genesis",
}
"""Names that may differ, each with the reason."""


@pytest.fixture
def genesis(tmp_path: Path) -> Genesis:
    """The memo program at the address of one of ours, and people who can pay."""
    memo = EmbeddedChain().account(MEMO)
    assert memo is not None
    (tmp_path / "memo.so").write_bytes(memo.data)
    people = {person.pubkey(): wallet() for person in (ADMIN, HEIR, STRANGER)}
    return Genesis({PROGRAM: tmp_path / "memo.so"}, ADMIN.pubkey(), people)


class Session:
    """One chain's programs through their lives."""

    def __init__(self, chain: AnyChain, genesis: Genesis) -> None:
        self.chain, self.tape, self.count = chain, Values(), 0
        self.old = genesis.programs[PROGRAM].read_bytes()
        self.new = program_files()[PROGRAM].read_bytes()

    def run(self) -> Values:
        self.show("at first")
        self.upgrade_to_a_longer_program()
        self.hand_on()
        self.make_final()
        self.deploy_and_close()
        return self.tape

    def upgrade_to_a_longer_program(self) -> None:
        buffer, admin = BUFFERS[0].pubkey(), ADMIN.pubkey()
        self.fill(BUFFERS[0], self.new)
        upgrade = loader.upgrade(PROGRAM, buffer, admin, admin)
        self.send("upgrade without room", upgrade, refused="AccountDataTooSmall")
        self.send("extend", loader.extend(PROGRAM, admin, len(self.new) - len(self.old)))
        stranger = loader.upgrade(PROGRAM, buffer, STRANGER.pubkey(), STRANGER.pubkey())
        self.send("upgrade by a stranger", stranger, STRANGER, refused="IncorrectAuthority")
        unsigned = [*upgrade.accounts[:-1], AccountMeta(admin, False, False)]
        self.send(
            "upgrade without a signature",
            Instruction(UPGRADEABLE_LOADER, upgrade.data, unsigned),
            STRANGER,
            refused="MissingRequiredSignature",
        )
        self.send("upgrade", upgrade)
        assert self.chain.account(buffer) is None
        self.call("call the new code", refused={"Custom": 101})
        self.show("after the upgrade")

    def hand_on(self) -> None:
        buffer, admin, heir = BUFFERS[1].pubkey(), ADMIN.pubkey(), HEIR.pubkey()
        self.fill(BUFFERS[1], self.old)
        self.send("hand on", loader.set_authority(CODE, admin, heir))
        late = loader.upgrade(PROGRAM, buffer, admin, admin)
        self.send("upgrade by who was the authority", late, refused="IncorrectAuthority")
        self.send("hand on again", loader.set_authority(CODE, admin, admin), refused="IncorrectAuthority")
        self.send("hand the buffer on", loader.set_authority(buffer, admin, heir))
        self.show("after it was handed on")
        self.send("upgrade by the heir", loader.upgrade(PROGRAM, buffer, heir, heir), HEIR)
        self.call("call the old code")

    def make_final(self) -> None:
        buffer, heir = BUFFERS[2].pubkey(), HEIR.pubkey()
        self.fill(BUFFERS[2], self.old, HEIR)
        self.send("make final", loader.set_authority(CODE, heir, None), HEIR)
        upgrade = loader.upgrade(PROGRAM, buffer, heir, heir)
        self.send("upgrade what is final", upgrade, HEIR, refused="Immutable")
        self.send("close what is final", loader.close(CODE, heir, heir, PROGRAM), HEIR, refused="Immutable")
        self.show("when it is final")

    def deploy_and_close(self) -> None:
        buffer, heir, program = BUFFERS[2].pubkey(), HEIR.pubkey(), NEWCOMER.pubkey()
        self.send(
            "deploy",
            loader.create(heir, program, loader.PROGRAM_BYTES, self.rent(loader.PROGRAM_BYTES)),
            loader.deploy(heir, program, buffer, heir, 2 * len(self.old)),
            HEIR,
            NEWCOMER,
        )
        self.call("call what is deployed", program)
        self.show("when one more is deployed", program)
        self.send("close", loader.close(programdata_address(program), heir, heir, program), HEIR)
        self.call("call what is closed", program, refused="UnsupportedProgramId")
        self.show("when it is closed", program)

    def rent(self, space: int) -> int:
        return int(self.chain.rpc("getMinimumBalanceForRentExemption", [space]))

    def fill(self, buffer: Keypair, elf: bytes, authority: Keypair = ADMIN) -> None:
        """As deploy tools do: all writes at once, then wait for them."""
        address, owner = buffer.pubkey(), authority.pubkey()
        space = loader.BUFFER_HEADER_BYTES + len(elf)
        created = loader.create(owner, address, space, self.rent(space))
        self.send("create buffer", created, loader.initialize_buffer(address, owner), authority, buffer)
        self.write(list(loader.write_buffer(address, owner, elf)), authority)
        self.show(f"filled {address}", address)

    def write(self, pieces: list[Instruction], authority: Keypair) -> None:
        """All of them; again those that have not landed when their blockhash has expired."""
        while pieces:
            blockhash = self.blockhash()
            sent = {self.put([piece], [authority], blockhash): piece for piece in pieces}
            while pieces and self.chain.rpc("isBlockhashValid", [str(blockhash), CONFIRMED])["value"]:
                sent = {
                    signature: piece for signature, piece in sent.items() if not self.has_landed(signature)
                }
                pieces = list(sent.values())

    def has_landed(self, signature: str) -> bool:
        record = self.chain.rpc("getTransaction", [signature, VERSIONED])
        assert record is None or record["meta"]["err"] is None
        return record is not None

    def call(self, name: str, program: Pubkey = PROGRAM, refused: Any = None) -> None:
        self.send(name, Instruction(program, b"hello", []), refused=refused)

    def send(self, name: str, *parts: Instruction | Keypair, refused: Any = None) -> None:
        """In a later slot than the last one; the administrator pays unless others sign."""
        self.count += 1
        self.chain.advance_slots(1)
        signers = [part for part in parts if isinstance(part, Keypair)] or [ADMIN]
        instructions = [part for part in parts if isinstance(part, Instruction)]
        record = self.wait_for(self.put(instructions, signers, self.blockhash()))
        err = {"InstructionError": [len(instructions) - 1, refused]} if refused else None
        assert record["meta"]["err"] == err, record["meta"]["logMessages"]
        self.tape |= flat(f"transaction {self.count}", name, meaning_of(record))

    def put(self, instructions: list[Instruction], signers: Sequence[Keypair], blockhash: Hash) -> str:
        message = Message.new_with_blockhash(instructions, signers[0].pubkey(), blockhash)
        wire = base64.b64encode(bytes(Transaction(signers, message, blockhash))).decode()
        return str(self.chain.rpc("sendTransaction", [wire, {"encoding": "base64", "skipPreflight": True}]))

    def blockhash(self) -> Hash:
        return Hash.from_string(self.chain.rpc("getLatestBlockhash", [CONFIRMED])["value"]["blockhash"])

    def wait_for(self, signature: str) -> Any:
        found: list[Any] = []

        def is_there() -> bool:
            found.append(self.chain.rpc("getTransaction", [signature, VERSIONED]))
            return found[-1] is not None

        if not is_there():
            assert not isinstance(self.chain, EmbeddedChain)
            self.chain.wait_until(is_there, f"{signature} is confirmed")
        return found[-1]

    def show(self, when: str, *more: Pubkey) -> None:
        """What `solana program show` asks for: the program, its code, and who may change what."""
        for address in (PROGRAM, CODE, *more, *map(programdata_address, more)):
            self.tape |= account_values(f"{when}: {address}", self.info(address, "base64"))
            self.tape |= flat(f"{when}: {address}", "parsed", self.info(address, "jsonParsed"))
        for person in (ADMIN, HEIR):
            held = [{"memcmp": {"offset": 12, "bytes": base58.encode(b"\1" + bytes(person.pubkey()))}}]
            head = {"filters": held, "dataSlice": {"offset": 0, "length": 45}}
            for entry in self.chain.rpc("getProgramAccounts", [str(UPGRADEABLE_LOADER), {**BASE64, **head}]):
                which = f"{when}: {entry['pubkey']} of {person.pubkey()}"
                self.tape |= account_values(which, entry["account"])

    def info(self, address: Pubkey, encoding: str) -> Any:
        return self.chain.rpc("getAccountInfo", [str(address), {**BASE64, "encoding": encoding}])["value"]


def session_on(chain: AnyChain, genesis: Genesis) -> Values:
    """What it leaves."""
    watch = Stopwatch(chain)
    return watch.hide(Session(chain, genesis).run())


def test_programs_live_the_same_lives_on_both(lane: Lane, genesis: Genesis) -> None:
    theirs = session_on(build_embedded(genesis, unix_ts=START_TS), genesis)
    if lane.is_validator:
        with lane.start(genesis) as chain:
            ours = session_on(chain, genesis)
    else:
        other = build_embedded(genesis, unix_ts=START_TS + 12_345)
        other.advance_slots(77)
        ours = session_on(other, genesis)
    found = differences(ours, theirs, ALLOWED)
    assert not found, "\n".join(found)
