"""Sealing trades into a batch, and reading a batch back from instruction data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from solders.pubkey import Pubkey

from gdx_sdk.batch.header import (
    ENTRIES_OFFSET,
    FLAG_FLUSH,
    FLAG_HEARTBEAT,
    MAX_TRADES,
    PAYLOAD_OFFSET,
    V1,
    VERSIONS,
    ZERO_ID,
    BatchHeader,
    compute_batch_id,
    decode_header,
    payload_head,
)
from gdx_sdk.batch.merkle import EMPTY_ROOT, merkle_root
from gdx_sdk.batch.trade import Trade
from gdx_sdk.batch.v1 import FillRecord, decode_fills, encode_fills
from gdx_sdk.batch.v2 import NetEntry, decode_entries, net_entries
from gdx_sdk.batch.varint import PayloadReader
from gdx_sdk.errors import CodecError, InputError
from gdx_sdk.units import I64_MAX, U64_MAX


@dataclass(frozen=True, slots=True)
class SealedBatch:
    """A batch ready to settle: what it says, and the trades it stands for.

    `positions` (ascending) are the instruction's remaining accounts; `payload` is hashed into `batch_id`.
    """

    version: int
    market: Pubkey
    sequence: int
    previous_id: bytes
    root: bytes
    trades: tuple[Trade, ...]
    positions: tuple[Pubkey, ...]
    payload: bytes
    trade_count: int
    executed_from_ms: int
    executed_to_ms: int
    flags: int = 0

    @property
    def batch_id(self) -> bytes:
        """32 bytes that bind market, sequence, predecessor, root and payload."""
        return compute_batch_id(
            self.version,
            self.market,
            self.sequence,
            self.previous_id,
            self.root,
            self.trade_count,
            self.payload,
        )

    def encode(self, relayer_epoch: int) -> bytes:
        """The data argument of `settle_batch` under this relayer epoch (u32)."""
        header = BatchHeader(
            self.version,
            self.flags,
            relayer_epoch,
            self.sequence,
            self.previous_id,
            self.root,
            self.trade_count,
            self.executed_from_ms,
            self.executed_to_ms - self.executed_from_ms,
        )
        return header.encode() + self.payload[ENTRIES_OFFSET - PAYLOAD_OFFSET :]


@dataclass(frozen=True, slots=True)
class DecodedBatch:
    """A batch as the chain received it: `fills` in V1, `entries` in V2."""

    header: BatchHeader
    market: Pubkey
    positions: tuple[Pubkey, ...]
    payload: bytes
    fills: tuple[FillRecord, ...]
    entries: tuple[NetEntry, ...]

    @property
    def version(self) -> int:
        """1 or 2."""
        return self.header.version

    @property
    def sequence(self) -> int:
        """Place in the market's chain of batches."""
        return self.header.sequence

    @property
    def previous_id(self) -> bytes:
        """Id of the batch before."""
        return self.header.previous_id

    @property
    def root(self) -> bytes:
        """Merkle root of the trades."""
        return self.header.root

    @property
    def trade_count(self) -> int:
        """Number of trades under the root."""
        return self.header.trade_count

    @property
    def batch_id(self) -> bytes:
        """32 bytes that bind market, sequence, predecessor, root and payload."""
        return compute_batch_id(
            self.version,
            self.market,
            self.sequence,
            self.previous_id,
            self.root,
            self.trade_count,
            self.payload,
        )

    def trades(self, *, taker_fee_ppm: int, maker_fee_ppm: int) -> tuple[Trade, ...]:
        """The trades of a V1 batch, with fees at the market's rates; a V2 batch carries none."""
        return tuple(fill.to_trade(self.market, taker_fee_ppm, maker_fee_ppm) for fill in self.fills)


