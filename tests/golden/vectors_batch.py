"""Golden vectors of batches: Merkle trees, annotated V1 and V2 bytes, refused bytes, and a chain of ids."""

from __future__ import annotations

from hashlib import sha256
from random import Random
from typing import Any

import naive_money
from naive_batch import NaiveTrade, batch_id, encode, proof_of, root_of
from naive_decoder import KINDS, kind_of

Case = dict[str, Any]
MARKET = sha256(b"gdx/golden/market").digest()
TAKER_PPM, MAKER_PPM = 500, -100
START_MS = 1_767_225_600_000


def files() -> dict[str, dict[str, Any]]:
    """File name → content."""
    return {
        "merkle": {"about": "leaves, roots and proofs", "cases": _merkle(Random("gdx/merkle"))},
        "batch_v1": {"about": "every trade, annotated", "cases": _batches(1, Random("gdx/batch_v1"))},
        "batch_v2": {"about": "net per position, annotated", "cases": _batches(2, Random("gdx/batch_v2"))},
        "batch_refused": {
            "about": "bytes that must be refused, and why",
            "cases": _refused(Random("gdx/refused")),
        },
        "batch_flips": {
            "about": "what becomes of valid batches with one bit changed, or cut short",
            "cases": _flips(Random("gdx/flips")),
        },
        "batch_ids": {"about": "one market's chain of batches", "cases": _chain(Random("gdx/batch_ids"))},
    }


