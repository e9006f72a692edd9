"""settle_batch: bytes that are no batch. A named error each, never a panic or a spent compute budget."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

import pytest
from solders.account import Account
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from gdx_sdk.batch import SealedBatch, decode_batch
from gdx_sdk.batch.varint import encode_varint, zigzag
from gdx_sdk.errors import CodecError
from tests.programs.harness.chain import Chain
from tests.programs.harness.codec import SYSTEM, idl
from tests.programs.harness.failures import describe

from .batch_bytes import ENTRIES, EPOCH, entries_of, id_of, names, raw, with_entries
from .market import V1, V2, Market, batch_address

PRICE_E6 = 50_000 * 10**6
MAX_UNITS = 60_000  # no batch of three trades costs more, whether it is refused or settled
"""A refused batch of three trades costs no more than this; a settled one costs half of it."""
VERSIONS = pytest.mark.parametrize("version", [V1, V2])


@pytest.fixture
def batches(market: Market) -> dict[int, SealedBatch]:
    """A valid batch of each version, not the market's first: three trades among three positions."""
    one, two, three = market.traders(3)
    market.settled(V1, market.trade(one, two, 1_000_000))
    trades = [market.trade(one, two, 70_001), market.trade(three, one, 300, price_e6=50_003 * 10**6)]
    trades.append(market.trade(two, three, 5 * 10**6, price_e6=49_999_999_999))
    return {version: market.seal(version, *trades) for version in (V1, V2)}


def units_of(logs: list[str]) -> int:
    consumed = [found for line in logs if (found := re.match(r"Program 8Gn\w+ consumed (\d+) of", line))]
    return int(consumed[-1][1])


def refused_as_malformed(market: Market, data: bytes, batch: SealedBatch, label: str = "") -> list[str]:
    try:
        logs = market.chain.refused(raw(market, data, batch.positions), error="BatchMalformed")
    except AssertionError as failure:
        raise AssertionError(f"{label}: {failure}") from failure
    assert units_of(logs) <= MAX_UNITS, label
    return logs


@VERSIONS
def test_a_vector_whose_length_lies(market: Market, batches: dict[int, SealedBatch], version: int) -> None:
    """More than is there, and more than memory holds: refused before memory is taken for it."""
    batch = batches[version]
    call = market.settle(batch).instruction
    data, length = bytes(call.data), int.from_bytes(bytes(call.data)[8:12], "little")
    assert length == len(data) - 12
    claims = [length + 1, 1_232, 10_240, 10_241, 32_768, 2**20 - 1, 2**20, 2**31, 2**32 - 1]
    for claimed in claims:
        for rest in (data[12:], b""):
            lying = data[:8] + claimed.to_bytes(4, "little") + rest
            step = Instruction(call.program_id, lying, call.accounts)
            logs = market.chain.refused(step, error="InstructionDidNotDeserialize")
            assert units_of(logs) <= MAX_UNITS, claimed
    market.chain.send(market.settle(batch))


@VERSIONS
def test_every_truncation(market: Market, batches: dict[int, SealedBatch], version: int) -> None:
    batch = batches[version]
    data = batch.encode(EPOCH)
    for length in range(len(data)):
        refused_as_malformed(market, data[:length], batch, f"{length} of {len(data)} bytes")
    market.chain.send(market.settle(batch))


@VERSIONS
def test_bytes_after_the_last_entry(market: Market, batches: dict[int, SealedBatch], version: int) -> None:
    batch = batches[version]
    data = batch.encode(EPOCH)
    for tail in (b"\0", b"\1", b"\x80", bytes(64), data[ENTRIES:]):
        refused_as_malformed(market, data + tail, batch, tail.hex())


