"""Settles sealed batches on chain, each exactly once, whatever it is killed between.

Per market one batch is in flight at a time. The rules, in the order `plan_market` applies them:

1. The chain decides what has landed: a batch whose id the market carries is acknowledged, never sent again.
2. A transaction is journalled before it leaves. While it may still land, its bytes are all that is sent.
3. It can no longer land when its blockhash expired before the finalized block height.
4. Only the program's own refusal, by trial run or by a finalized failure, goes back to the matcher, and only
   when nothing is in flight any more. A time-out never does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from gdx_keepers.core.clock import Now
from gdx_keepers.core.flights import Flight, FlightJournal
from gdx_keepers.core.health import Check
from gdx_keepers.core.job import Job
from gdx_keepers.core.log import Logger
from gdx_keepers.core.metrics import Metrics
from gdx_keepers.core.sender import Outcome, Sender
from gdx_keepers.core.verdict import Verdict, judge, named_index
from gdx_keepers.errors import Fatal, Transient
from gdx_sdk.batch import Outbox, Refusal, SealedBatch
from gdx_sdk.errors import ChainError, ProgramError

AWAIT_MS = 250  # between two looks at a transaction in flight


@dataclass(frozen=True, slots=True)
class MarketHead:
    """Where a market's chain of batches stands on chain."""

    last_sequence: int
    last_batch_id: bytes


@dataclass(frozen=True, slots=True)
class ChainHeads:
    """One consistent read: who may settle, and the head of every market asked for."""

    active_relayer: Pubkey
    relayer_epoch: int
    markets: Mapping[Pubkey, MarketHead]


class BatchChain(Protocol):
    """What the relayer reads of the chain, and the instruction it sends."""

    async def read_heads(self, markets: Sequence[Pubkey]) -> ChainHeads:
        """Config and markets, in one read."""

    def settle_batch(self, batch: SealedBatch, relayer: Pubkey, relayer_epoch: int) -> Instruction:
        """The instruction; pure."""


class BatchTables(Protocol):
    """Lookup tables that make a batch fit into one transaction."""

    async def for_batch(
        self, market: Pubkey, instruction: Instruction, backlog: Sequence[Pubkey]
    ) -> Sequence[AddressLookupTableAccount]:
        """Tables to send `instruction` with; may create and extend one. `backlog` is wanted soon."""


@dataclass(frozen=True, slots=True)
class FlightView:
    """A journalled transaction and what the cluster says about it."""

    flight: Flight
    outcome: Outcome | None
    is_expired: bool  # its blockhash is dead at finalized

    @property
    def can_land(self) -> bool:
        """Not seen yet, and still possible; or seen in a block that may yet be dropped."""
        return not self.is_expired if self.outcome is None else not self.outcome.is_finalized


@dataclass(frozen=True, slots=True)
class MarketQueue:
    """One market: its head on chain, its outbox, its transactions in flight."""

    market: Pubkey
    head: MarketHead
    pending: tuple[SealedBatch, ...] = ()
    flights: tuple[FlightView, ...] = ()
    is_refused: bool = False  # the first pending batch waits for the matcher
    is_rehearsed: bool = False  # dry run: the first pending batch has been simulated


@dataclass(frozen=True, slots=True)
class RelayerState:
    """Everything `plan` decides by."""

    relayer: Pubkey
    relayer_epoch: int
    active_relayer: Pubkey
    chain_epoch: int
    queues: tuple[MarketQueue, ...]


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """The batch is on chain: tell the outbox."""

    batch: SealedBatch
    signature: str
    slot: int


@dataclass(frozen=True, slots=True)
class Forget:
    """The flight landed long ago or can never land: drop it from the journal."""

    flight: Flight


@dataclass(frozen=True, slots=True)
class Resend:
    """The flight may still land: send the same bytes again and wait a moment."""

    flight: Flight


@dataclass(frozen=True, slots=True)
class Wait:
    """The flight's fate is open and resending it would not help: look again in a moment."""

    flight: Flight


