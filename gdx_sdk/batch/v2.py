"""V2 entries: the net of a batch per position, one entry per position account in ascending order.

Per entry: zig-zag varint size delta, zig-zag varint quote delta (+ notional for what it bought, − for what
it sold), zig-zag varint fee, varint turnover (sum of its notionals), varint fill count (≥ 1). Over the
batch the size deltas and the quote deltas sum to 0, the fill counts to twice the trade count, and the fees to
at least what the market's two rates make of the turnover: ``2 · Σ fee ≥ (maker + taker) · Σ turnover / 1e6``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from solders.pubkey import Pubkey

from gdx_sdk.batch.header import BatchHeader
from gdx_sdk.batch.trade import Trade
from gdx_sdk.batch.varint import PayloadReader, encode_varint, malformed, varint_length, zigzag
from gdx_sdk.errors import CodecError
from gdx_sdk.units import I64_MAX


@dataclass(frozen=True, slots=True)
class NetEntry:
    """What a batch does to one position: size in 1e-8 base units, amounts in atoms."""

    position: Pubkey
    size_delta_e8: int
    quote_delta_atoms: int
    fee_atoms: int
    turnover_atoms: int
    fill_count: int

    def encode(self) -> bytes:
        """The entry's five varints."""
        return (
            encode_varint(zigzag(self.size_delta_e8))
            + encode_varint(zigzag(self.quote_delta_atoms))
            + encode_varint(zigzag(self.fee_atoms))
            + encode_varint(self.turnover_atoms)
            + encode_varint(self.fill_count)
        )


Sums = tuple[int, int, int, int, int]  # size, quote, fee, turnover, fill count


def add_trade(nets: dict[Pubkey, Sums], trade: Trade) -> None:
    """Add both sides of `trade` to the running sums."""
    notional, size = trade.notional_atoms, trade.size_e8
    for position, sign, fee in (
        (trade.buyer, 1, trade.buyer_fee_atoms),
        (trade.seller, -1, trade.seller_fee_atoms),
    ):
        sums = nets.get(position, (0, 0, 0, 0, 0))
        nets[position] = (
            sums[0] + sign * size,
            sums[1] + sign * notional,
            sums[2] + fee,
            sums[3] + notional,
            sums[4] + 1,
        )


def sums_length(sums: Sums) -> int:
    """Bytes of the entry with these sums."""
    return (
        varint_length(zigzag(sums[0]))
        + varint_length(zigzag(sums[1]))
        + varint_length(zigzag(sums[2]))
        + varint_length(sums[3])
        + varint_length(sums[4])
    )


def net_entries(trades: Iterable[Trade]) -> tuple[NetEntry, ...]:
    """The net of `trades` per position, positions ascending."""
    nets: dict[Pubkey, Sums] = {}
    for trade in trades:
        add_trade(nets, trade)
    return tuple(NetEntry(position, *nets[position]) for position in sorted(nets, key=bytes))


def decode_entries(
    reader: PayloadReader, header: BatchHeader, positions: Sequence[Pubkey]
) -> tuple[NetEntry, ...]:
    """Read one entry per position and check the sums; `CodecError` names offset and rule."""
    entries: list[NetEntry] = []
    fills = 0
    for position in positions:
        size, quote, fee = reader.signed("size_delta"), reader.signed("quote_delta"), reader.signed("fee")
        start, turnover = reader.offset, reader.varint("turnover")
        if turnover > I64_MAX:
            raise malformed("turnover", start, turnover, "must fit in i64")
        start, fill_count = reader.offset, reader.varint("fill_count")
        if fill_count == 0:
            raise malformed("fill_count", start, 0, "every position account must be used")
        fills += fill_count
        if fills > 2 * header.trade_count:
            raise _wrong_fills(start, fills, header)
        entries.append(NetEntry(position, size, quote, fee, turnover, fill_count))
    reader.end()
    if fills != 2 * header.trade_count:
        raise _wrong_fills(reader.offset, fills, header)
    _check_sums(entries, reader.offset)
    return tuple(entries)


def _wrong_fills(offset: int, fills: int, header: BatchHeader) -> CodecError:
    rule = f"the fill counts of a batch must sum to twice its trade count {header.trade_count}"
    return malformed("fill_count", offset, fills, rule)


def _check_sums(entries: Sequence[NetEntry], offset: int) -> None:
    size = sum(entry.size_delta_e8 for entry in entries)
    quote = sum(entry.quote_delta_atoms for entry in entries)
    fee = sum(entry.fee_atoms for entry in entries)
    if size:
        raise malformed("size_delta", offset, size, "the size deltas of a batch must sum to 0")
    if quote:
        raise malformed("quote_delta", offset, quote, "the quote deltas of a batch must sum to 0")
    if fee < 0:
        raise malformed("fee", offset, fee, "the fees of a batch must not sum to less than 0")
