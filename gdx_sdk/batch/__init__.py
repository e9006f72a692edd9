"""Batches of trades: sealing, V1 and V2 bytes, Merkle proofs, the chain of batch ids, and the outbox.

The byte tables are in `gdx_sdk.batch.header`, `gdx_sdk.batch.v1` and `gdx_sdk.batch.v2`.
"""

from __future__ import annotations

from gdx_sdk.batch.builder import BatchBuilder, BatchLimits, BatchUsage
from gdx_sdk.batch.header import (
    FLAG_FLUSH,
    FLAG_HEARTBEAT,
    V1,
    V2,
    ZERO_ID,
    BatchHeader,
    chain_start,
    compute_batch_id,
    decode_header,
)
from gdx_sdk.batch.history import Finding, HistoryReport
from gdx_sdk.batch.merkle import EMPTY_ROOT, MerkleProof, merkle_proof, merkle_root, verify_proof
from gdx_sdk.batch.outbox import FileOutbox, Outbox, Refusal, Settlement
from gdx_sdk.batch.sealed import DecodedBatch, SealedBatch, decode_batch, seal_batch, seal_heartbeat
from gdx_sdk.batch.trade import Trade
from gdx_sdk.batch.v1 import FillRecord
from gdx_sdk.batch.v2 import NetEntry, net_entries
from gdx_sdk.batch.verify import verify_batch, verify_chain, verify_fill
from gdx_sdk.errors import OutboxConflict
from gdx_sdk.units import Side

__all__ = [
    "EMPTY_ROOT",
    "FLAG_FLUSH",
    "FLAG_HEARTBEAT",
    "V1",
    "V2",
    "ZERO_ID",
    "BatchBuilder",
    "BatchHeader",
    "BatchLimits",
    "BatchUsage",
    "DecodedBatch",
    "FileOutbox",
    "FillRecord",
    "Finding",
    "HistoryReport",
    "MerkleProof",
    "NetEntry",
    "Outbox",
    "OutboxConflict",
    "Refusal",
    "SealedBatch",
    "Settlement",
    "Side",
    "Trade",
    "chain_start",
    "compute_batch_id",
    "decode_batch",
    "decode_header",
    "merkle_proof",
    "merkle_root",
    "net_entries",
    "seal_batch",
    "seal_heartbeat",
    "verify_batch",
    "verify_chain",
    "verify_fill",
    "verify_proof",
]
