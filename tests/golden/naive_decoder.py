"""Reading batches once more, rule by rule in the order of the format; nothing here imports the project.

A refusal has a kind, one short word that every decoder's own sentence maps to.
"""

from __future__ import annotations

from dataclasses import dataclass, field

U64, I64 = 2**64 - 1, 2**63 - 1
KINDS = (
    "header",  # fewer than 92 bytes
    "version",
    "flags",
    "sequence",
    "previous",
    "count",  # 0 in a heartbeat and only there
    "heartbeat",  # a heartbeat with root, duration or entries
    "cut",  # the entries end early
    "long",  # a varint that is longer than needed
    "large",  # a varint above u64
    "amount",  # a size or turnover above i64
    "parties",
    "price",
    "size",
    "id",
    "overflow",  # a trade id or time above u64
    "window",
    "unused",  # a position that nothing moves
    "fills",
    "tail",
    "balance",
)


class Refused(Exception):
    @property
    def kind(self) -> str:
        return str(self.args[0])


@dataclass
class Trade:
    trade_id: int
    taker: int
    maker: int
    taker_sells: bool
    price_e6: int
    size_e8: int
    executed_at_ms: int


@dataclass
class Batch:
    version: int
    flags: int
    epoch: int
    sequence: int
    previous_id: bytes
    root: bytes
    trade_count: int
    from_ms: int
    to_ms: int
    trades: list[Trade] = field(default_factory=list)
    nets: list[list[int]] = field(default_factory=list)


def refuse_unless(holds: bool, kind: str) -> None:
    if not holds:
        raise Refused(kind)


def read(data: bytes, positions: int) -> Batch:
    """The batch that `data` is with that many position accounts; `Refused` otherwise."""
    refuse_unless(data != b"", "header")
    refuse_unless(data[0] in (1, 2), "version")
    refuse_unless(len(data) >= 92, "header")
    number = lambda start, end: int.from_bytes(data[start:end], "little")
    batch = Batch(
        version=data[0],
        flags=data[1],
        epoch=number(2, 6),
        sequence=number(6, 14),
        previous_id=data[14:46],
        root=data[46:78],
        trade_count=number(78, 80),
        from_ms=number(80, 88),
        to_ms=number(80, 88) + number(88, 92),
    )
    is_heartbeat, zeros = batch.flags >= 2, bytes(32)
    refuse_unless(batch.flags < 4, "flags")
    refuse_unless(batch.sequence > 0, "sequence")
    refuse_unless((batch.sequence == 1) == (batch.previous_id == zeros), "previous")
    refuse_unless(is_heartbeat == (batch.trade_count == 0), "count")
    if is_heartbeat:
        refuse_unless(batch.root == zeros and batch.to_ms == batch.from_ms and len(data) == 92, "heartbeat")
    if batch.version == 1:
        read_trades(batch, data, positions)
    else:
        read_nets(batch, data, positions)
    return batch


class Bytes:
    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    def byte(self) -> int:
        refuse_unless(self.at < len(self.data), "cut")
        self.at += 1
        return self.data[self.at - 1]

    def varint(self) -> int:
        groups = [self.byte()]
        while groups[-1] >= 128 and len(groups) < 10:
            groups.append(self.byte())
        refuse_unless(groups[-1] < 128, "large")
        refuse_unless(groups[-1] != 0 or len(groups) == 1, "long")
        value = sum((group % 128) * 128**place for place, group in enumerate(groups))
        refuse_unless(value <= U64, "large")
        return value

    def signed(self) -> int:
        half, is_odd = divmod(self.varint(), 2)
        return -half - 1 if is_odd else half

    def amount(self) -> int:
        value = self.varint()
        refuse_unless(value <= I64, "amount")
        return value

    def end(self) -> None:
        refuse_unless(self.at == len(self.data), "tail")


def read_trades(batch: Batch, data: bytes, positions: int) -> None:
    source, used = Bytes(data, 92), set()
    price = trade_id = 0
    at_ms = batch.from_ms
    for number in range(batch.trade_count):
        taker, maker = source.byte(), source.byte()
        sells, taker = taker >= 128, taker % 128
        refuse_unless(taker < positions and maker < min(positions, 128) and taker != maker, "parties")
        price += source.signed()
        refuse_unless(0 < price <= I64, "price")
        size, id_step, time_step = source.amount(), source.varint(), source.varint()
        refuse_unless(size > 0, "size")
        refuse_unless(number == 0 or id_step > 0, "id")
        trade_id += id_step
        at_ms += time_step
        refuse_unless(trade_id <= U64 and at_ms <= U64, "overflow")
        refuse_unless(at_ms <= batch.to_ms, "window")
        used |= {taker, maker}
        batch.trades.append(Trade(trade_id, taker, maker, sells, price, size, at_ms))
    source.end()
    refuse_unless(len(used) == positions, "unused")


def read_nets(batch: Batch, data: bytes, positions: int) -> None:
    source, fills = Bytes(data, 92), 0
    for _ in range(positions):
        net = [source.signed(), source.signed(), source.signed(), source.amount(), source.varint()]
        refuse_unless(net[4] > 0, "unused")
        fills += net[4]
        refuse_unless(fills <= 2 * batch.trade_count, "fills")
        batch.nets.append(net)
    source.end()
    refuse_unless(fills == 2 * batch.trade_count, "fills")
    size, quote, fee = (sum(net[place] for net in batch.nets) for place in range(3))
    refuse_unless(size == 0 and quote == 0 and fee >= 0, "balance")


def kind_of(data: bytes, positions: int) -> str:
    """The refusal's kind, or `ok`."""
    try:
        read(data, positions)
    except Refused as refused:
        return refused.kind
    return "ok"
