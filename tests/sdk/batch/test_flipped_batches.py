"""One bit changed, or bytes cut off: the SDK refuses what the naive decoder refuses, for the same reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from solders.pubkey import Pubkey

from gdx_sdk.batch import decode_batch
from gdx_sdk.errors import CodecError
from tests.golden.naive_decoder import Batch, Refused, read

LoadGolden = Callable[[str], list[dict[str, Any]]]
MARKET = Pubkey(b"\x05" * 32)
KINDS = {
    "must be 1 or 2": "version",
    "bits 2 to 7 must be 0": "flags",
    "the first sequence is 1": "sequence",
    "must be zeros for sequence 1 and only then": "previous",
    "must be 0 in a heartbeat and only there": "count",
    "must be zeros in a heartbeat": "heartbeat",
    "must be 0 in a heartbeat": "heartbeat",
    "a heartbeat has no entries": "heartbeat",
    "varint must be in its shortest form": "long",
    "varint must fit in u64": "large",
    "must fit in i64": "amount",
    "must differ from the taker": "parties",
    "the price must be positive and fit in i64": "price",
    "must be positive": "size",
    "trade ids must increase": "id",
    "the trade id must fit in u64": "overflow",
    "the time must fit in u64": "overflow",
    "must not pass the header's executed_to": "window",
    "every position account must be used": "unused",
    "no bytes may follow the last entry": "tail",
}
STARTS = {
    "must be at least 92 bytes": "header",
    "data ends after": "cut",
    "must index one of": "parties",
    "the fill counts of a batch must sum": "fills",
    "the size deltas of a batch must sum": "balance",
    "the quote deltas of a batch must sum": "balance",
    "the fees of a batch must not sum": "balance",
}
"""The SDK's rules, and what the vectors call them."""


def kind_of(data: bytes, positions: list[Pubkey]) -> str:
    try:
        decode_batch(data, MARKET, positions)
    except CodecError as refused:
        known = [kind for start, kind in STARTS.items() if refused.rule.startswith(start)]
        return known[0] if known else KINDS[refused.rule]
    return "ok"


def read_naively(data: bytes, positions: int) -> Batch | str:
    try:
        return read(data, positions)
    except Refused as refused:
        return refused.kind


def check(data: bytes, positions: list[Pubkey], label: str) -> str:
    """The SDK's kind is the naive decoder's, and so is what it reads."""
    naive = read_naively(data, len(positions))
    kind = kind_of(data, positions)
    if isinstance(naive, str):
        assert kind == naive, label
        return kind
    assert kind == "ok", label
    found, places = decode_batch(data, MARKET, positions), {key: place for place, key in enumerate(positions)}
    head = (found.header.flags, found.header.relayer_epoch, found.sequence, found.previous_id, found.root)
    assert head == (naive.flags, naive.epoch, naive.sequence, naive.previous_id, naive.root), label
    assert (found.header.executed_from_ms, found.header.executed_to_ms) == (naive.from_ms, naive.to_ms), label
    for fill, trade in zip(found.fills, naive.trades, strict=True):
        parties = (places[fill.taker], places[fill.maker], bool(fill.taker_side))
        assert parties == (trade.taker, trade.maker, trade.taker_sells), label
        assert (fill.trade_id, fill.price_e6) == (trade.trade_id, trade.price_e6), label
        assert (fill.size_e8, fill.executed_at_ms) == (trade.size_e8, trade.executed_at_ms), label
    nets = [
        [net.size_delta_e8, net.quote_delta_atoms, net.fee_atoms, net.turnover_atoms, net.fill_count]
        for net in found.entries
    ]
    assert nets == naive.nets, label
    return kind


def cases(load_golden: LoadGolden) -> Iterator[tuple[dict[str, Any], bytes, list[Pubkey]]]:
    for case in load_golden("batch_flips.json"):
        yield case, bytes.fromhex(case["data"]), [Pubkey(bytes.fromhex(key)) for key in case["positions"]]


def test_every_flipped_bit_and_every_length(load_golden: LoadGolden) -> None:
    for case, data, positions in cases(load_golden):
        for at, letter in enumerate(case["bits"]):
            flipped = bytearray(data)
            flipped[at // 8] ^= 1 << at % 8
            assert kind_of(bytes(flipped), positions) == case["letters"][letter], f"bit {at} of {data.hex()}"
        for length, letter in enumerate(case["cuts"]):
            found = kind_of(data[:length], positions)
            assert found == case["letters"][letter], f"{length} bytes of {data.hex()}"


@pytest.mark.parametrize("seed", range(3))
def test_every_value_of_a_byte(load_golden: LoadGolden, seed: int) -> None:
    """What a change leaves valid is read as the naive decoder reads it, to the last field."""
    random, seen = Random(seed), set()
    for _, data, positions in cases(load_golden):
        for place in (78, *random.sample(range(80, len(data)), 11)):
            for value in range(256):
                changed = data[:place] + bytes([value]) + data[place + 1 :]
                seen.add(check(changed, positions, f"seed {seed}: byte {place} = {value} of {data.hex()}"))
    assert seen >= {"ok", "cut", "parties", "fills", "balance", "tail"}, seed


@pytest.mark.parametrize("seed", range(6))
def test_bytes_put_in_and_taken_out(load_golden: LoadGolden, seed: int) -> None:
    random, bases = Random(seed), list(cases(load_golden))
    for number in range(400):
        _, data, positions = random.choice(bases)
        changed = bytearray(data)
        for _ in range(random.randrange(1, 6)):
            place = random.randrange(78, len(changed) + 1)
            long = [0x80] * random.randrange(12) + [random.randrange(256)]
            changed[place : place + random.randrange(3)] = bytes(random.choice([long, [0xFF] * 9, [1], []]))
        check(bytes(changed), positions[: random.randrange(len(positions) + 1)], f"seed {seed}, {number}")
