"""Every instruction with wrong data and wrong accounts: a named error, never a panic, and nothing changes."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from gdx_sdk.programs import PROGRAM_IDS
from tests.programs.funding_rate.funding_world import FundingWorld
from tests.programs.harness.chain import Chain
from tests.programs.harness.codec import SYSTEM, event_authority, idl
from tests.programs.harness.failures import ANCHOR, OTHERS, Failure, describe
from tests.programs.harness.session_world import SessionWorld
from tests.programs.harness.tokens import TOKEN, TOKEN_2022, USDT
from tests.programs.harness.vault_world import POSITION_AUTHORITY, VaultWorld
from tests.programs.position_mgmt.exchange import BEAT, CONFIG, Exchange

INSTRUCTIONS = [(program, name) for program in sorted(PROGRAM_IDS) for name in idl(program).instructions]
INSTRUCTIONS_SYSVAR = Pubkey.from_string("Sysvar1nstructions1111111111111111111111111")
ATTEMPTS = 60
MORE_ANCHOR = {
    "InstructionFallbackNotFound": 101,
    "RequireViolated": 2500,
    "ConstraintHasOne": 2001,
    "ConstraintSigner": 2002,
    "ConstraintOwner": 2004,
    "ConstraintTokenMint": 2014,
    "ConstraintTokenOwner": 2015,
    "ConstraintTokenTokenProgram": 2021,
    "EventInstructionStub": 1500,
    "AccountNotProgramData": 3013,
    "DeclaredProgramIdMismatch": 4100,
    "TryingToInitPayerAsProgramAccount": 4101,
}
RUNTIME = {
    "MissingAccount",
    "NotEnoughAccountKeys",
    "PrivilegeEscalation",
    "MissingRequiredSignature",
    "IncorrectProgramId",
    "InvalidAccountOwner",
    "InvalidAccountData",
    "InsufficientFunds",
    "ExternalAccountDataModified",
    "ExternalAccountLamportSpend",
    "UnbalancedInstruction",
    "ReadonlyLamportChange",
    "ReadonlyDataModified",
    "AccountBorrowFailed",
    "InvalidArgument",
    "ModifiedProgramId",
    "InvalidRealloc",
    "ReentrancyNotAllowed",
    "InvalidInstructionData",
    "AccountNotExecutable",
}
"""Refusals of the runtime and of programs that ours call; a panic or a spent budget is none of them."""


class Hostile:
    """An exchange with everything in it, and accounts to put where they do not belong."""

    def __init__(self) -> None:
        self.chain = Chain()
        vault = VaultWorld(self.chain).create()
        exchange = Exchange(self.chain, vault).create()
        market = exchange.market()
        FundingWorld(market).create()
        alice, bob = market.trader(free_atoms=1_000 * USDT), market.trader()
        session = SessionWorld(vault).create(approved_atoms=100 * USDT)
        batch, _ = market.settled(1, market.trade(alice, bob, 10**6))
        self.known: dict[str, list[Pubkey]] = {}
        calls = [
            vault.deposit(alice.user, 1),
            vault.lock(alice.user, market.pool, 1),
            exchange.take_over(exchange.relayer),
            exchange.set_pause_bits(0),
            market.settle(market.heartbeat()),
            market.liquidate(bob, alice),
            market.request_release(alice, 1),
            market.execute_release(alice),
            market.prune_batch(batch.batch_id),
            market.add_collateral(alice, 1),
            session.fast_deposit(1),
            session.approve(1),
            session.close(),
            vault.withdraw(alice.user, 1),
            vault.withdraw_fees(alice.user.token, 1),
            market.publishing.publish_price(market.publishing.publishers[0]),
            market.publishing.set_limits(),
            FundingWorld(market).update_funding(),
            exchange.create_config(),
            vault.create_vault(),
        ]
        for call in calls:
            for name, key in call.accounts.items():
                if key is not None:
                    self.known.setdefault(name, []).append(key)
        programs = [SYSTEM, TOKEN, TOKEN_2022, INSTRUCTIONS_SYSVAR, POSITION_AUTHORITY, CONFIG, BEAT]
        people = [exchange.admin, exchange.guardian, exchange.relayer, alice.owner, self.chain.payer.pubkey()]
        state = [key for keys in self.known.values() for key in keys]
        authorities = [event_authority(program) for program in PROGRAM_IDS]
        self.all = [*state, *programs, *PROGRAM_IDS.values(), *authorities, *people, Pubkey.new_unique()]

    def metas(self, random: Random, program: str, name: str) -> list[AccountMeta]:
        """The instruction's accounts, most of them right; at times in another order, too few or too many."""
        metas = []
        for entry in idl(program).instructions[name]["accounts"]:
            flags = entry.get("signer", False), entry.get("writable", False)
            if random.random() < 0.03:
                flags = random.random() < 0.5, random.random() < 0.5
            metas.append(AccountMeta(self._address(random, program, entry["name"], entry), *flags))
        chance = random.random()
        if chance < 0.08:
            random.shuffle(metas)
        elif chance < 0.16:
            del metas[random.randrange(len(metas) + 1) :]
        elif chance < 0.3:
            extra = random.choices(self.all, k=random.randrange(1, 6))
            metas += [AccountMeta(key, False, random.random() < 0.7) for key in extra]
        return metas

    def _address(self, random: Random, program: str, name: str, entry: dict[str, object]) -> Pubkey:
        if random.random() < 0.06:
            return random.choice(self.all)
        fixed = {"event_authority": event_authority(program), "program": PROGRAM_IDS[program]}
        if name in fixed:
            return fixed[name]
        if "address" in entry:
            return Pubkey.from_string(str(entry["address"]))
        return random.choice(self.known.get(name, self.all))