class Rewind:
    """Puts back what a batch that settles changes, so that the next one meets the same market."""

    def __init__(self, market: Market, keys: list[Pubkey]) -> None:
        self.chain = market.chain
        watched = [market.key, market.exchange.relayer, *keys]
        self.accounts = {key: self.chain.account(key) for key in watched}

    def undo(self, record: Pubkey) -> None:
        for key, account in self.accounts.items():
            assert account is not None
            self.chain.svm.set_account(key, account)
        self.chain.svm.set_account(record, Account(0, b"", SYSTEM, False, 0))


def check_attempt(market: Market, data: bytes, batch: SealedBatch, rewind: Rewind, label: str) -> str:
    """Settled bytes are what the SDK reads too, and leave sound books; others get a named error."""
    failure, logs = market.chain.attempt(raw(market, data, batch.positions))
    assert units_of(logs) <= MAX_UNITS, label
    try:
        decode_batch(data, market.key, batch.positions)
        is_readable = True
    except CodecError:
        is_readable = False
    if failure is None:
        assert is_readable, f"{label}: settled, though the SDK refuses to read it"
        market.check_books()
        rewind.undo(batch_address(id_of(data, market.key)))
        return "settled"
    assert failure.raiser == "position_mgmt", f"{label}: {describe(failure)}"
    assert failure.code in idl("position_mgmt").errors.values(), f"{label}: {describe(failure)}"
    name = describe(failure).removeprefix("position_mgmt.")
    if name == "BatchMalformed":
        assert not is_readable, f"{label}: the SDK reads what the program calls malformed"
    return name


@VERSIONS
def test_every_flipped_bit(market: Market, batches: dict[int, SealedBatch], version: int) -> None:
    batch = batches[version]
    data, rewind = batch.encode(EPOCH), Rewind(market, list(batch.positions))
    outcomes: dict[str, set[int]] = {}
    for place in range(len(data)):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[place] ^= 1 << bit
            name = check_attempt(market, bytes(flipped), batch, rewind, f"bit {bit} of byte {place}")
            outcomes.setdefault(name, set()).add(place)
    # V1's root binds every byte but the flags and a longer window of time; V2's root and claims are the
    # relayer's word.
    settled = outcomes["settled"]
    assert {1} <= settled <= {1, *range(88, 92)} if version == V1 else {1, 46, 77} <= settled
    chained = {"BatchOutOfOrder", "BatchPreviousMismatch"}
    assert chained | {"InvalidBatchVersion", "WrongEpoch", "BatchMalformed"} <= set(outcomes)
    market.chain.send(market.settle(batch))


@VERSIONS
def test_random_bytes_behind_a_valid_header(
    market: Market, batches: dict[int, SealedBatch], version: int
) -> None:
    for seed in range(300):
        random, batch = Random(seed), batches[version]
        data, rewind = batch.encode(EPOCH), Rewind(market, list(batch.positions))
        changed = bytearray(data)
        for _ in range(random.randrange(1, 5)):
            place = random.randrange(ENTRIES, len(changed))
            action = random.randrange(3)
            if action == 0:
                changed[place] = random.randrange(256)
            elif action == 1:
                changed[place:place] = random.randbytes(random.randrange(1, 12))
            else:
                del changed[place : place + random.randrange(1, 4)]
            if len(changed) <= ENTRIES:
                break
        check_attempt(market, bytes(changed), batch, rewind, f"seed {seed}")


LONGEST = bytes([0xFF] * 9 + [0x01])  # 2^64 − 1
VARINTS = {
    "not minimal": bytes([0x81, 0x00]),
    "zero, not minimal": bytes([0x80, 0x00]),
    "not minimal in ten bytes": bytes([0x81] + [0x80] * 8 + [0x00]),
    "above u64": bytes([0xFF] * 9 + [0x02]),
    "eleven bytes": bytes([0x80] * 10 + [0x01]),
    "no end": bytes([0xFF] * 12),
}


