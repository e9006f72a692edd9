"""Batches as bytes: any data with the record address that belongs to it, changed headers and entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from solders.pubkey import Pubkey

from gdx_sdk.batch import NetEntry, SealedBatch, compute_batch_id
from tests.programs.harness.codec import Call

from .market import Market

PAYLOAD, ENTRIES = 80, 92
"""Where the payload and the entries begin."""
EPOCH = 1
OFFSETS = {"flags": 1, "epoch": 2, "sequence": 6, "previous": 14, "root": 46, "count": 78, "from_ms": 80}
OFFSETS |= {"to_delta": 88}


def id_of(data: bytes, market: Pubkey) -> bytes:
    """Id that the program computes of a header long enough to have one."""
    if len(data) < ENTRIES:
        return bytes(32)
    sequence = int.from_bytes(data[6:14], "little")
    count = int.from_bytes(data[78:80], "little")
    return compute_batch_id(data[0], market, sequence, data[14:46], data[46:78], count, data[PAYLOAD:])


def raw(market: Market, data: bytes, positions: Sequence[Pubkey]) -> Call:
    """A settle_batch of `data`, with its own record address."""
    return market.settle_bytes(data, positions, id_of(data, market.key))


def with_bytes(data: bytes, **fields: bytes) -> bytes:
    """`data` with header fields replaced by other bytes of the same length."""
    changed = bytearray(data)
    for name, value in fields.items():
        changed[OFFSETS[name] : OFFSETS[name] + len(value)] = value
    return bytes(changed)


def with_entries(batch: SealedBatch, entries: bytes) -> SealedBatch:
    """The batch with other entries behind the same header."""
    return replace(batch, payload=batch.payload[: ENTRIES - PAYLOAD] + entries)


def with_nets(batch: SealedBatch, nets: Sequence[NetEntry]) -> SealedBatch:
    """A V2 batch with other entries."""
    return with_entries(batch, b"".join(net.encode() for net in nets))


def entries_of(batch: SealedBatch) -> bytes:
    return batch.payload[ENTRIES - PAYLOAD :]


def names(logs: Sequence[str], place: str) -> bool:
    """Whether the log names the trade or entry that was refused."""
    return f"Program log: refused at {place}" in logs
