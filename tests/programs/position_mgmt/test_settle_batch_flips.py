"""settle_batch: golden batches with changed bytes, against the naive decoder.

`GDX_EXHAUSTIVE=1` (`make flips`) tries all 255 other values of every byte instead of its bits.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from solders.account import Account
from solders.pubkey import Pubkey

from gdx_sdk.batch.varint import encode_varint, zigzag
from tests.golden import naive_batch, naive_money
from tests.golden.naive_decoder import Batch, Refused, read
from tests.programs.harness.codec import SYSTEM, idl
from tests.programs.harness.failures import describe

from .batch_bytes import ENTRIES, id_of, raw
from .golden_market import cases, planted
from .market import Market, Trader, batch_address

KINDS = {
    "the batch is empty": "header",
    "the header is cut short": "header",
    "only flag bits 0 and 1 exist": "flags",
    "the first sequence is 1": "sequence",
    "the previous id must be zeros for sequence 1 and only then": "previous",
    "the trade count must be 0 in a heartbeat and only there": "count",
    "root and duration of a heartbeat must be 0": "heartbeat",
    "a heartbeat has no entries": "heartbeat",
    "the entries are cut short": "cut",
    "a varint must be in its shortest form": "long",
    "a varint must fit in u64": "large",
    "an amount must fit in i64": "amount",
    "taker and maker must index two of the positions": "parties",
    "a price must be positive and fit in i64": "price",
    "a size must be positive": "size",
    "trade ids must increase": "id",
    "a trade id or time does not fit in u64": "overflow",
    "a trade lies after the batch's last time": "window",
    "every position account must be used": "unused",
    "the fill counts must sum to twice the trade count": "fills",
    "no bytes may follow the last entry": "tail",
}
"""What the program says of malformed bytes, and what the naive decoder calls it."""
OTHERS = {"version": "InvalidBatchVersion", "unused": "BadPositionAccounts", "balance": "BatchNotBalanced"}
FORMAT = {"BatchMalformed", *OTHERS.values()}
UNITS = 1_400_000


class Twin:
    """A golden market that is put back after each batch which settles."""

    def __init__(self, market: Market, trader: Trader, case: dict[str, Any]) -> None:
        planted(market, trader, case)
        self.market, self.chain = market, market.chain
        self.positions = [Pubkey.from_bytes(bytes.fromhex(key)) for key in case["positions"]]
        watched = [market.key, market.exchange.relayer, *self.positions]
        self.accounts = {key: self.chain.account(key) for key in watched}
        self.before = self._state()
        self.seen: Counter[str] = Counter()

    def attempt(self, data: bytes, label: str) -> str:
        """Send `data`: what settles is what the naive decoder reads, what is refused has a named reason."""
        naive = self._naive(data)
        failure, logs = self.chain.attempt(raw(self.market, data, self.positions))
        if failure is None:
            assert isinstance(naive, Batch), f"{label}: settled, though it is malformed: {naive}"
            self._check_settled(data, naive, label)
            self._rewind(data)
            self.seen["settled"] += 1
            return "settled"
        assert failure.raiser == "position_mgmt", f"{label}: {describe(failure)}"
        assert failure.code in idl("position_mgmt").errors.values(), f"{label}: {describe(failure)}"
        name = describe(failure).removeprefix("position_mgmt.")
        said = [KINDS[line[13:]] for line in logs if line[13:] in KINDS]
        assert len(said) == (name == "BatchMalformed"), (label, logs)
        kind = said[0] if said else {error: kind for kind, error in OTHERS.items()}.get(name)
        expected = naive if isinstance(naive, str) else None
        if name == "BatchNotBalanced" and isinstance(naive, Batch):
            assert self._is_underpaid(naive), label
            expected = "balance"
        # An entry, the epoch or the chain's order may be wrong before the malformed bytes are reached.
        assert kind == expected or name not in FORMAT, (
            f"{label}: {name} {said}, the naive decoder: {expected}"
        )
        self.seen[name] += 1
        return name

    def _naive(self, data: bytes) -> Batch | str:
        try:
            return read(data, len(self.positions))
        except Refused as refused:
            return refused.kind

    def _check_settled(self, data: bytes, naive: Batch, label: str) -> None:
        """Sizes, money, fees, chain of batches and record: to the last unit what the bytes say."""
        market, positions = self._state()
        market_before, before = self.before
        batch_id = naive_batch.batch_id(bytes(self.market.key), data)
        assert (market.last_batch_sequence, market.last_batch_id) == (naive.sequence, batch_id), label
        rates = market.taker_fee, market.maker_fee
        nets = naive.nets or _nets(naive, len(positions), rates)
        assert not self._is_underpaid(naive), label
        for old, new, (size, quote, fee, *_) in zip(before, positions, nets, strict=True):
            assert new.size - old.size == size, label
            worth = new.collateral - new.cost_atoms - (old.collateral - old.cost_atoms)
            assert worth == -quote - fee, label
        fees = sum(fee for _, _, fee, *_ in nets)
        assert market.accrued_fees_atoms - market_before.accrued_fees_atoms == fees, label
        record = self.chain.read(batch_address(batch_id))
        assert (record.merkle_root, record.trade_count) == (naive.root, naive.trade_count), label
        if naive.version == 1:
            assert naive.root == naive_batch.root_of(
                _leaves(naive, self.market.key, self.positions, rates)
            ), label

    def _is_underpaid(self, batch: Batch) -> bool:
        """Whether a V2 batch claims less in fees than both rates make of its turnover."""
        market, _ = self.before
        fees, turnover = (sum(net[place] for net in batch.nets) for place in (2, 3))
        return bool(2 * fees * 10**6 < turnover * (market.taker_fee + market.maker_fee))

    def _state(self) -> tuple[Any, list[Any]]:
        return self.market.read(), [self.chain.read(key) for key in self.positions]

    def _rewind(self, data: bytes) -> None:
        for key, account in self.accounts.items():
            assert account is not None
            self.chain.svm.set_account(key, account)
        record = batch_address(id_of(data, self.market.key))
        self.chain.svm.set_account(record, Account(0, b"", SYSTEM, False, 0))


def _fees(price_e6: int, size_e8: int, rates: tuple[int, int]) -> tuple[int, int, int]:
    notional = naive_money.notional(price_e6, size_e8)
    return notional, naive_money.fee(notional, rates[0]), naive_money.fee(notional, rates[1])


def _nets(batch: Batch, positions: int, rates: tuple[int, int]) -> list[list[int]]:
    """Size, quote and fee per position of a V1 batch."""
    nets = [[0, 0, 0] for _ in range(positions)]
    for trade in batch.trades:
        notional, taker_fee, maker_fee = _fees(trade.price_e6, trade.size_e8, rates)
        sign = -1 if trade.taker_sells else 1
        for place, direction, fee in ((trade.taker, sign, taker_fee), (trade.maker, -sign, maker_fee)):
            for at, amount in enumerate((direction * trade.size_e8, direction * notional, fee)):
                nets[place][at] += amount
    return nets


def _leaves(batch: Batch, market: Pubkey, keys: list[Pubkey], rates: tuple[int, int]) -> list[bytes]:
    leaves = []
    for trade in batch.trades:
        _, taker_fee, maker_fee = _fees(trade.price_e6, trade.size_e8, rates)
        parties = bytes(keys[trade.taker]), bytes(keys[trade.maker]), trade.taker_sells
        terms = trade.price_e6, trade.size_e8, taker_fee, maker_fee, trade.executed_at_ms
        leaves.append(naive_batch.NaiveTrade(trade.trade_id, *parties, *terms).leaf(bytes(market)))
    return leaves


def changes(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Every bit of every byte, or every value of every byte; and every length."""
    masks = range(1, 256) if os.environ.get("GDX_EXHAUSTIVE") else [1 << bit for bit in range(8)]
    for place in range(len(data)):
        for mask in masks:
            yield f"byte {place} ^ {mask}", data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :]
    for length in range(len(data)):
        yield f"{length} of {len(data)} bytes", data[:length]
    for tail in (b"\0", b"\1", b"\x80", bytes(64), data[ENTRIES:]):
        yield f"followed by {tail.hex()}", data + tail


