"""A chain and a sender in memory, and a knife: any call can be the one in which the process dies."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gdx_keepers.core.log import Logger, make_logger
from gdx_keepers.core.sender import Outcome, Sent, Simulation
from gdx_keepers.core.settlement import ChainHeads, MarketHead
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from gdx_sdk.batch import SealedBatch, Trade, decode_batch, seal_batch
from gdx_sdk.errors import ChainError, DryRunRefusal, ProgramError, TransportError
from gdx_sdk.tx import SignedTransaction
from gdx_sdk.units import Side

MARKET = Pubkey.from_bytes(bytes([7] * 32))
OTHER_MARKET = Pubkey.from_bytes(bytes([8] * 32))
RELAYER = Pubkey.from_bytes(bytes([9] * 32))
PROGRAM = Pubkey.from_bytes(bytes([10] * 32))
ALICE, BOB, CAROL = (Pubkey.from_bytes(bytes([n] * 32)) for n in (1, 2, 3))
ZERO_ID = bytes(32)


def silent_log() -> Logger:
    """A logger that lets nothing through."""
    return make_logger(level="critical")


def trade(trade_id: int, market: Pubkey = MARKET) -> Trade:
    """One trade between Alice and Bob."""
    return Trade(
        trade_id=trade_id,
        market=market,
        taker=ALICE,
        maker=BOB,
        taker_side=Side.BUY,
        price_e6=100_000_000,
        size_e8=1_000_000,
        taker_fee_atoms=500,
        maker_fee_atoms=-100,
        executed_at_ms=1_700_000_000_000 + trade_id,
    )


def batches(count: int, market: Pubkey = MARKET, *, salt: int = 0) -> list[SealedBatch]:
    """`count` batches that follow each other from sequence 1; another `salt` gives other content."""
    sealed: list[SealedBatch] = []
    for sequence in range(1, count + 1):
        previous = sealed[-1].batch_id if sealed else ZERO_ID
        trades = [trade(1_000 * salt + sequence, market)]
        sealed.append(seal_batch(1, market, sequence, previous, trades, flush=True))
    return sealed


class Killed(BaseException):
    """The process dies here; no handler of ours may catch it."""


@dataclass
class Knife:
    """Counts every step that leaves a trace and dies before or after the one it was told."""

    kill_at: int | None = None
    is_after: bool = False
    steps: list[str] = field(default_factory=list)

    def enter(self, name: str) -> int:
        """Begin a step; dies here when it is the one to die before."""
        index = len(self.steps)
        self.steps.append(name)
        if index == self.kill_at and not self.is_after:
            raise Killed(name)
        return index

    def leave(self, index: int) -> None:
        """End a step; dies here when it is the one to die after."""
        if index == self.kill_at and self.is_after:
            raise Killed(self.steps[index])


class WithKnife:
    """Wraps an object so that each call of the named methods is a step."""

    def __init__(self, inner: Any, knife: Knife, names: Sequence[str]) -> None:
        self._inner, self._knife, self._names = inner, knife, set(names)

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._inner, name)
        if name not in self._names:
            return member

        def call(*args: Any, **kwargs: Any) -> Any:
            index = self._knife.enter(name)
            result = member(*args, **kwargs)
            self._knife.leave(index)
            return result

        async def call_async(*args: Any, **kwargs: Any) -> Any:
            index = self._knife.enter(name)
            result = await member(*args, **kwargs)
            self._knife.leave(index)
            return result

        return call_async if inspect.iscoroutinefunction(member) else call


@dataclass
class FakeChain:
    """A market's chain of batches, block heights, and a mempool that the test empties into blocks.

    `lands` decides what becomes of a broadcast: "now", "never", or "later" (by `make_block`).
    """

    active_relayer: Pubkey = RELAYER
    epoch: int = 1
    heads: dict[Pubkey, MarketHead] = field(default_factory=dict)
    applied: list[tuple[Pubkey, int, bytes]] = field(default_factory=list)
    height: int = 100
    slot: int = 1_000
    lands: str = "now"
    refuses: dict[bytes, ProgramError] = field(default_factory=dict)
    is_simulation_blind: bool = False
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    mempool: dict[str, SignedTransaction] = field(default_factory=dict)
    broadcasts: list[str] = field(default_factory=list)
    signed: int = 0
    is_reachable: bool = True

    beats: int = 0

    def beat(self, relayer: Pubkey) -> Instruction:
        return Instruction(PROGRAM, b"beat", [AccountMeta(relayer, True, False)])

    async def read_heads(self, markets: Sequence[Pubkey]) -> ChainHeads:
        self._reach("getMultipleAccounts")
        heads = {market: self.heads.get(market, MarketHead(0, ZERO_ID)) for market in markets}
        return ChainHeads(self.active_relayer, self.epoch, heads)

    def settle_batch(self, batch: SealedBatch, relayer: Pubkey, relayer_epoch: int) -> Instruction:
        accounts = [AccountMeta(batch.market, False, True)]
        accounts += [AccountMeta(key, False, True) for key in batch.positions]
        return Instruction(PROGRAM, batch.encode(relayer_epoch), accounts)

    def try_instruction(self, instruction: Instruction) -> ChainError | None:
        """What the program would say."""
        market = instruction.accounts[0].pubkey
        batch = decode_batch(instruction.data, market, [meta.pubkey for meta in instruction.accounts[1:]])
        head = self.heads.get(market, MarketHead(0, ZERO_ID))
        if batch.batch_id in self.refuses:
            return self.refuses[batch.batch_id]
        if batch.sequence <= head.last_sequence:
            if batch.batch_id == head.last_batch_id:
                return None
            return refusal("BatchConflict", 6455)
        if batch.sequence != head.last_sequence + 1:
            return refusal("BatchOutOfOrder", 6457)
        return None

    def execute(self, transaction: SignedTransaction) -> None:
        """Run a transaction; what it says is in its raw bytes here."""
        instruction = decode_raw(transaction.raw)
        error = self.try_instruction(instruction)
        self.outcomes[transaction.signature] = Outcome(self.slot, error, True)
        if error is not None:
            return
        market = instruction.accounts[0].pubkey
        batch = decode_batch(instruction.data, market, [meta.pubkey for meta in instruction.accounts[1:]])
        if batch.sequence == self.heads.get(market, MarketHead(0, ZERO_ID)).last_sequence + 1:
            self.heads[market] = MarketHead(batch.sequence, batch.batch_id)
            self.applied.append((market, batch.sequence, batch.batch_id))

    def make_block(self, height: int | None = None) -> None:
        """Everything in the mempool that is not too old goes through."""
        self.height = height if height is not None else self.height + 1
        self.slot += 1
        waiting, self.mempool = self.mempool, {}
        for transaction in waiting.values():
            if transaction.last_valid_block_height >= self.height:
                self.execute(transaction)

    def _reach(self, method: str) -> None:
        if not self.is_reachable:
            raise TransportError(method, "connection refused")


class FakeSender:
    """The `Sender` of one process: its traces on the chain outlive it."""

    def __init__(self, chain: FakeChain, *, is_dry_run: bool = False) -> None:
        self.chain, self.is_dry_run, self.pubkey = chain, is_dry_run, RELAYER

    async def simulate(self, instructions: Sequence[Instruction], tables: Any = ()) -> Simulation:
        del tables
        self.chain._reach("simulateTransaction")
        error = None if self.chain.is_simulation_blind else self.chain.try_instruction(instructions[0])
        return Simulation(error, 10_000)

    async def sign(
        self, instructions: Sequence[Instruction], tables: Any = (), *, compute_units: int
    ) -> SignedTransaction:
        del tables, compute_units
        if self.is_dry_run:
            raise DryRunRefusal("signing")
        self.chain.signed += 1
        raw = encode_raw(instructions[0], self.chain.signed)
        return SignedTransaction(f"signature{self.chain.signed}", raw, self.chain.height + 150)

    async def broadcast(self, transaction: SignedTransaction) -> None:
        self.chain._reach("sendTransaction")
        self.chain.broadcasts.append(transaction.signature)
        if transaction.signature in self.chain.outcomes:
            return
        if self.chain.lands == "now":
            self.chain.execute(transaction)
        elif self.chain.lands == "later":
            self.chain.mempool[transaction.signature] = transaction

    async def outcomes(
        self, signatures: Sequence[str], *, search_history: bool = False
    ) -> list[Outcome | None]:
        del search_history
        self.chain._reach("getSignatureStatuses")
        return [self.chain.outcomes.get(signature) for signature in signatures]

    async def finalized_block_height(self) -> int:
        self.chain._reach("getBlockHeight")
        return self.chain.height

    async def send(self, instructions: Sequence[Instruction], tables: Any = ()) -> Sent | None:
        if self.is_dry_run:
            return None
        transaction = await self.sign(instructions, tables, compute_units=0)
        self.chain.execute(transaction)
        return Sent(transaction.signature, self.chain.slot, 10_000)


class RecordingSender(FakeSender):
    """Trial runs end with `error`; whatever is sent lands and is remembered."""

    def __init__(self, error: ChainError | None = None, *, is_dry_run: bool = False) -> None:
        super().__init__(FakeChain(), is_dry_run=is_dry_run)
        self.error = error
        self.sent: list[Instruction] = []

    async def simulate(self, instructions: Sequence[Instruction], tables: Any = ()) -> Simulation:
        del instructions, tables
        return Simulation(self.error, 30_000)

    async def send(self, instructions: Sequence[Instruction], tables: Any = ()) -> Sent | None:
        del tables
        if self.is_dry_run:
            return None
        self.sent += instructions
        return Sent("signature", 1, 30_000)


class NoTables:
    """Every batch fits."""

    async def for_batch(self, market: Pubkey, instruction: Instruction, backlog: Any) -> tuple[()]:
        del market, instruction, backlog
        return ()


def refusal(name: str, code: int, logs: Sequence[str] = ()) -> ProgramError:
    """A refusal by the settling program."""
    return ProgramError("position_mgmt", code, name, "a rule is broken", logs)


def encode_raw(instruction: Instruction, nonce: int) -> bytes:
    """Stand-in for a signed transaction's bytes."""
    keys = b"".join(bytes(meta.pubkey) for meta in instruction.accounts)
    return bytes([len(instruction.accounts)]) + keys + nonce.to_bytes(4, "little") + instruction.data


def decode_raw(raw: bytes) -> Instruction:
    """The instruction back."""
    count = raw[0]
    keys = [Pubkey.from_bytes(raw[1 + 32 * i : 33 + 32 * i]) for i in range(count)]
    return Instruction(PROGRAM, raw[5 + 32 * count :], [AccountMeta(key, False, True) for key in keys])
