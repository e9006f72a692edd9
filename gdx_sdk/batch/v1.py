"""V1 entries: every trade, in order of trade id.

Per trade: byte taker index (bits 0–6) and taker side (bit 7, 1 = sell), byte maker index (bit 7 = 0),
zig-zag varint price − previous price (first: − 0), varint size, varint id − previous id (first: the id
itself; later ≥ 1), varint time − previous time in ms (first: − executed_from_ms). Indices count the batch's
position accounts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from solders.pubkey import Pubkey

from gdx_sdk.batch.header import BatchHeader
from gdx_sdk.batch.trade import Trade
from gdx_sdk.batch.varint import PayloadReader, encode_varint, malformed, varint_length, zigzag
from gdx_sdk.errors import InputError
from gdx_sdk.math.fees import fee_atoms, notional_atoms
from gdx_sdk.units import I64_MAX, U64_MAX, Side

MAX_POSITIONS = 128  # a seven-bit index


@dataclass(frozen=True, slots=True)
class FillRecord:
    """One trade as a V1 batch carries it; fees follow from the market's rates."""

    trade_id: int
    taker: Pubkey
    maker: Pubkey
    taker_side: Side
    price_e6: int
    size_e8: int
    executed_at_ms: int

    def to_trade(self, market: Pubkey, taker_fee_ppm: int, maker_fee_ppm: int) -> Trade:
        """The trade, with the fees that the program computes at these rates."""
        notional = notional_atoms(self.price_e6, self.size_e8)
        return Trade(
            self.trade_id,
            market,
            self.taker,
            self.maker,
            self.taker_side,
            self.price_e6,
            self.size_e8,
            fee_atoms(notional, taker_fee_ppm),
            fee_atoms(notional, maker_fee_ppm),
            self.executed_at_ms,
        )


def record_of(trade: Trade) -> FillRecord:
    """What a V1 batch carries of `trade`."""
    return FillRecord(
        trade.trade_id,
        trade.taker,
        trade.maker,
        Side(trade.taker_side),
        trade.price_e6,
        trade.size_e8,
        trade.executed_at_ms,
    )


def encode_fills(trades: Sequence[Trade], positions: Sequence[Pubkey]) -> bytes:
    """The entries of checked `trades`; `positions` is ascending and holds every taker and maker."""
    if len(positions) > MAX_POSITIONS:
        raise InputError("positions", len(positions), f"a V1 batch names at most {MAX_POSITIONS}")
    index = {position: place for place, position in enumerate(positions)}
    out = bytearray()
    price, trade_id, at_ms = 0, 0, trades[0].executed_at_ms
    for trade in trades:
        out.append(index[trade.taker] | (trade.taker_side << 7))
        out.append(index[trade.maker])
        out += encode_varint(zigzag(trade.price_e6 - price))
        out += encode_varint(trade.size_e8)
        out += encode_varint(trade.trade_id - trade_id)
        out += encode_varint(trade.executed_at_ms - at_ms)
        price, trade_id, at_ms = trade.price_e6, trade.trade_id, trade.executed_at_ms
    return bytes(out)


def fill_length(trade: Trade, before: Trade | None) -> int:
    """Bytes that `trade` adds after `before`."""
    price, trade_id, at_ms = (
        (before.price_e6, before.trade_id, before.executed_at_ms) if before else (0, 0, trade.executed_at_ms)
    )
    return (
        2
        + varint_length(zigzag(trade.price_e6 - price))
        + varint_length(trade.size_e8)
        + varint_length(trade.trade_id - trade_id)
        + varint_length(trade.executed_at_ms - at_ms)
    )


def decode_fills(
    reader: PayloadReader, header: BatchHeader, positions: Sequence[Pubkey]
) -> tuple[FillRecord, ...]:
    """Read `header.trade_count` entries; `CodecError` names offset and rule."""
    fills: list[FillRecord] = []
    used = [False] * len(positions)
    price, trade_id, at_ms = 0, 0, header.executed_from_ms
    for number in range(header.trade_count):
        taker, maker, side = _read_parties(reader, len(positions))
        used[taker] = used[maker] = True
        start = reader.offset
        price += reader.signed("price_delta")
        if not 1 <= price <= I64_MAX:
            raise malformed("price_delta", start, price, "the price must be positive and fit in i64")
        size, id_step, time_step = _read_steps(reader, is_first=number == 0)
        trade_id, at_ms = trade_id + id_step, at_ms + time_step
        if trade_id > U64_MAX:
            raise malformed("trade_id_delta", reader.offset, trade_id, "the trade id must fit in u64")
        if at_ms > U64_MAX:
            raise malformed("time_delta", reader.offset, at_ms, "the time must fit in u64")
        if at_ms > header.executed_to_ms:
            raise malformed("time_delta", reader.offset, at_ms, "must not pass the header's executed_to")
        fills.append(FillRecord(trade_id, positions[taker], positions[maker], side, price, size, at_ms))
    reader.end()
    if not all(used):
        unused = used.index(False)
        raise malformed("positions", reader.offset, unused, "every position account must be used")
    return tuple(fills)


def _read_parties(reader: PayloadReader, position_count: int) -> tuple[int, int, Side]:
    start = reader.offset
    taker_byte, maker = reader.byte("taker"), reader.byte("maker")
    taker, side = taker_byte & 0x7F, Side(taker_byte >> 7)
    if taker >= position_count:
        raise malformed("taker", start, taker, f"must index one of {position_count} positions")
    if maker >= position_count:
        rule = f"must index one of {position_count} positions, with bit 7 clear"
        raise malformed("maker", start + 1, maker, rule)
    if taker == maker:
        raise malformed("maker", start + 1, maker, "must differ from the taker")
    return taker, maker, side


def _read_steps(reader: PayloadReader, *, is_first: bool) -> tuple[int, int, int]:
    """Size, id step and time step; their own rules once all three are read, as the program does."""
    size_at, size = reader.offset, reader.varint("size")
    if size > I64_MAX:
        raise malformed("size", size_at, size, "must fit in i64")
    id_at, id_step = reader.offset, reader.varint("trade_id_delta")
    time_step = reader.varint("time_delta")
    if size == 0:
        raise malformed("size", size_at, size, "must be positive")
    if id_step == 0 and not is_first:
        raise malformed("trade_id_delta", id_at, id_step, "trade ids must increase")
    return size, id_step, time_step
