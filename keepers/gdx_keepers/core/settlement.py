"""The relayer's decisions: from what chain, outbox and journal say to the next steps. Pure.

The rules, in the order `plan_market` applies them to each market:

1. The chain decides what has landed: a batch whose id the market carries is acknowledged, never sent again.
2. A transaction is journalled before it leaves. While it may still land, its bytes are all that is sent.
3. It can no longer land when its blockhash expired before the finalized block height.
4. Only the program's own refusal, by trial run or by a finalized failure, goes back to the matcher, and only
   when nothing is in flight any more. A time-out never does. (A trade that may add no risk at present is
   tried for a minute first: see `gdx_keepers.core.patience`.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from solders.pubkey import Pubkey

from gdx_keepers.core.flights import Flight
from gdx_keepers.core.sender import Outcome
from gdx_keepers.core.verdict import Verdict, judge
from gdx_keepers.errors import Fatal
from gdx_sdk.batch import SealedBatch
from gdx_sdk.errors import ProgramError


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
    beat_slot: int = 0  # of the active relayer's last sign of life


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
    beat_slot: int = 0

    @property
    def is_leading(self) -> bool:
        """Whether the chain takes batches from this relayer in this epoch."""
        return (self.active_relayer, self.chain_epoch) == (self.relayer, self.relayer_epoch)


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


@dataclass(frozen=True, slots=True)
class SendBeat:
    """Tell the chain that the active relayer is alive, so that no standby takes over."""


RelayerAction = Acknowledge | Forget | Resend | Wait | Refuse | Settle | SendBeat


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


def check_leadership(state: RelayerState) -> None:
    """`Fatal` when another relayer, or a later epoch of this one, leads on chain."""
    if state.active_relayer != state.relayer:
        raise Fatal(f"the active relayer is {state.active_relayer}, this one signs as {state.relayer}")
    if state.chain_epoch != state.relayer_epoch:
        raise Fatal(
            f"relayer_epoch = {state.relayer_epoch}: the chain is at epoch {state.chain_epoch}; "
            "another relayer has taken over since this one was configured"
        )