def make_trades(
    rng: Random, count: int, positions: list[bytes], *, first_id: int = 1, start_ms: int = START_MS
) -> list[NaiveTrade]:
    """Trades with rising ids, times that do not fall, and the fees a program would compute."""
    trades, trade_id, at_ms, price = [], first_id, start_ms, rng.randint(10**7, 10**11)
    for _ in range(count):
        taker, maker = rng.sample(positions, 2)
        price = max(1, price + rng.randint(-(price // 200) - 1, price // 200 + 1))
        size = rng.choice([1, rng.randint(1, 10**6), rng.randint(10**6, 10**9)])
        trade = NaiveTrade(trade_id, taker, maker, rng.random() < 0.5, price, size, 0, 0, at_ms)
        trade.taker_fee_atoms = naive_money.fee(trade.notional, TAKER_PPM)
        trade.maker_fee_atoms = naive_money.fee(trade.notional, MAKER_PPM)
        trades.append(trade)
        trade_id += rng.choice([1, 1, 1, rng.randint(2, 1000)])
        at_ms += rng.choice([0, 1, rng.randint(0, 5_000)])
    return trades


def make_positions(rng: Random, count: int) -> list[bytes]:
    """Random addresses, in no order."""
    return [rng.randbytes(32) for _ in range(count)]


def trade_json(trade: NaiveTrade) -> Case:
    """A trade with its leaf."""
    return {
        "trade_id": str(trade.trade_id),
        "taker": trade.taker.hex(),
        "maker": trade.maker.hex(),
        "taker_side": "sell" if trade.taker_sells else "buy",
        "price_e6": str(trade.price_e6),
        "size_e8": str(trade.size_e8),
        "taker_fee_atoms": str(trade.taker_fee_atoms),
        "maker_fee_atoms": str(trade.maker_fee_atoms),
        "executed_at_ms": str(trade.executed_at_ms),
        "leaf": trade.leaf(MARKET).hex(),
    }


def _merkle(rng: Random) -> list[Case]:
    cases = []
    for count in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 33]:
        leaves = [rng.randbytes(32) for _ in range(count)]
        proofs = [[node.hex() for node in proof_of(leaves, index)] for index in range(count)]
        cases.append(
            {"leaves": [leaf.hex() for leaf in leaves], "root": root_of(leaves).hex(), "proofs": proofs}
        )
    return cases


def _batches(version: int, rng: Random) -> list[Case]:
    cases = []
    for count, players in [(1, 2), (2, 2), (3, 4), (5, 3), (18, 12), (40, 20)]:
        trades = make_trades(rng, count, make_positions(rng, players), first_id=rng.choice([1, 10**6]))
        sequence = rng.choice([1, rng.randint(2, 2**40)])
        previous = bytes(32) if sequence == 1 else rng.randbytes(32)
        cases.append(_case(version, sequence, previous, trades, epoch=rng.randint(0, 9), flags=count % 2))
    wide = NaiveTrade(2**63, rng.randbytes(32), rng.randbytes(32), True, 2**63 - 1, 1, 0, 0, START_MS)
    wide.taker_fee_atoms = naive_money.fee(wide.notional, TAKER_PPM)
    wide.maker_fee_atoms = naive_money.fee(wide.notional, MAKER_PPM)
    cases.append(_case(version, 2**64 - 1, rng.randbytes(32), [wide], epoch=2**32 - 1))
    cases.append(_case(version, 7, rng.randbytes(32), [], epoch=3, flags=2))
    return cases


def _case(
    version: int, sequence: int, previous: bytes, trades: list[NaiveTrade], *, epoch: int, flags: int = 0
) -> Case:
    out, positions = encode(
        version, MARKET, sequence, previous, trades, epoch=epoch, flags=flags, at_ms=START_MS
    )
    return {
        "version": version,
        "market": MARKET.hex(),
        "sequence": str(sequence),
        "previous_id": previous.hex(),
        "flags": flags,
        "relayer_epoch": str(epoch),
        "taker_fee_ppm": str(TAKER_PPM),
        "maker_fee_ppm": str(MAKER_PPM),
        "executed_from_ms": str(trades[0].executed_at_ms if trades else START_MS),
        "trades": [trade_json(trade) for trade in trades],
        "positions": [position.hex() for position in positions],
        "data": out.data.hex(),
        "batch_id": batch_id(MARKET, out.data).hex(),
        "annotated": out.notes,
    }


def _chain(rng: Random) -> list[Case]:
    """V1, then V2, a heartbeat in between: each batch names the one before by its id."""
    cases: list[Case] = []
    positions, previous, next_id = make_positions(rng, 6), bytes(32), 1
    for sequence in range(1, 9):
        version = 1 if sequence <= 4 else 2
        count = 0 if sequence == 3 else rng.randint(1, 6)
        trades = make_trades(rng, count, positions, first_id=next_id)
        next_id = trades[-1].trade_id + 1 if trades else next_id
        case = _case(version, sequence, previous, trades, epoch=1, flags=0 if trades else 2)
        del case["annotated"]
        previous = bytes.fromhex(case["batch_id"])
        cases.append(case)
    return cases


def _refused(rng: Random) -> list[Case]:
    trades = make_trades(rng, 3, make_positions(rng, 3))
    good = {version: encode(version, MARKET, 2, b"\x07" * 32, trades, epoch=1) for version in (1, 2)}
    (first, positions), (second, _) = good[1], good[2]
    beat, _ = encode(1, MARKET, 2, b"\x07" * 32, [], epoch=1, flags=2)
    one, two = first.data, second.data
    spots = {note["field"]: note["offset"] for note in first.notes}
    entry = {note["field"]: note["offset"] for note in second.notes}

    def put(data: bytes, offset: int, value: bytes) -> bytes:
        return data[:offset] + value + data[offset + len(value) :]

    def case(why: str, data: bytes, keys: list[bytes]) -> Case:
        return {
            "why": why,
            "data": data.hex(),
            "market": MARKET.hex(),
            "positions": [key.hex() for key in keys],
        }

    taker = one[spots["trade[0].taker"]]
    size_start, size_end = spots["trade[0].size_e8"], spots["trade[0].trade_id_delta"]
    longer = one[size_start : size_end - 1] + bytes([one[size_end - 1] | 0x80, 0])
    fill_count = entry["entry[0].fill_count"]
    return [
        case("no bytes", b"", positions),
        case("header cut short", one[:91], positions),
        case("version 0", put(one, 0, b"\x00"), positions),
        case("version 3", put(one, 0, b"\x03"), positions),
        case("unknown flag", put(one, 1, b"\x04"), positions),
        case("sequence 0", put(one, 6, bytes(8)), positions),
        case("no previous id at sequence 2", put(one, 14, bytes(32)), positions),
        case("a previous id at sequence 1", put(one, 6, b"\x01"), positions),
        case("no trades without the heartbeat flag", put(beat.data, 1, b"\x00"), []),
        case("a heartbeat with a root", put(beat.data, 46, b"\x01"), []),
        case("a heartbeat with a time window", put(beat.data, 88, b"\x01"), []),
        case("a heartbeat with a position account", beat.data, positions[:1]),
        case("a heartbeat with an entry", beat.data + b"\x00", []),
        case("trades under the heartbeat flag", put(one, 1, b"\x02"), positions),
        case("entries cut short", one[:-1], positions),
        case("a trailing byte", one + b"\x00", positions),
        case(
            "taker beyond the positions", put(one, spots["trade[0].taker"], bytes([taker | 0x7F])), positions
        ),
        case("bit 7 of the maker", put(one, spots["trade[0].maker"], b"\x80"), positions),
        case("taker is maker", put(one, spots["trade[0].maker"], bytes([taker & 0x7F])), positions),
        case("size 0", one[:size_start] + b"\x00" + one[size_end:], positions),
        case("a longer varint than needed", one[:size_start] + longer + one[size_end:], positions),
        case("a varint above u64", one[:size_start] + b"\xff" * 9 + b"\x02" + one[size_end:], positions),
        case("a trade id twice", put(one, spots["trade[1].trade_id_delta"], b"\x00"), positions),
        case("a trade after the window", put(one, 88, bytes(4)), positions),
        case("positions out of order", one, positions[::-1]),
        case("a position twice", two, [positions[0], *positions[:-1]]),
        case("a position that no trade uses", one, sorted([*positions, b"\xff" * 32])),
        case("one entry too few", two, positions[:-1]),
        case("one position too many", two, sorted([*positions, b"\xff" * 32])),
        case("V2 with a trailing byte", two + b"\x00", positions),
        case("sizes do not sum to 0", put(two, 92, bytes([two[92] ^ 2])), positions),
        case("quotes do not sum to 0", _bump(two, entry["entry[0].quote_delta_atoms"]), positions),
        case("fill counts do not match", put(two, fill_count, bytes([two[fill_count] + 1])), positions),
        case("an entry without fills", put(two, fill_count, b"\x00"), positions),
    ]


def _bump(data: bytes, offset: int) -> bytes:
    """`data` with the zig-zag varint at `offset` off by one."""
    return data[:offset] + bytes([data[offset] ^ 2]) + data[offset + 1 :]


LETTERS = dict(zip(("ok", *KINDS), ".abcdefghijklmnopqrstuvwxyz", strict=False))


def _flips(rng: Random) -> list[Case]:
    """Each batch with an outcome, one letter, for each bit changed and for each length it is cut to."""
    cases = []
    for version, count, players in [(1, 1, 2), (1, 3, 3), (1, 8, 5), (2, 1, 2), (2, 3, 3), (2, 8, 5), (1, 0, 0)]:
        keys = make_positions(rng, players)
        trades = make_trades(rng, count, keys) if count else []
        previous = rng.randbytes(32)
        case = _case(version, rng.randint(2, 2**30), previous, trades, epoch=3, flags=0 if trades else 2)
        del case["annotated"]
        data, positions = bytes.fromhex(case["data"]), len(case["positions"])
        bits = (LETTERS[kind_of(data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :], positions)]
                for at in range(len(data)) for bit in range(8))
        cuts = (LETTERS[kind_of(data[:length], positions)] for length in range(len(data)))
        letters = {letter: kind for kind, letter in LETTERS.items()}
        cases.append(case | {"letters": letters, "bits": "".join(bits), "cuts": "".join(cuts)})
    return cases
