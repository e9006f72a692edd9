"""Batches of 10,000 users whose positions are spread over many lookup tables.

A table takes 256 addresses, so 10,000 positions need forty. Each table that a transaction names costs 34
bytes, each account found in one 2, each other account 33. Two orders of filling the tables are compared: as
the accounts were opened, and the busiest first. Trades are drawn with a fixed seed, either so that the user
of rank n trades in proportion to 1/n, or all alike, which is the worst case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from random import Random
from statistics import median_low
from typing import Any

from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.pubkey import Pubkey

from bench.costs.batches import PRICE_E6, freshen, make_market
from bench.costs.tables import ADDRESSES_PER_TABLE, budgeted, make_table, send_v0, shared_keys
from gdx_sdk.batch import BatchBuilder, SealedBatch, Trade, seal_batch
from gdx_sdk.math import fee_atoms, notional_atoms
from gdx_sdk.tx import measure_transaction
from gdx_sdk.units import Side
from tests.programs.harness.tokens import USDT
from tests.programs.harness.vault_world import User, collateral_of
from tests.programs.position_mgmt.exchange import PARAMS
from tests.programs.position_mgmt.market import ONE, V1, V2, Market

USERS = 10_000
BATCHES = 60
DAY_OF_TRADES = 20_000
SEED = 11
Summary = dict[str, int]


def summary(values: Sequence[int]) -> Summary:
    """Least, tenth, median, ninetieth of a hundred and most; each is one of the values."""
    ordered = sorted(values)
    last = len(ordered) - 1
    tenth, ninetieth = ordered[last // 10], ordered[last * 9 // 10]
    return {
        "min": ordered[0],
        "p10": tenth,
        "median": median_low(ordered),
        "p90": ninetieth,
        "max": ordered[-1],
    }


class Flow:
    """An endless stream of trades of about 1,000 USDT between users that `weights` draws."""

    def __init__(
        self, market: Market, positions: Sequence[Pubkey], weights: Sequence[int], seed: int
    ) -> None:
        self.market_key, self.positions, self.random = market.key, positions, Random(seed)
        self.sums = list(accumulate(weights))
        self.trade_id, self.at_ms = 0, market.chain.now_ts * 1_000

    def trade(self) -> Trade:
        """The next trade."""
        random = self.random
        taker, maker = random.choices(range(len(self.positions)), cum_weights=self.sums, k=2)
        while taker == maker:
            maker = random.choices(range(len(self.positions)), cum_weights=self.sums)[0]
        self.trade_id += 1
        self.at_ms += random.randrange(0, 40)
        price = PRICE_E6 + random.randrange(-50, 51) * 10**5
        size = 1_000 * ONE // 50_000 + random.randrange(-(10**5), 10**5)
        notional = notional_atoms(price, size)
        return Trade(
            self.trade_id,
            self.market_key,
            self.positions[taker],
            self.positions[maker],
            random.choice(list(Side)),
            price,
            size,
            fee_atoms(notional, PARAMS["taker_fee_ppm"]),
            fee_atoms(notional, PARAMS["maker_fee_ppm"]),
            self.at_ms,
        )


@dataclass
class Cut:
    """A batch that fills one transaction, with the tables it names."""

    version: int
    trades: list[Trade]
    tables: list[AddressLookupTableAccount]
    positions: int
    in_full: int


class Placement:
    """Positions in tables of 256, the shared accounts in each."""

    def __init__(self, market: Market, positions: Sequence[Pubkey]) -> None:
        shared = shared_keys(market)
        room = ADDRESSES_PER_TABLE - len(shared)
        self.market, authority = market, market.chain.new_keypair()
        self.tables = [
            make_table(market.chain, authority, [*shared, *positions[start : start + room]])
            for start in range(0, len(positions), room)
        ]
        self.home = {position: index // room for index, position in enumerate(positions)}

    def tables_for(self, positions: Sequence[Pubkey]) -> list[AddressLookupTableAccount]:
        """The table with most of them, and each other one that is cheaper than naming accounts in full."""
        hits = Counter(self.home[position] for position in positions).most_common()
        return [self.tables[index] for place, (index, count) in enumerate(hits) if place == 0 or count > 1]

    def usage(self, version: int, trades: Sequence[Trade]) -> tuple[bool, Cut]:
        """Whether the batch of these trades fits one transaction."""
        batch = seal_batch(version, self.market.key, 1, bytes(32), trades, flush=True)
        tables = self.tables_for(batch.positions)
        call = self.market.settle_bytes(batch.encode(1), batch.positions, batch.batch_id)
        usage = measure_transaction(budgeted(call), self.market.exchange.relayer, lookup_tables=tables)
        found = {key for table in tables for key in table.addresses}
        in_full = sum(position not in found for position in batch.positions)
        return usage.fits, Cut(version, list(trades), tables, len(batch.positions), in_full)

    def cut(self, version: int, flow: Flow, waiting: list[Trade]) -> Cut:
        """Take the longest run of trades that fits one transaction; the others stay in `waiting`.

        The SDK's builder gives what one table would hold, which is never less than what several do.
        """
        builder = BatchBuilder(self.market.key, version)
        for index in range(builder.limits.trades):
            if index == len(waiting):
                waiting.append(flow.trade())
            if not builder.try_add(waiting[index]):
                break
        low, high = 1, len(builder.trades)
        while low < high:
            middle = (low + high + 1) // 2
            fits, _ = self.usage(version, waiting[:middle])
            low, high = (middle, high) if fits else (low, middle - 1)
        fits, cut = self.usage(version, waiting[:low])
        assert fits, cut
        del waiting[:low]
        return cut


@dataclass
class Crowd:
    """10,000 users; those whose trades are settled get their accounts when it comes to that."""

    market: Market
    count: int = USERS

    def __post_init__(self) -> None:
        users = [self.market.chain.new_key() for _ in range(self.count)]
        self.owners = {self._position(owner): owner for owner in users}
        self.positions = list(self.owners)
        self.opened: set[Pubkey] = set()

    def settle(self, cut: Cut) -> int:
        """Settle a cut batch on the chain, to prove that it fits; returns compute units."""
        market, chain = self.market, self.market.chain
        for position in {key for trade in cut.trades for key in (trade.taker, trade.maker)} - self.opened:
            self._open(self.owners[position])
            self.opened.add(position)
        freshen(market)
        shift = chain.now_ts * 1_000 - cut.trades[-1].executed_at_ms
        trades = [replace(trade, executed_at_ms=trade.executed_at_ms + shift) for trade in cut.trades]
        batch: SealedBatch = market.seal(cut.version, *trades)
        return send_v0(chain, market.settle(batch), market.exchange.relayer, cut.tables)

    def _position(self, owner: Pubkey) -> Pubkey:
        return self.market.as_trader(User(owner, collateral_of(owner), owner)).position

    def _open(self, owner: Pubkey) -> None:
        chain, vault = self.market.chain, self.market.exchange.vault
        chain.fund(owner, 10**9)
        user = User(owner, collateral_of(owner), vault.token_account(owner, 10_000 * USDT))
        chain.send(vault.open_account(owner))
        chain.send(vault.deposit(user, 10_000 * USDT))
        chain.send(self.market.open_position(owner))
        chain.send(self.market.add_collateral(self.market.as_trader(user), 10_000 * USDT))


def measure_flow(crowd: Crowd, placement: Placement, weights: Sequence[int]) -> dict[str, dict[str, Summary]]:
    """Distributions over batches of V1 and V2; the first batch of each is settled."""
    rows = {}
    for name, version in (("v1", V1), ("v2", V2)):
        flow, waiting = Flow(crowd.market, crowd.positions, weights, SEED), list[Trade]()
        cuts = [placement.cut(version, flow, waiting) for _ in range(BATCHES)]
        crowd.settle(cuts[0])
        counts: dict[str, Callable[[Cut], int]] = {
            "trades": lambda cut: len(cut.trades),
            "positions": lambda cut: cut.positions,
            "tables": lambda cut: len(cut.tables),
            "positions_named_in_full": lambda cut: cut.in_full,
        }
        rows[name] = {what: summary([count(cut) for cut in cuts]) for what, count in counts.items()}
    return rows


def busiest_first(crowd: Crowd, weights: Sequence[int]) -> list[Pubkey]:
    """Positions by how often they traded on an earlier day."""
    flow, seen = Flow(crowd.market, crowd.positions, weights, SEED + 1), Counter[Pubkey]()
    for _ in range(DAY_OF_TRADES):
        trade = flow.trade()
        seen.update((trade.taker, trade.maker))
    return sorted(crowd.positions, key=lambda position: (-seen[position], bytes(position)))


def measure() -> dict[str, Any]:
    """{flow and placement: {version: {what: distribution}}}"""
    crowd = Crowd(make_market())
    weights = [10**9 // rank for rank in range(1, USERS + 1)]
    Random(SEED).shuffle(weights)  # how busy a user is has nothing to do with when the account was opened
    alike = [1] * USERS
    as_opened = Placement(crowd.market, crowd.positions)
    by_activity = Placement(crowd.market, busiest_first(crowd, weights))
    return {
        "users": USERS,
        "tables": len(as_opened.tables),
        "batches": BATCHES,
        "skewed_busiest_first": measure_flow(crowd, by_activity, weights),
        "skewed_as_opened": measure_flow(crowd, as_opened, weights),
        "alike_as_opened": measure_flow(crowd, as_opened, alike),
    }