def v1_entries(**fields: bytes) -> bytes:
    """Two V1 entries as bytes; fields of the second replaced."""
    first = b"\0\1" + encode_varint(zigzag(PRICE_E6)) + b"\x0a\1\0"
    second = {"taker": b"\1", "maker": b"\0", "price": b"\0", "size": b"\x0a", "id": b"\1", "time": b"\0"}
    assert set(fields) <= set(second)
    return first + b"".join((second | fields).values())


def v1_cases() -> Iterator[tuple[str, bytes, str]]:
    """Label, entries and the sentence that the log gives."""
    parties = "taker and maker must index two of the positions"
    for label, fields in (
        ("taker beyond the positions", {"taker": b"\2"}),
        ("taker far beyond", {"taker": b"\x7f"}),
        ("selling taker beyond", {"taker": b"\x82"}),
        ("maker beyond the positions", {"maker": b"\2"}),
        ("bit 7 of the maker", {"maker": b"\x80"}),
        ("taker is maker", {"maker": b"\1"}),
        ("selling taker is maker", {"taker": b"\x80", "maker": b"\0"}),
    ):
        yield label, v1_entries(**fields), parties
    price = "a price must be positive and fit in i64"
    yield "price of zero", v1_entries(price=encode_varint(zigzag(-PRICE_E6))), price
    yield "negative price", v1_entries(price=LONGEST), price
    yield "price above i64", v1_entries(price=bytes([0xFE] + [0xFF] * 8 + [0x01])), price
    yield "size of zero", v1_entries(size=b"\0"), "a size must be positive"
    yield "size of 2^63", v1_entries(size=bytes([0x80] * 9 + [0x01])), "an amount must fit in i64"
    yield "size of 2^64 − 1", v1_entries(size=LONGEST), "an amount must fit in i64"
    yield "trade id twice", v1_entries(id=b"\0"), "trade ids must increase"
    fits = "a trade id or time does not fit in u64"
    yield "trade id above u64", v1_entries(id=LONGEST), fits
    yield "time above u64", v1_entries(time=LONGEST), fits
    yield "time after the window", v1_entries(time=b"\1"), "a trade lies after the batch's last time"
    for field in ("price", "size", "id", "time"):
        for label, varint in VARINTS.items():
            yield f"{field} {label}", v1_entries(**{field: varint}), ""


def test_v1_entries_that_break_a_rule(market: Market, chain: Chain) -> None:
    one, two = market.traders(2)
    batch = market.seal(V1, market.trade(one, two, 10), market.trade(two, one, 10))
    assert entries_of(batch) == v1_entries(), "the trades below are those of the batch"
    for label, entries, sentence in v1_cases():
        logs = refused_as_malformed(market, with_entries(batch, entries).encode(EPOCH), batch, label)
        assert names(logs, "trade 1"), label
        assert not sentence or f"Program log: {sentence}" in logs, (label, logs)
    chain.send(market.settle(batch))


@pytest.mark.parametrize("field", range(5), ids=["size", "quote", "fee", "turnover", "fills"])
def test_v2_varints_that_break_a_rule(
    market: Market, batches: dict[int, SealedBatch], chain: Chain, field: int
) -> None:
    batch = batches[V2]
    entries = entries_of(batch)
    starts = [0, *[at + 1 for at, byte in enumerate(entries) if byte < 0x80]]
    start, end = starts[5 + field], starts[6 + field]
    for label, varint in VARINTS.items():
        changed = with_entries(batch, entries[:start] + varint + entries[end:])
        logs = refused_as_malformed(market, changed.encode(EPOCH), batch, label)
        assert names(logs, "entry 1"), label
    chain.send(market.settle(batch))


def test_counts_that_lie(market: Market, batches: dict[int, SealedBatch]) -> None:
    for batch in batches.values():
        data = batch.encode(EPOCH)
        for count in (0, 1, 2, 4, 5, 255, 2**16 - 1):
            lying = data[:78] + count.to_bytes(2, "little") + data[80:]
            refused_as_malformed(market, lying, batch, f"{count} trades")