def label_of(case: dict[str, Any]) -> str:
    return f"v{case['version']}-{len(case['trades'])}-trades"


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("case", cases("batch_flips"), ids=label_of)
def test_every_changed_byte(market: Market, alice: Trader, case: dict[str, Any]) -> None:
    data, twin = bytes.fromhex(case["data"]), Twin(market, alice, case)
    assert twin.attempt(data, "unchanged") == "settled"
    for label, changed in changes(data):
        if changed != data:
            twin.attempt(changed, label)
    print(dict(twin.seen))
    chained = {"BatchOutOfOrder", "BatchPreviousMismatch", "WrongEpoch", "InvalidBatchVersion", "settled"}
    assert chained | {"BatchMalformed"} <= set(twin.seen)


EXTREMES = [0, 1, -1, 10**8, -(10**8), 2**62, -(2**62), 2**63 - 1, 1 - 2**63, -(2**63)]
AMOUNTS = [0, 1, 10**6, 2**62, 2**63 - 1, 2**63, 2**64 - 1]


def _i64(value: int) -> int:
    return max(min(value, 2**63 - 1), -(2**63))


def extreme_entries(random: Random, price_e6: int) -> tuple[bytes, int]:
    """Entries of three positions with amounts at the edges, most of them balanced; and a trade count."""
    sizes = [random.choice(EXTREMES) for _ in range(2)]
    sizes.append(
        max(min(-sum(sizes), 2**63 - 1), -(2**63)) if random.random() < 0.8 else random.choice(EXTREMES)
    )
    if random.random() < 0.1:
        sizes = [2**62, 2**62, -(2**63)]
    random.shuffle(sizes)
    entries, fills = b"", 0
    for size in sizes:
        fair = _i64(size * price_e6 // 10**8)
        quote = fair if random.random() < 0.8 else random.choice(EXTREMES)
        turnover = min(abs(quote), 2**64 - 1) if random.random() < 0.8 else random.choice(AMOUNTS)
        fee = -(-turnover * 500 // 10**6) if random.random() < 0.8 else random.choice(EXTREMES)
        count = random.choice([0, 1, 2, 2**63, 2**64 - 1]) if random.random() < 0.1 else random.randint(1, 4)
        fills += count
        entries += b"".join(encode_varint(zigzag(amount)) for amount in (size, quote, fee))
        entries += encode_varint(turnover) + encode_varint(count)
    return entries, min((fills + 1) // 2, 2**16 - 1)


@pytest.mark.parametrize("price_e6", [1, 10**6, 50_000 * 10**6])
def test_amounts_at_the_edges(market: Market, alice: Trader, price_e6: int) -> None:
    """Never a panic, whatever the amounts; what settles is what the bytes say."""
    case = next(case for case in cases("batch_flips") if case["version"] == 2 and len(case["positions"]) == 3)
    for trade in case["trades"]:
        trade["price_e6"] = str(price_e6)
    twin, head = Twin(market, alice, case), bytes.fromhex(case["data"])[:ENTRIES]
    feed = twin.chain.read(market.feed)
    for minute in feed.minutes.ranges:
        minute.low_e6 = minute.high_e6 = price_e6
    averages = {"ema_e9": price_e6 * 1_000, "twap_e9": price_e6 * 1_000}
    twin.chain.rewrite(market.feed, minutes=feed.minutes, price_e6=price_e6, **averages)
    for seed in range(600):
        entries, count = extreme_entries(Random(seed), price_e6)
        data = head[:78] + count.to_bytes(2, "little") + head[80:] + entries
        twin.attempt(data, f"seed {seed} at {price_e6}")
    print(dict(twin.seen))
    assert twin.seen["MathOverflow"]
