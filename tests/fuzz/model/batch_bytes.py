"""Reading a batch's bytes, one rule after the other; `Refused` names the error and the entry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.golden import naive_batch
from tests.programs.position_mgmt.model import Refused

from .money import I64_MAX, U64_MAX

ENTRIES, FLUSH, HEARTBEAT = 92, 1, 2


@dataclass(frozen=True)
class Header:
    version: int
    flags: int
    epoch: int
    sequence: int
    previous_id: bytes
    root: bytes
    trade_count: int
    from_ms: int
    to_ms: int
    entries: bytes

    @property
    def is_heartbeat(self) -> bool:
        return bool(self.flags & HEARTBEAT)


@dataclass(frozen=True)
class Net:
    size: int
    quote: int
    fee: int
    turnover: int
    fills: int

    def plus(self, size: int, quote: int, fee: int, turnover: int) -> Net:
        """With one more fill."""
        return Net(
            self.size + size, self.quote + quote, self.fee + fee, self.turnover + turnover, self.fills + 1
        )


NOTHING = Net(0, 0, 0, 0, 0)


def version_of(data: bytes) -> int:
    if not data:
        raise Refused("BatchMalformed")
    if data[0] not in (1, 2):
        raise Refused("InvalidBatchVersion")
    return data[0]


def header_of(data: bytes) -> Header:
    version = version_of(data)
    if len(data) < ENTRIES:
        raise Refused("BatchMalformed")
    number = lambda at, size: int.from_bytes(data[at : at + size], "little")  # noqa: E731 - local shorthand
    start = number(80, 8)
    end = min(start + number(88, 4), U64_MAX)
    found = Header(
        version, data[1], number(2, 4), number(6, 8), data[14:46], data[46:78], number(78, 2), start, end,
        data[ENTRIES:],
    )  # fmt: skip
    zeros = bytes(32)
    is_sound = (
        found.flags <= FLUSH | HEARTBEAT
        and found.sequence > 0
        and (found.sequence == 1) == (found.previous_id == zeros)
        and found.is_heartbeat == (found.trade_count == 0)
    )
    is_empty = found.root == zeros and number(88, 4) == 0 and not found.entries
    if not is_sound or (found.is_heartbeat and not is_empty):
        raise Refused("BatchMalformed")
    return found


class Reader:
    """Bytes from the front; any refusal names `place`."""

    def __init__(self, data: bytes) -> None:
        self.data, self.place = data, ""

    def require(self, is_so: bool) -> None:
        if not is_so:
            raise Refused("BatchMalformed", self.place)

    def byte(self) -> int:
        self.require(len(self.data) > 0)
        first, self.data = self.data[0], self.data[1:]
        return first

    def varint(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
            self.require(shift < 70)
        self.require(value <= U64_MAX and (byte > 0 or shift == 7))
        return value

    def signed(self) -> int:
        value = self.varint()
        return value // 2 if value % 2 == 0 else -(value + 1) // 2

    def amount(self) -> int:
        value = self.varint()
        self.require(value <= I64_MAX)
        return value


def trades_of(header: Header, positions: list[bytes]) -> Iterator[naive_batch.NaiveTrade]:
    """Trades of a V1 batch, without fees."""
    reader = Reader(header.entries)
    price = trade_id = 0
    at_ms = header.from_ms
    for number in range(header.trade_count):
        reader.place = f"trade {number}"
        first, maker = reader.byte(), reader.byte()
        taker, is_selling = first & 127, first >= 128
        reader.require(maker < 128 and max(taker, maker) < len(positions) and taker != maker)
        price += reader.signed()
        reader.require(0 < price <= I64_MAX)
        size = reader.amount()
        id_step, time_step = reader.varint(), reader.varint()
        reader.require(size > 0 and (id_step > 0 or number == 0))
        trade_id, at_ms = trade_id + id_step, at_ms + time_step
        reader.require(trade_id <= U64_MAX and at_ms <= header.to_ms)
        yield naive_batch.NaiveTrade(
            trade_id, positions[taker], positions[maker], is_selling, price, size, 0, 0, at_ms
        )
    reader.place = f"trade {header.trade_count}"
    reader.require(not reader.data)


def nets_of(header: Header, count: int) -> Iterator[Net]:
    """Entries of a V2 batch of `count` position accounts."""
    reader = Reader(header.entries)
    left = 2 * header.trade_count
    for number in range(count):
        reader.place = f"entry {number}"
        net = Net(reader.signed(), reader.signed(), reader.signed(), reader.amount(), reader.varint())
        left -= net.fills
        reader.require(net.fills > 0 and left >= 0)
        yield net
    reader.place = ""
    reader.require(not reader.data and left == 0)
