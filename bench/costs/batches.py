"""What settling costs: fixed, per trade, per position, and the largest batch that one transaction holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from solders.pubkey import Pubkey

from bench.costs.tables import budgeted, make_table, send_v0, shared_keys
from gdx_sdk.batch import SealedBatch, Trade
from gdx_sdk.programs import PROGRAM_IDS
from gdx_sdk.tx import measure_transaction
from gdx_sdk.units import Side
from tests.programs.harness.chain import Chain
from tests.programs.harness.tokens import USDT
from tests.programs.harness.vault_world import VaultWorld
from tests.programs.position_mgmt.exchange import Exchange
from tests.programs.position_mgmt.market import ONE, V1, V2, Market, Trader

PRICE_E6 = 50_000 * 10**6
SEED = 7
PEOPLE = 96
Pair = tuple[Trader, Trader]
Row = dict[str, int]


def make_market() -> Market:
    """A market with a price; limits out of the way."""
    chain = Chain()
    exchange = Exchange(chain, VaultWorld(chain).create()).create()
    market = exchange.market("BTC-PERP", PRICE_E6, max_slippage_per_hour_atoms=10**15)
    freshen(market)
    return market


def freshen(market: Market) -> None:
    """A price that is alone in its minute."""
    market.chain.advance(60)
    market.set_price(PRICE_E6)


def thousand_usdt_trades(market: Market, pairs: Sequence[Pair], random: Random) -> list[Trade]:
    """One trade of about 1,000 USDT per pair, prices and times as close as in a busy market."""
    at_ms = market.chain.now_ts * 1_000
    trades = []
    for taker, maker in pairs:
        at_ms += random.randrange(0, 40)
        price = PRICE_E6 + random.randrange(-50, 51) * 10**5
        size = 1_000 * ONE // 50_000 + random.randrange(-(10**5), 10**5)
        side = random.choice(list(Side))
        trades.append(market.trade(taker, maker, size, price_e6=price, side=side, at_ms=at_ms))
    return trades


def bump_tries(batch: SealedBatch) -> int:
    """How many bumps the program tries in vain before it finds the address of the batch's record."""
    _, bump = Pubkey.find_program_address([b"batch", batch.batch_id], PROGRAM_IDS["position_mgmt"])
    return 255 - bump


@dataclass
class Settling:
    """Settles batches of pairs with every position in one warm lookup table."""

    market: Market
    people: list[Trader]

    def __post_init__(self) -> None:
        self.chain, self.relayer = self.market.chain, self.market.exchange.relayer
        keys = [*shared_keys(self.market), *[person.position for person in self.people]]
        self.table = make_table(self.chain, self.chain.new_keypair(), keys)
        freshen(self.market)

    def fixed(self, tries: int = 0) -> int:
        """Units of a batch without trades whose record's address is found after `tries` bumps in vain."""
        while bump_tries(batch := self.market.heartbeat()) != tries:
            self._send(batch)
        return self._send(batch)

    def settle(self, version: int, pairs: Sequence[Pair]) -> Row:
        """Size and units of one batch of these trades, its record's address found at the first bump."""
        while bump_tries(batch := self._batch(version, pairs)):
            self._send(self.market.heartbeat())
        usage = measure_transaction(
            budgeted(self.market.settle(batch)), self.relayer, lookup_tables=[self.table]
        )
        assert usage.fits, usage
        positions = len(batch.positions)
        return {
            "trades": len(pairs),
            "positions": positions,
            "bytes": usage.size_bytes,
            "locks": usage.locks,
            "compute_units": self._send(batch),
        }

    def largest(self, version: int, pairs: Callable[[int], list[Pair]]) -> Row:
        """The largest batch within packet and account locks."""
        count = 1
        while self._fits(version, pairs(count + 1)):
            count += 1
        return self.settle(version, pairs(count))

    def _fits(self, version: int, pairs: Sequence[Pair]) -> bool:
        steps = budgeted(self.market.settle(self._batch(version, pairs)))
        return measure_transaction(steps, self.relayer, lookup_tables=[self.table]).fits

    def _batch(self, version: int, pairs: Sequence[Pair]) -> SealedBatch:
        return self.market.seal(version, *thousand_usdt_trades(self.market, pairs, Random(SEED)))

    def _send(self, batch: SealedBatch) -> int:
        return send_v0(self.chain, self.market.settle(batch), self.relayer, [self.table])


def apart(people: Sequence[Trader], count: int) -> list[Pair]:
    """`count` trades between people who trade once."""
    return [(people[2 * index], people[2 * index + 1]) for index in range(count)]


def with_makers(people: Sequence[Trader], makers: int, count: int) -> list[Pair]:
    """`count` trades of the first `makers` people with the others in turn."""
    takers = people[makers:]
    return [(takers[index % len(takers)], people[index % makers]) for index in range(count)]


def parameters(settling: Settling) -> Row:
    """Units by differences of two batches each: other trades between the same people, or other people."""
    people, low, high = settling.people, 8, 16

    def units(version: int, pairs: list[Pair]) -> int:
        return settling.settle(version, pairs)["compute_units"]

    def between(version: int, pairs: Callable[[int], list[Pair]]) -> int:
        return units(version, pairs(high)) - units(version, pairs(low))

    for _ in range(2):  # opens every position, so that nothing is measured at its first fill
        settling.settle(V2, apart(people, high))
    more = high - low
    v1_trade = between(V1, lambda count: [(people[0], people[1])] * count) // more
    v1_pair = between(V1, lambda count: apart(people, count)) // more
    v2_pair = between(V2, lambda count: apart(people, count)) // more
    fixed = settling.fixed()
    return {
        "fixed": fixed,
        "per_bump_tried_in_vain": settling.fixed(tries=1) - fixed,
        "v1_per_trade_between_the_same_two": v1_trade,
        "v1_per_further_position": (v1_pair - v1_trade) // 2,
        "v1_per_trade_and_its_two_positions": v1_pair,
        "v2_per_position": v2_pair // 2,
    }


def capacities(settling: Settling) -> dict[str, Row]:
    """The largest batches that one transaction with one warm table holds."""
    people = settling.people
    return {
        "v1": settling.largest(V1, lambda count: apart(people, count)),
        "v1_two_makers": settling.largest(V1, lambda count: with_makers(people, 2, count)),
        "v2": settling.largest(V2, lambda count: apart(people, count)),
        "v2_two_makers": settling.largest(V2, lambda count: with_makers(people, 2, count)),
    }


def measure() -> dict[str, Any]:
    """`settle_batch_units` and `one_warm_table` (largest batches)."""
    market = make_market()
    settling = Settling(market, market.traders(PEOPLE, 100_000 * USDT))
    return {"settle_batch_units": parameters(settling), "one_warm_table": capacities(settling)}
