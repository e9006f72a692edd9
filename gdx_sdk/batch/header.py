"""The 92 bytes in front of a batch's entries, and the id that chains batches of a market.

======  ====================  =======================================================
offset  field                 type
======  ====================  =======================================================
0       version               u8: 1 or 2
1       flags                 u8: bit 0 flush, bit 1 heartbeat, others 0
2       relayer epoch         u32
6       sequence              u64, gapless per market, from 1
14      previous id           32 bytes, zeros before the first batch
46      Merkle root           32 bytes, zeros when there are no trades
78      trade count           u16
80      executed_from_ms      u64, unix milliseconds of the first trade
88      executed_to_delta_ms  u32, milliseconds from the first trade to the last
92      entries               see `gdx_sdk.batch.v1` and `gdx_sdk.batch.v2`
======  ====================  =======================================================

All integers are little-endian. The payload, hashed into the id, is every byte from offset 80 on; flags and
epoch stay out of the id, so the same batch keeps its id when another relayer takes over.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from hashlib import sha256

from solders.pubkey import Pubkey

from gdx_sdk.batch.varint import malformed
from gdx_sdk.errors import InputError

V1, V2 = 1, 2
VERSIONS = (V1, V2)
FLAG_FLUSH, FLAG_HEARTBEAT = 1, 2
ZERO_ID = bytes(32)  # previous id of a market's first batch
PAYLOAD_OFFSET, ENTRIES_OFFSET = 80, 92
MAX_TRADES = 2**16 - 1
MAX_DELTA_MS = 2**32 - 1

_HEADER = struct.Struct("<BBIQ32s32sHQI")
_PAYLOAD_HEAD = struct.Struct("<QI")
_ID = struct.Struct("<9sB32sQ32s32sH32s")


@dataclass(frozen=True, slots=True)
class BatchHeader:
    """The fields in front of the entries, as sent."""

    version: int
    flags: int
    relayer_epoch: int
    sequence: int
    previous_id: bytes
    root: bytes
    trade_count: int
    executed_from_ms: int
    executed_to_delta_ms: int

    @property
    def executed_to_ms(self) -> int:
        """Unix milliseconds of the last trade at the latest."""
        return self.executed_from_ms + self.executed_to_delta_ms

    @property
    def is_heartbeat(self) -> bool:
        """Whether this is an empty batch that only proves that the relayer lives."""
        return bool(self.flags & FLAG_HEARTBEAT)

    def encode(self) -> bytes:
        """The 92 header bytes."""
        if not 0 <= self.relayer_epoch < 2**32:
            raise InputError("relayer_epoch", self.relayer_epoch, "must fit in u32")
        return _HEADER.pack(
            self.version,
            self.flags,
            self.relayer_epoch,
            self.sequence,
            self.previous_id,
            self.root,
            self.trade_count,
            self.executed_from_ms,
            self.executed_to_delta_ms,
        )


def decode_header(data: bytes) -> BatchHeader:
    """Read and check the header; `CodecError` names offset and rule."""
    if data and data[0] not in VERSIONS:
        raise malformed("version", 0, data[0], "must be 1 or 2")
    if len(data) < ENTRIES_OFFSET:
        raise malformed("header", len(data), len(data), f"must be at least {ENTRIES_OFFSET} bytes")
    header = BatchHeader(*_HEADER.unpack_from(data))
    if header.flags & ~(FLAG_FLUSH | FLAG_HEARTBEAT):
        raise malformed("flags", 1, header.flags, "bits 2 to 7 must be 0")
    if header.sequence == 0:
        raise malformed("sequence", 6, 0, "the first sequence is 1")
    if (header.sequence == 1) != (header.previous_id == ZERO_ID):
        rule = "must be zeros for sequence 1 and only then"
        raise malformed("previous_id", 14, header.previous_id.hex(), rule)
    if header.is_heartbeat != (header.trade_count == 0):
        raise malformed("trade_count", 78, header.trade_count, "must be 0 in a heartbeat and only there")
    if header.is_heartbeat and header.root != ZERO_ID:
        raise malformed("root", 46, header.root.hex(), "must be zeros in a heartbeat")
    if header.is_heartbeat and header.executed_to_delta_ms:
        raise malformed("executed_to_delta_ms", 88, header.executed_to_delta_ms, "must be 0 in a heartbeat")
    if header.is_heartbeat and len(data) > ENTRIES_OFFSET:
        raise malformed("entries", ENTRIES_OFFSET, len(data) - ENTRIES_OFFSET, "a heartbeat has no entries")
    return header


def payload_head(executed_from_ms: int, executed_to_delta_ms: int) -> bytes:
    """The 12 payload bytes in front of the entries."""
    if not 0 <= executed_to_delta_ms <= MAX_DELTA_MS:
        raise InputError("executed_to_delta_ms", executed_to_delta_ms, "must fit in u32")
    return _PAYLOAD_HEAD.pack(executed_from_ms, executed_to_delta_ms)


def chain_start(market: Pubkey, market_index: int, *, has_closed_markets: bool) -> tuple[int, bytes]:
    """Sequence and id that a market's first batch follows: (0, zeros), unless a market was closed before.

    Once the configuration has closed any market, the creation of a new one counts as sequence 1 and its id is
    ``sha256("gdx/market" ‖ market ‖ market_index u32)``: no batch of an earlier market there is one of it.
    `has_closed_markets` is what the configuration said when this market was created; what it says later is
    about others.
    """
    if not has_closed_markets:
        return 0, ZERO_ID
    return 1, sha256(b"gdx/market" + bytes(market) + market_index.to_bytes(4, "little")).digest()


def compute_batch_id(
    version: int,
    market: Pubkey,
    sequence: int,
    previous_id: bytes,
    root: bytes,
    trade_count: int,
    payload: bytes,
) -> bytes:
    """``sha256("gdx/batch" ‖ version ‖ market ‖ sequence ‖ previous ‖ root ‖ count ‖ sha256(payload))``."""
    packed = _ID.pack(
        b"gdx/batch",
        version,
        bytes(market),
        sequence,
        previous_id,
        root,
        trade_count,
        sha256(payload).digest(),
    )
    return sha256(packed).digest()
