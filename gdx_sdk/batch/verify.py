"""Proving fills, batches and chains of batches against what the chain accepted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from gdx_sdk.batch.header import ZERO_ID
from gdx_sdk.batch.merkle import MerkleProof, merkle_root, verify_proof
from gdx_sdk.batch.sealed import DecodedBatch, SealedBatch, decode_batch
from gdx_sdk.batch.trade import Trade
from gdx_sdk.batch.v1 import record_of
from gdx_sdk.batch.v2 import net_entries
from gdx_sdk.errors import ProofError


class ChainedBatch(Protocol):
    """What `verify_chain` needs of a batch: `SealedBatch` and `DecodedBatch` have it."""

    @property
    def sequence(self) -> int: ...
    @property
    def previous_id(self) -> bytes: ...
    @property
    def batch_id(self) -> bytes: ...


def verify_fill(trade: Trade, proof: MerkleProof, root: bytes, *, trade_count: int) -> None:
    """Prove that `trade`, to the last unit, is at place `proof.index` of a batch's trades.

    `root` (32 bytes) and `trade_count` are the batch's `merkle_root` and `trade_count` on chain: its id
    covers both, and only together they fix the place. Raises `ProofError` otherwise: a change of one unit in
    any field of the trade is enough.
    """
    if proof.leaf_count != trade_count:
        said = f"the proof is of a tree of {proof.leaf_count} leaves, the batch has {trade_count} trades"
        raise ProofError(f"trade {trade.trade_id}: {said}")
    if not verify_proof(trade.leaf(), proof, root):
        raise ProofError(f"trade {trade.trade_id} is not at place {proof.index} under root {root.hex()}")


def verify_batch(trades: Sequence[Trade], batch: SealedBatch | DecodedBatch) -> None:
    """Prove that `batch` is exactly `trades`: count, market, order, time window, root, fills (V1), nets (V2).

    Ids increase and times do not decrease, so no trade is in it twice.

    Everything is recomputed from the trades; raises `ProofError` naming the first thing that differs.
    """
    decoded = batch if isinstance(batch, DecodedBatch) else _decoded(batch)
    where = f"batch {batch.sequence}"
    if len(trades) != decoded.trade_count:
        raise ProofError(f"{where}: has {decoded.trade_count} trades, not {len(trades)}")
    last_id, last_ms = -1, 0
    for trade in trades:
        if trade.market != decoded.market:
            raise ProofError(f"{where}: trade {trade.trade_id} is of market {trade.market}")
        if trade.trade_id <= last_id or trade.executed_at_ms < last_ms:
            raise ProofError(f"{where}: trade {trade.trade_id} is out of order, or in it twice")
        last_id, last_ms = trade.trade_id, trade.executed_at_ms
        if not decoded.header.executed_from_ms <= trade.executed_at_ms <= decoded.header.executed_to_ms:
            raise ProofError(f"{where}: trade {trade.trade_id} is outside the batch's time window")
    root = merkle_root([trade.leaf() for trade in trades])
    if root != decoded.root:
        raise ProofError(f"{where}: root is {decoded.root.hex()}, the trades hash to {root.hex()}")
    if decoded.version == 1:
        _same(where, "fill", tuple(record_of(trade) for trade in trades), decoded.fills)
    else:
        _same(where, "net entry", net_entries(trades), decoded.entries)


def verify_chain(
    batches: Iterable[ChainedBatch],
    *,
    after: tuple[int, bytes] = (0, ZERO_ID),
    settled_ids: Mapping[int, bytes] | None = None,
) -> tuple[int, bytes]:
    """Prove that `batches` follow each other without a gap, starting behind `after` (sequence, id).

    With `settled_ids` (sequence → id as read from the chain) each recomputed id must equal the settled one.
    Returns the last sequence and id, to go on from; raises `ProofError` at the first break.
    """
    sequence, previous_id = after
    for batch in batches:
        if batch.sequence != sequence + 1:
            raise ProofError(f"batch {batch.sequence} follows {sequence}: the sequence has a gap")
        if batch.previous_id != previous_id:
            raise ProofError(
                f"batch {batch.sequence}: previous id is {batch.previous_id.hex()}, not {previous_id.hex()}"
            )
        sequence, previous_id = batch.sequence, batch.batch_id
        if settled_ids is not None and settled_ids.get(sequence) != previous_id:
            settled = settled_ids.get(sequence)
            found = settled.hex() if settled else "nothing"
            raise ProofError(f"batch {sequence}: id is {previous_id.hex()}, the chain settled {found}")
    return sequence, previous_id


def _decoded(batch: SealedBatch) -> DecodedBatch:

    return decode_batch(batch.encode(0), batch.market, batch.positions)


def _same(where: str, what: str, expected: Sequence[object], found: Sequence[object]) -> None:
    for place, (left, right) in enumerate(zip(expected, found, strict=False)):
        if left != right:
            raise ProofError(f"{where}: {what} {place} is {right}, the trades say {left}")
    if len(expected) != len(found):
        raise ProofError(f"{where}: has {len(found)} of {what}, the trades make {len(expected)}")