def seal_batch(
    version: int,
    market: Pubkey,
    sequence: int,
    previous_id: bytes,
    trades: Sequence[Trade],
    *,
    flush: bool = False,
) -> SealedBatch:
    """Seal `trades` (ids increasing, times not decreasing) as batch number `sequence` of `market`.

    Raises `InputError` for trades that no program would accept: another market, a position trading with
    itself, a price or size that is not positive, too many positions, fees that sum to less than zero.
    """
    _check_place(version, sequence, previous_id)
    _check_trades(market, trades)
    positions = tuple(sorted({key for trade in trades for key in (trade.taker, trade.maker)}, key=bytes))
    entries = (
        encode_fills(trades, positions)
        if version == V1
        else b"".join(entry.encode() for entry in net_entries(trades))
    )
    start_ms, end_ms = trades[0].executed_at_ms, trades[-1].executed_at_ms
    return SealedBatch(
        version,
        market,
        sequence,
        previous_id,
        merkle_root([trade.leaf() for trade in trades]),
        tuple(trades),
        positions,
        payload_head(start_ms, end_ms - start_ms) + entries,
        len(trades),
        start_ms,
        end_ms,
        FLAG_FLUSH if flush else 0,
    )


def seal_heartbeat(
    version: int, market: Pubkey, sequence: int, previous_id: bytes, *, at_ms: int
) -> SealedBatch:
    """Seal an empty batch: a sequence without trades, which proves that relayer and chain of batches are
    alive.
    """
    _check_place(version, sequence, previous_id)
    if not 0 <= at_ms <= I64_MAX:
        raise InputError("at_ms", at_ms, "must be unix milliseconds")
    payload = payload_head(at_ms, 0)
    return SealedBatch(
        version,
        market,
        sequence,
        previous_id,
        EMPTY_ROOT,
        (),
        (),
        payload,
        0,
        at_ms,
        at_ms,
        FLAG_HEARTBEAT,
    )


def decode_batch(data: bytes, market: Pubkey, positions: Sequence[Pubkey]) -> DecodedBatch:
    """Read the data argument of `settle_batch` with its remaining accounts.

    Everything the program checks without looking at accounts is checked here too; `CodecError` names offset
    and rule.
    """
    header = decode_header(data)
    ordered = tuple(positions)
    for place, (left, right) in enumerate(pairwise(ordered)):
        if bytes(left) >= bytes(right):
            raise CodecError(f"positions[{place + 1}]", str(right), "must be strictly ascending")
    reader = PayloadReader(data, ENTRIES_OFFSET)
    fills: tuple[FillRecord, ...] = ()
    entries: tuple[NetEntry, ...] = ()
    if header.version == V1:
        fills = decode_fills(reader, header, ordered)
    else:
        entries = decode_entries(reader, header, ordered)
    return DecodedBatch(header, market, ordered, data[PAYLOAD_OFFSET:], fills, entries)


def _check_place(version: int, sequence: int, previous_id: bytes) -> None:
    if version not in VERSIONS:
        raise InputError("version", version, "must be 1 or 2")
    if not 1 <= sequence <= U64_MAX:
        raise InputError("sequence", sequence, "must be a u64 from 1 on")
    if len(previous_id) != 32:
        raise InputError("previous_id", previous_id.hex(), "must be 32 bytes")
    if (sequence == 1) != (previous_id == ZERO_ID):
        raise InputError("previous_id", previous_id.hex(), "must be zeros for sequence 1 and only then")


def _check_trades(market: Pubkey, trades: Sequence[Trade]) -> None:
    if not 1 <= len(trades) <= MAX_TRADES:
        raise InputError("trades", len(trades), f"a batch holds 1 to {MAX_TRADES} trades")
    last_id, last_ms = -1, 0
    for trade in trades:
        name = f"trade {trade.trade_id}"
        if trade.market != market:
            raise InputError(f"{name} market", str(trade.market), f"must be the batch's market {market}")
        if trade.taker == trade.maker:
            raise InputError(f"{name} maker", str(trade.maker), "must differ from the taker")
        if not last_id < trade.trade_id <= U64_MAX:
            raise InputError(f"{name} id", trade.trade_id, f"must be a u64 above the one before ({last_id})")
        if not 1 <= trade.price_e6 <= I64_MAX or not 1 <= trade.size_e8 <= I64_MAX:
            raise InputError(f"{name} price, size", (trade.price_e6, trade.size_e8), "must be positive i64")
        if not last_ms <= trade.executed_at_ms <= I64_MAX:
            raise InputError(f"{name} time", trade.executed_at_ms, f"must not be before {last_ms}")
        last_id, last_ms = trade.trade_id, trade.executed_at_ms
    fees = sum(trade.taker_fee_atoms + trade.maker_fee_atoms for trade in trades)
    if fees < 0:
        raise InputError("fees", fees, "must not sum to less than 0")
