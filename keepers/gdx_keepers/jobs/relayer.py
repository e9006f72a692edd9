"""Settles sealed batches on chain, each exactly once, whatever it is killed between.

Per market one batch is in flight at a time; `gdx_keepers.core.settlement` holds the rules.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
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
from gdx_keepers.core.patience import Patience
from gdx_keepers.core.sender import Sender
from gdx_keepers.core.settlement import (
    Acknowledge,
    ChainHeads,
    FlightView,
    Forget,
    MarketQueue,
    Refuse,
    RelayerAction,
    RelayerState,
    Resend,
    SendBeat,
    Settle,
    Wait,
    check_leadership,
    plan_market,
)
from gdx_keepers.core.verdict import Verdict, judge, named_index
from gdx_keepers.errors import Fatal, Transient
from gdx_sdk.batch import Outbox, Refusal, SealedBatch
from gdx_sdk.errors import ChainError, OutboxConflict, ProgramError

AWAIT_MS = 250  # between two looks at a transaction in flight


class BatchChain(Protocol):
    """What the relayer reads of the chain, and the instruction it sends."""

    async def read_heads(self, markets: Sequence[Pubkey]) -> ChainHeads:
        """Config and markets, in one read."""

    def settle_batch(self, batch: SealedBatch, relayer: Pubkey, relayer_epoch: int) -> Instruction:
        """The instruction; pure."""

    def beat(self, relayer: Pubkey) -> Instruction:
        """The instruction; pure."""


class BatchTables(Protocol):
    """Lookup tables that make a batch fit into one transaction."""

    async def for_batch(
        self, market: Pubkey, instruction: Instruction, backlog: Sequence[Pubkey]
    ) -> Sequence[AddressLookupTableAccount]:
        """Tables to send `instruction` with; may create and extend one. `backlog` is wanted soon."""


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
        beat_every_slots: int = 0,
    ) -> None:
        super().__init__(name, metrics, log)
        self._beat_every_slots = beat_every_slots
        self._markets, self._relayer_epoch = dict(markets), relayer_epoch
        self._chain, self._sender, self._tables = chain, sender, tables
        self._outbox, self._journal, self._sleep_ms = outbox, journal, sleep_ms
        self._rehearsed: set[bytes] = set()
        self._patience = Patience()

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
        views |= await self._views(
            [
                flight
                for market, of_market in flights.items()
                for flight in of_market
                if flight.sequence <= heads.markets[market].last_sequence
                and views[flight.transaction.signature].outcome is None
            ]  # landed between the two reads: its slot is known by now
        )
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
        return self._state(heads, queues)

    def is_due(self, state: RelayerState, now: Now) -> bool:
        """Something waits in an outbox, something is in flight, or it is time for a sign of life."""
        return self._is_beat_due(state, now) or any(queue.pending or queue.flights for queue in state.queues)

    def plan(self, state: RelayerState, now: Now) -> list[RelayerAction]:
        """Every market's next steps; `Fatal` when another leads and there is something to send or refuse."""
        actions = [action for queue in state.queues for action in plan_market(queue)]
        if self._is_beat_due(state, now):
            actions.append(SendBeat())
        if any(isinstance(action, Settle | Resend | Refuse) for action in actions):
            check_leadership(state)
        return actions

    async def act(self, action: RelayerAction, now: Now) -> bool:
        """Carry out one step; each is harmless when a crash makes it happen twice."""
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
                return await self._settle(batch, backlog, now)
            case SendBeat():
                return await self._sender.send([self._chain.beat(self._sender.pubkey)]) is not None
        return True

    async def drain(self) -> bool:
        """Wait for what is in flight; sign nothing new."""
        if not self._has_flights():
            return True
        now = Now(0, 0, 0)  # only a beat looks at the time, and draining sends none
        state = await self.observe(now)
        for action in self.plan(state, now):
            if not isinstance(action, Settle | Refuse | SendBeat):
                await self.act(action, now)
        return not self._has_flights()

    def readiness(self) -> Mapping[str, Check]:
        """The outbox can be read, and this relayer leads."""

        async def outbox() -> None:
            for market in self._markets:
                self._outbox.head(market)

        async def leadership() -> None:
            check_leadership(self._state(await self._chain.read_heads(list(self._markets)), ()))

        return {"outbox": outbox, "leadership": leadership}

    def _has_flights(self) -> bool:
        return any(self._journal.flights(market) for market in self._markets)

    def _state(self, heads: ChainHeads, queues: tuple[MarketQueue, ...]) -> RelayerState:
        return RelayerState(
            self._sender.pubkey,
            self._relayer_epoch,
            heads.active_relayer,
            heads.relayer_epoch,
            queues,
            heads.beat_slot,
        )

    def _is_beat_due(self, state: RelayerState, now: Now) -> bool:
        is_old = now.slot >= state.beat_slot + self._beat_every_slots
        return self._beat_every_slots > 0 and is_old and state.is_leading

    async def _views(self, flights: Sequence[Flight]) -> dict[str, FlightView]:
        """Height before outcomes: a transaction unseen after its blockhash died will never be seen."""
        if not flights:
            return {}
        height = await self._sender.finalized_block_height()
        signatures = [flight.transaction.signature for flight in flights]
        is_old = any(flight.transaction.last_valid_block_height < height for flight in flights)
        outcomes = await self._sender.outcomes(signatures, search_history=is_old)
        return {
            flight.transaction.signature: FlightView(
                flight, outcome, height > flight.transaction.last_valid_block_height
            )
            for flight, outcome in zip(flights, outcomes, strict=True)
        }

    async def _settle(self, batch: SealedBatch, backlog: Sequence[Pubkey], now: Now) -> bool:
        instruction = self._chain.settle_batch(batch, self._sender.pubkey, self._relayer_epoch)
        tables = await self._tables.for_batch(batch.market, instruction, backlog)
        trial = await self._sender.simulate([instruction], tables)
        if trial.error is not None:
            return self._refused_in_trial(batch, trial.error, now)
        if self._sender.is_dry_run:
            self._rehearsed.add(batch.batch_id)
            self.log.info("would settle", sequence=batch.sequence, compute_units=trial.compute_units)
            return False
        head = self._outbox.head(batch.market)
        if head is None or head.batch_id != batch.batch_id:
            return True  # withdrawn while it was tried: look again
        transaction = await self._sender.sign([instruction], tables, compute_units=trial.compute_units)
        self._journal.record(Flight(batch.market, batch.sequence, batch.batch_id, transaction))
        await self._sender.broadcast(transaction)
        self.metrics.compute_units.labels(self.name).inc(trial.compute_units)
        return True

    def _refused_in_trial(self, batch: SealedBatch, error: ChainError, now: Now) -> bool:
        """Nothing is in flight here, so a refusal cannot be overtaken by a late landing.

        A trade that may add no risk now would hold up those that reduce it: it is waited for, not for long.
        """
        verdict = judge(error)
        if isinstance(error, ProgramError):
            is_one_trade = verdict is Verdict.RETRY and named_index(error) is not None
            is_hopeless = is_one_trade and self._patience.is_over(batch.market, now.ts)
            if verdict is Verdict.REFUSE or is_hopeless:
                return self._refuse(batch, error)
        sentence = f"batch {batch.sequence} of {self._markets[batch.market]}: {error}"
        raise (Transient(sentence) if verdict is Verdict.RETRY else Fatal(sentence)) from error

    def _refuse(self, batch: SealedBatch, error: ProgramError) -> bool:
        if self._sender.is_dry_run:
            self._rehearsed.add(batch.batch_id)
            self.log.info("would refuse", sequence=batch.sequence, error=str(error))
            return False
        refusal = Refusal(named_index(error), error.code, str(error), batch_id=batch.batch_id)
        try:
            self._outbox.refuse(batch.market, batch.sequence, refusal)
        except OutboxConflict:  # the matcher has withdrawn it meanwhile: look again
            return True
        self.metrics.transactions.labels(self.name, "refused").inc()
        self.log.warning("refused", sequence=batch.sequence, error=str(error))
        return True

    def _measure(self, queues: Sequence[MarketQueue]) -> None:
        for queue in queues:
            symbol = self._markets[queue.market]
            self.metrics.pending_batches.labels(symbol).set(len(queue.pending))
            self.metrics.settled_sequence.labels(symbol).set(queue.head.last_sequence)