@dataclass(frozen=True, slots=True)
class Refuse:
    """The program refused the batch for good: tell the matcher."""

    batch: SealedBatch
    error: ProgramError


@dataclass(frozen=True, slots=True)
class Settle:
    """Sign and send the batch. `backlog`: positions of the batches behind it."""

    batch: SealedBatch
    backlog: tuple[Pubkey, ...] = ()


RelayerAction = Acknowledge | Forget | Resend | Wait | Refuse | Settle


def plan_market(queue: MarketQueue) -> list[RelayerAction]:
    """The next steps for one market. Pure; `Fatal` when outbox and chain contradict each other."""
    landed = [batch for batch in queue.pending if batch.sequence <= queue.head.last_sequence]
    _check_landed(queue, landed)
    actions: list[RelayerAction] = [_acknowledgement(queue, batch) for batch in landed]
    waiting = queue.pending[len(landed) :]
    done = queue.head.last_sequence
    actions += [Forget(view.flight) for view in queue.flights if view.flight.sequence <= done]
    flights = [view for view in queue.flights if view.flight.sequence > done]
    in_flight = [view for view in flights if view.can_land]
    if in_flight:
        return actions + [_patience(view, waiting) for view in in_flight]
    if any(view.outcome is not None and view.outcome.error is None for view in flights):
        return actions  # applied and final, yet the market was read a moment before: look again
    actions += [Forget(view.flight) for view in flights]
    if not waiting or queue.is_refused or queue.is_rehearsed:
        return actions
    batch = waiting[0]
    _check_next(queue, batch)
    if (error := _final_refusal(flights, batch)) is not None:
        return [*actions, Refuse(batch, error)]
    backlog = tuple(dict.fromkeys(key for later in waiting[1:] for key in later.positions))
    return [*actions, Settle(batch, backlog)]


def _patience(view: FlightView, waiting: Sequence[SealedBatch]) -> RelayerAction:
    """Send an unseen transaction again, but only while its batch is still the one to settle."""
    is_wanted = bool(waiting) and waiting[0].batch_id == view.flight.batch_id
    return Resend(view.flight) if view.outcome is None and is_wanted else Wait(view.flight)


def _check_landed(queue: MarketQueue, landed: Sequence[SealedBatch]) -> None:
    if not landed:
        return
    last, head = landed[-1], queue.head
    if last.sequence < head.last_sequence:
        raise Fatal(
            f"{queue.market}: the chain is at batch {head.last_sequence}, the outbox ends at "
            f"{last.sequence}: it is an old copy, or another outbox feeds the same market"
        )
    if last.batch_id != head.last_batch_id:
        raise Fatal(
            f"{queue.market}: batch {last.sequence} on chain is {head.last_batch_id.hex()}, "
            f"the outbox holds {last.batch_id.hex()} under the same sequence"
        )


def _check_next(queue: MarketQueue, batch: SealedBatch) -> None:
    head = queue.head
    if batch.sequence != head.last_sequence + 1:
        raise Fatal(
            f"{queue.market}: the chain is at batch {head.last_sequence}, "
            f"the outbox starts at {batch.sequence}: batches between them are missing"
        )
    if batch.previous_id != head.last_batch_id:
        raise Fatal(
            f"{queue.market}: batch {batch.sequence} follows {batch.previous_id.hex()}, "
            f"the chain's last batch is {head.last_batch_id.hex()}"
        )


def _acknowledgement(queue: MarketQueue, batch: SealedBatch) -> Acknowledge:
    """With the transaction that applied it, as far as this relayer knows ("" when another one sent it)."""
    flights = [view for view in queue.flights if view.flight.batch_id == batch.batch_id]
    for view in flights:
        if view.outcome is not None and view.outcome.error is None:
            return Acknowledge(batch, view.flight.transaction.signature, view.outcome.slot)
    return Acknowledge(batch, flights[-1].flight.transaction.signature if flights else "", 0)