def random_data(random: Random, program: str, name: str) -> bytes:
    """The discriminator, at times a wrong one, and arguments of edges and noise, too short or too long."""
    head = bytes(idl(program).instructions[name]["discriminator"])
    chance = random.random()
    if chance < 0.05:
        return head[: random.randrange(8)]
    if chance < 0.1:
        return random.randbytes(8) + random.randbytes(random.randrange(40))
    if chance < 0.15:
        other = random.choice(list(idl(program).instructions.values()))
        head = bytes(other["discriminator"])
    words = [0, 1, 2**31, 2**63 - 1, 2**63, 2**64 - 1, random.randrange(2**64)]
    arguments = b"".join(
        random.choice(words).to_bytes(8, "little") if random.random() < 0.7 else random.randbytes(4)
        for _ in range(random.randrange(30))
    )
    if random.random() < 0.3:  # a vector that says how long it is, or lies
        length = random.choice([len(arguments), 2**32 - 1, 0, random.randrange(2**16)])
        arguments = length.to_bytes(4, "little") + arguments
    return head + arguments


def check_named(failure: Failure, label: str, logs: list[str]) -> None:
    label = "\n".join([label, *logs])
    if failure.raiser == "runtime":
        assert failure.code in RUNTIME, f"{label}: {describe(failure)}"
        return
    known = set(OTHERS.get(failure.raiser, {}).values()) | set(ANCHOR.values()) | set(MORE_ANCHOR.values())
    for program in PROGRAM_IDS:
        known |= set(idl(program).errors.values())
    assert failure.code in known, f"{label}: {describe(failure)}"


@pytest.fixture(scope="module")
def hostile() -> Hostile:
    return Hostile()


@pytest.mark.parametrize(("program", "name"), INSTRUCTIONS, ids=lambda part: part)
def test_wrong_data_and_accounts(hostile: Hostile, program: str, name: str) -> None:
    """What fails changes nothing (`attempt` compares); what succeeds is put back."""
    chain, seen = hostile.chain, Counter[str]()
    for seed in range(ATTEMPTS):
        random = Random(f"{program}.{name}.{seed}")
        metas = hostile.metas(random, program, name)
        call = Instruction(PROGRAM_IDS[program], random_data(random, program, name), metas)
        kept = {meta.pubkey: chain.account(meta.pubkey) for meta in metas}
        failure, logs = chain.attempt(call)
        if failure is None:
            for key, account in kept.items():
                if account is not None and not account.executable:
                    chain.svm.set_account(key, account)
            seen["succeeded"] += 1
            continue
        check_named(failure, f"{program}.{name}, seed {seed}", logs)
        seen[describe(failure)] += 1
    print(dict(seen))
    assert len(seen) >= 3, f"the attempts on {name} hardly differ: {dict(seen)}"
