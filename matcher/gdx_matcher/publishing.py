"""Between the cutter and the outbox: handing batches over, and reading refusals."""

from __future__ import annotations

from gdx_matcher.batches import BatchCutter
from gdx_matcher.errors import Diverged, UnattributedRefusal
from gdx_sdk.batch import FileOutbox, Refusal, SealedBatch


def publish(
    outbox: FileOutbox, cutters: dict[int, BatchCutter], sealed: list[SealedBatch], rebuilt: set[int]
) -> None:
    """Hand new batches over in order; empties both collections."""
    redone = {cutters[index].market for index in rebuilt}
    for batch in sealed:
        if batch.market not in redone:
            outbox.put(batch)
    for index in sorted(rebuilt):
        reconcile(outbox, cutters[index])
    sealed.clear()
    rebuilt.clear()


def reconcile(outbox: FileOutbox, cutter: BatchCutter) -> None:
    """Make the outbox hold exactly the cutter's unsettled batches, whatever a crash or a bust left in it.

    Raises `Diverged` when the chain has settled another batch than the log leads to.
    """
    market = cutter.market
    settled = {
        one.batch.sequence: one.batch.batch_id
        for one in outbox.settled(market, first=cutter.settled_sequence + 1)
    }
    pending = {batch.sequence: batch.batch_id for batch in outbox.pending(market)}
    stale = False
    for batch in cutter.unsettled:
        done = settled.get(batch.sequence)
        if done is not None:
            if done != batch.batch_id:
                raise Diverged(
                    f"{market}: batch {batch.sequence} settled as {done.hex()}, "
                    f"the log leads to {batch.batch_id.hex()}"
                )
            continue
        if not stale and pending.get(batch.sequence) != batch.batch_id:
            outbox.withdraw_from(market, batch.sequence)
            stale = True
        if stale:
            outbox.put(batch)
    if not stale and any(sequence >= cutter.next_sequence for sequence in pending):
        outbox.withdraw_from(market, cutter.next_sequence)


def refused_trade(cutter: BatchCutter, refusal: Refusal) -> int | None:
    """The trade at fault: the one named (V1), or the last of the named position (V2).

    None when the refusal is not of the first unsettled batch. Raises `UnattributedRefusal`.
    """
    batch = cutter.unsettled[0] if cutter.unsettled else None
    if batch is None or batch.batch_id != refusal.batch_id:
        return None
    index = refusal.trade_or_entry_index
    if index is None or not 0 <= index < (len(batch.trades) if batch.version == 1 else len(batch.positions)):
        raise UnattributedRefusal(
            f"{cutter.market}: batch {batch.sequence} was refused with {refusal.error_code}, "
            f"which names no trade: {refusal.reason}"
        )
    if batch.version == 1:
        return batch.trades[index].trade_id
    position = batch.positions[index]
    return next(trade.trade_id for trade in reversed(batch.trades) if position in (trade.taker, trade.maker))