def _final_refusal(flights: Sequence[FlightView], batch: SealedBatch) -> ProgramError | None:
    """A finalized failure of this very batch that the matcher has to answer."""
    for view in flights:
        error = view.outcome.error if view.outcome is not None else None
        is_this = view.flight.batch_id == batch.batch_id
        if is_this and isinstance(error, ProgramError) and judge(error) is Verdict.REFUSE:
            return error
    return None


class Relayer(Job[RelayerState, RelayerAction]):
    """The job. `outbox` and `journal` are its only state; both live on disk."""

    kind: ClassVar[str] = "relayer"

    def __init__(
        self,
        name: str,
        metrics: Metrics,
        log: Logger,
        *,
        markets: Mapping[Pubkey, str],
        relayer_epoch: int,
        chain: BatchChain,
        sender: Sender,
        outbox: Outbox,
        journal: FlightJournal,
        tables: BatchTables,
        sleep_ms: Callable[[int], Awaitable[None]],
    ) -> None:
        super().__init__(name, metrics, log)
        self._markets, self._relayer_epoch = dict(markets), relayer_epoch
        self._chain, self._sender, self._tables = chain, sender, tables
        self._outbox, self._journal, self._sleep_ms = outbox, journal, sleep_ms
        self._rehearsed: set[bytes] = set()

    async def observe(self, now: Now) -> RelayerState:
        """Outbox and journal first, the chain last: what the chain shows is never older than what we hold.

        The head before the list: a refusal taken in between then costs one idle turn, instead of sending a
        batch that has just been withdrawn.
        """
        del now
        refused = {market: self._outbox.head(market) is None for market in self._markets}
        pending = {market: tuple(self._outbox.pending(market)) for market in self._markets}
        flights = {market: self._journal.flights(market) for market in self._markets}
        views = await self._views([flight for of_market in flights.values() for flight in of_market])
        heads = await self._chain.read_heads(list(self._markets))
        queues = tuple(
            MarketQueue(
                market,
                heads.markets[market],
                pending[market],
                tuple(views[flight.transaction.signature] for flight in flights[market]),
                is_refused=refused[market],
                is_rehearsed=bool(pending[market]) and pending[market][0].batch_id in self._rehearsed,
            )
            for market in self._markets
        )
        self._measure(queues)
        return RelayerState(
            self._sender.pubkey, self._relayer_epoch, heads.active_relayer, heads.relayer_epoch, queues
        )

    def is_due(self, state: RelayerState, now: Now) -> bool:
        """Something waits in an outbox, or something is in flight."""
        del now
        return any(queue.pending or queue.flights for queue in state.queues)

    def plan(self, state: RelayerState, now: Now) -> list[RelayerAction]:
        """Every market's next steps; `Fatal` when another relayer leads and there is something to send."""
        del now
        actions = [action for queue in state.queues for action in plan_market(queue)]
        if any(isinstance(action, Settle | Resend) for action in actions):
            _check_leadership(state)
        return actions

    async def act(self, action: RelayerAction, now: Now) -> bool:
        """Carry out one step; each is harmless when a crash makes it happen twice."""
        del now
        match action:
            case Acknowledge(batch, signature, slot):
                self._outbox.mark_settled(batch.market, batch.sequence, batch.batch_id, signature, slot)
                self.metrics.transactions.labels(self.name, "landed").inc()
            case Forget(flight):
                self._journal.forget(flight)
            case Resend(flight):
                await self._sender.broadcast(flight.transaction)
                await self._sleep_ms(AWAIT_MS)
            case Wait():
                await self._sleep_ms(AWAIT_MS)
            case Refuse(batch, error):
                return self._refuse(batch, error)
            case Settle(batch, backlog):
                return await self._settle(batch, backlog)
        return True

    async def drain(self, now: Now) -> bool:
        """Wait for what is in flight; sign nothing new."""
        state = await self.observe(now)
        for action in self.plan(state, now):
            if not isinstance(action, Settle | Refuse):
                await self.act(action, now)
        return not any(self._journal.flights(market) for market in self._markets)

    def readiness(self) -> Mapping[str, Check]:
        """The outbox can be read, and this relayer leads."""

        async def outbox() -> None:
            for market in self._markets:
                self._outbox.head(market)

        async def leadership() -> None:
            heads = await self._chain.read_heads(list(self._markets))
            _check_leadership(
                RelayerState(
                    self._sender.pubkey, self._relayer_epoch, heads.active_relayer, heads.relayer_epoch, ()
                )
            )

        return {"outbox": outbox, "leadership": leadership}

    async def _views(self, flights: Sequence[Flight]) -> dict[str, FlightView]:
        """Height before outcomes: a transaction unseen after its blockhash died will never be seen."""
        if not flights:
            return {}
        height = await self._sender.finalized_block_height()
        signatures = [flight.transaction.signature for flight in flights]
        outcomes = await self._sender.outcomes(signatures)
        return {
            flight.transaction.signature: FlightView(
                flight, outcome, height > flight.transaction.last_valid_block_height
            )
            for flight, outcome in zip(flights, outcomes, strict=True)
        }

    async def _settle(self, batch: SealedBatch, backlog: Sequence[Pubkey]) -> bool:
        instruction = self._chain.settle_batch(batch, self._sender.pubkey, self._relayer_epoch)
        tables = await self._tables.for_batch(batch.market, instruction, backlog)
        trial = await self._sender.simulate([instruction], tables)
        if trial.error is not None:
            return self._refused_in_trial(batch, trial.error)
        if self._sender.is_dry_run:
            self._rehearsed.add(batch.batch_id)
            self.log.info("would settle", sequence=batch.sequence, compute_units=trial.compute_units)
            return False
        transaction = await self._sender.sign([instruction], tables, compute_units=trial.compute_units)
        self._journal.record(Flight(batch.market, batch.sequence, batch.batch_id, transaction))
        await self._sender.broadcast(transaction)
        self.metrics.compute_units.labels(self.name).inc(trial.compute_units)
        return True

    def _refused_in_trial(self, batch: SealedBatch, error: ChainError) -> bool:
        """Nothing is in flight here, so a refusal cannot be overtaken by a late landing."""
        verdict = judge(error)
        if verdict is Verdict.REFUSE and isinstance(error, ProgramError):
            return self._refuse(batch, error)
        sentence = f"batch {batch.sequence} of {self._markets[batch.market]}: {error}"
        raise (Transient(sentence) if verdict is Verdict.RETRY else Fatal(sentence)) from error

    def _refuse(self, batch: SealedBatch, error: ProgramError) -> bool:
        if self._sender.is_dry_run:
            self._rehearsed.add(batch.batch_id)
            self.log.info("would refuse", sequence=batch.sequence, error=str(error))
            return False
        refusal = Refusal(named_index(error), error.code, str(error))
        self._outbox.refuse(batch.market, batch.sequence, refusal)
        self.metrics.transactions.labels(self.name, "refused").inc()
        self.log.warning("refused", sequence=batch.sequence, error=str(error))
        return True

    def _measure(self, queues: Sequence[MarketQueue]) -> None:
        for queue in queues:
            symbol = self._markets[queue.market]
            self.metrics.pending_batches.labels(symbol).set(len(queue.pending))
            self.metrics.settled_sequence.labels(symbol).set(queue.head.last_sequence)


def _check_leadership(state: RelayerState) -> None:
    if state.active_relayer != state.relayer:
        raise Fatal(f"the active relayer is {state.active_relayer}, this one signs as {state.relayer}")
    if state.chain_epoch != state.relayer_epoch:
        raise Fatal(
            f"relayer_epoch = {state.relayer_epoch}: the chain is at epoch {state.chain_epoch}; "
            "another relayer has taken over since this one was configured"
        )
