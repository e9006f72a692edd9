"""Batches once more, byte by byte and with a note on every field; nothing here imports the project."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any


@dataclass
class NaiveTrade:
    trade_id: int
    taker: bytes
    maker: bytes
    taker_sells: bool
    price_e6: int
    size_e8: int
    taker_fee_atoms: int
    maker_fee_atoms: int
    executed_at_ms: int

    @property
    def notional(self) -> int:
        return self.price_e6 * self.size_e8 // 10**8

    def leaf_preimage(self, market: bytes) -> bytes:
        buyer, seller = (self.maker, self.taker) if self.taker_sells else (self.taker, self.maker)
        fees = [self.taker_fee_atoms, self.maker_fee_atoms]
        if self.taker_sells:
            fees.reverse()
        parts = [
            b"\x00",
            le(self.trade_id, 8),
            market,
            buyer,
            seller,
            le(self.price_e6, 8),
            le(self.size_e8, 8),
        ]
        parts += [le(fees[0], 8, signed=True), le(fees[1], 8, signed=True), le(self.executed_at_ms, 8)]
        return b"".join(parts)

    def leaf(self, market: bytes) -> bytes:
        return sha256(self.leaf_preimage(market)).digest()


def le(value: int, size: int, *, signed: bool = False) -> bytes:
    return value.to_bytes(size, "little", signed=signed)


def varint(value: int) -> bytes:
    digits = []
    while True:
        value, low = divmod(value, 128)
        digits.append(low + (128 if value else 0))
        if not value:
            return bytes(digits)


def zigzag(value: int) -> int:
    return 2 * value if value >= 0 else 2 * -value - 1


def root_of(leaves: list[bytes]) -> bytes:
    """Level by level; a lone node at the end of a level moves up."""
    if not leaves:
        return bytes(32)
    if len(leaves) == 1:
        return leaves[0]
    above = []
    for start in range(0, len(leaves), 2):
        pair = leaves[start : start + 2]
        above.append(sha256(b"\x01" + pair[0] + pair[1]).digest() if len(pair) == 2 else pair[0])
    return root_of(above)


def proof_of(leaves: list[bytes], index: int) -> list[bytes]:
    """Siblings from the leaf's level up, none where the node moved up alone."""
    if len(leaves) == 1:
        return []
    mate = index + 1 if index % 2 == 0 else index - 1
    above = [root_of(leaves[start : start + 2]) for start in range(0, len(leaves), 2)]
    return ([leaves[mate]] if mate < len(leaves) else []) + proof_of(above, index // 2)


@dataclass
class Annotated:
    """Bytes under construction, with a note on each field."""

    data: bytes = b""
    notes: list[dict[str, Any]] = field(default_factory=list)

    def add(self, name: str, value: Any, encoded: bytes) -> None:
        text = value.hex() if isinstance(value, bytes) else str(value)
        self.notes.append({"offset": len(self.data), "bytes": encoded.hex(), "field": name, "value": text})
        self.data += encoded


def nets(trades: list[NaiveTrade]) -> dict[bytes, list[int]]:
    """Position → [size delta, quote delta, fee, turnover, fill count], positions ascending."""
    found: dict[bytes, list[int]] = {}
    for trade in trades:
        for position, buys, fee in (
            (trade.taker, not trade.taker_sells, trade.taker_fee_atoms),
            (trade.maker, trade.taker_sells, trade.maker_fee_atoms),
        ):
            net = found.setdefault(position, [0, 0, 0, 0, 0])
            sign = 1 if buys else -1
            for place, amount in enumerate(
                (sign * trade.size_e8, sign * trade.notional, fee, trade.notional, 1)
            ):
                net[place] += amount
    return dict(sorted(found.items()))


def encode(
    version: int,
    market: bytes,
    sequence: int,
    previous_id: bytes,
    trades: list[NaiveTrade],
    *,
    epoch: int,
    flags: int = 0,
    at_ms: int = 0,
) -> tuple[Annotated, list[bytes]]:
    """The data argument with notes, and the positions in order."""
    out = Annotated()
    start = trades[0].executed_at_ms if trades else at_ms
    end = trades[-1].executed_at_ms if trades else at_ms
    root = root_of([trade.leaf(market) for trade in trades])
    out.add("version", version, le(version, 1))
    out.add("flags", flags, le(flags, 1))
    out.add("relayer_epoch", epoch, le(epoch, 4))
    out.add("sequence", sequence, le(sequence, 8))
    out.add("previous_id", previous_id, previous_id)
    out.add("merkle_root", root, root)
    out.add("trade_count", len(trades), le(len(trades), 2))
    out.add("executed_from_ms", start, le(start, 8))
    out.add("executed_to_delta_ms", end - start, le(end - start, 4))
    positions = list(nets(trades))
    if version == 1:
        _add_trades(out, trades, positions)
    else:
        _add_nets(out, trades)
    return out, positions


def _add_trades(out: Annotated, trades: list[NaiveTrade], positions: list[bytes]) -> None:
    price = trade_id = 0
    at_ms = trades[0].executed_at_ms if trades else 0
    for number, trade in enumerate(trades):
        taker, maker = positions.index(trade.taker), positions.index(trade.maker)
        name = f"trade[{number}]"
        sides = "sells" if trade.taker_sells else "buys"
        out.add(
            f"{name}.taker", f"position {taker} {sides}", le(taker + (128 if trade.taker_sells else 0), 1)
        )
        out.add(f"{name}.maker", f"position {maker}", le(maker, 1))
        out.add(f"{name}.price_delta", trade.price_e6 - price, varint(zigzag(trade.price_e6 - price)))
        out.add(f"{name}.size_e8", trade.size_e8, varint(trade.size_e8))
        out.add(f"{name}.trade_id_delta", trade.trade_id - trade_id, varint(trade.trade_id - trade_id))
        out.add(f"{name}.time_delta_ms", trade.executed_at_ms - at_ms, varint(trade.executed_at_ms - at_ms))
        price, trade_id, at_ms = trade.price_e6, trade.trade_id, trade.executed_at_ms


def _add_nets(out: Annotated, trades: list[NaiveTrade]) -> None:
    for number, net in enumerate(nets(trades).values()):
        names = ("size_delta_e8", "quote_delta_atoms", "fee_atoms", "turnover_atoms", "fill_count")
        for place, (name, amount) in enumerate(zip(names, net, strict=True)):
            out.add(f"entry[{number}].{name}", amount, varint(zigzag(amount) if place < 3 else amount))


def batch_id(market: bytes, data: bytes) -> bytes:
    """Id of the batch whose data argument is `data`."""
    version, sequence, count = data[0:1], data[6:14], data[78:80]
    previous, root, payload = data[14:46], data[46:78], data[80:]
    packed = b"gdx/batch" + version + market + sequence + previous + root + count + sha256(payload).digest()
    return sha256(packed).digest()
