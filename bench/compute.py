"""Compute units per instruction in a fixed scenario, and how much of a batch fits one transaction.

Prints one JSON object: `instructions` {program: {instruction: {min, median, max, cases}}}, `transactions`
with the largest batches that one v0 transaction with a warm lookup table holds, and `budgets`, each with what
was measured and whether it holds. With `--check`, exit code 1 when one does not.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from statistics import median_low
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from solders.address_lookup_table_account import ID as TABLE_PROGRAM  # noqa: E402
from solders.address_lookup_table_account import AddressLookupTableAccount  # noqa: E402
from solders.message import MessageV0  # noqa: E402
from solders.pubkey import Pubkey  # noqa: E402
from solders.signature import Signature  # noqa: E402
from solders.transaction import VersionedTransaction  # noqa: E402

from gdx_sdk.batch import Trade  # noqa: E402
from gdx_sdk.tx import PACKET_BYTES, account_locks, compile_message, transaction_size, with_budget  # noqa: E402
from gdx_sdk.units import Side  # noqa: E402
from tests.programs.funding_rate.funding_world import FundingWorld  # noqa: E402
from tests.programs.harness.chain import Chain, Receipt, Step  # noqa: E402
from tests.programs.harness.codec import Call, event_authority  # noqa: E402
from tests.programs.harness.tokens import USDT  # noqa: E402
from tests.programs.harness.vault_world import VaultWorld  # noqa: E402
from tests.programs.position_mgmt.exchange import ACTIVE, CONFIG, REDUCE_ONLY, Exchange  # noqa: E402
from tests.programs.position_mgmt.market import ONE, V1, V2, Market, Trader  # noqa: E402

PRICE_E6 = 50_000 * 10**6
SEED = 7
MAX_LOCKS = 64
Units = dict[tuple[str, str], list[int]]


class MeasuredChain(Chain):
    """Remembers what each transaction of a single instruction cost."""

    def __init__(self) -> None:
        self.units: Units = defaultdict(list)
        super().__init__()

    def send(self, *steps: Step, **kwargs: Any) -> Receipt:
        receipt = super().send(*steps, **kwargs)
        if len(steps) == 1 and isinstance(steps[0], Call):
            self.units[steps[0].program, steps[0].name].append(receipt.units)
        return receipt


def thousand_usdt_trades(
    market: Market, pairs: Sequence[tuple[Trader, Trader]], random: Random
) -> list[Trade]:
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


def pairs_of(people: Sequence[Trader], count: int, makers: int) -> list[tuple[Trader, Trader]]:
    """`count` trades of the first `makers` people with the others in turn."""
    takers = people[makers:]
    return [(takers[index % len(takers)], people[index % makers]) for index in range(count)]


class Capacity:
    """Settling in v0 transactions whose positions are all in one lookup table."""

    def __init__(self, market: Market, people: Sequence[Trader]) -> None:
        self.market, self.chain = market, market.chain
        shared = [CONFIG, market.key, market.feed, Pubkey.default(), event_authority("position_mgmt")]
        addresses = [*shared, *[person.position for person in people]]
        meta = (1).to_bytes(4, "little") + (2**64 - 1).to_bytes(8, "little") + bytes(8 + 1 + 1 + 32 + 2)
        data = meta + b"".join(map(bytes, addresses))
        key = self.chain.put(Pubkey.new_unique(), data, TABLE_PROGRAM)
        self.table = AddressLookupTableAccount(key, addresses)

    def settle(self, version: int, pairs: Sequence[tuple[Trader, Trader]]) -> dict[str, int]:
        """Bytes and compute of one batch of these trades."""
        message, size = self._message(version, pairs)
        result = self.chain.svm.send_transaction(
            VersionedTransaction.populate(message, [Signature.new_unique()])
        )
        assert not hasattr(result, "err"), result
        units = result.compute_units_consumed()
        self.chain.units["position_mgmt", "settle_batch"].append(units)
        positions = len({person.position for pair in pairs for person in pair})
        return {"trades": len(pairs), "positions": positions, "bytes": size, "compute_units": units}

    def largest(self, version: int, pairs: Callable[[int], list[tuple[Trader, Trader]]]) -> dict[str, int]:
        """The largest batch within packet and account locks; half of it is settled too, for the table."""
        count = 1
        while self._fits(version, pairs(count + 1)):
            count += 1
        self.settle(version, pairs(count // 2))
        return self.settle(version, pairs(count))

    def _fits(self, version: int, pairs: Sequence[tuple[Trader, Trader]]) -> bool:
        message, size = self._message(version, pairs)
        return size <= PACKET_BYTES and account_locks(message) <= MAX_LOCKS

    def _message(self, version: int, pairs: Sequence[tuple[Trader, Trader]]) -> tuple[MessageV0, int]:
        trades = thousand_usdt_trades(self.market, pairs, Random(SEED))
        call = self.market.settle(self.market.seal(version, *trades))
        steps = with_budget([call.instruction], compute_unit_limit=400_000, priority_fee_microlamports=1)
        blockhash = self.chain.svm.latest_blockhash()
        relayer = self.market.exchange.relayer
        message = compile_message(steps, relayer, lookup_tables=[self.table], blockhash=blockhash)
        return message, transaction_size(message)


def run_configuration(exchange: Exchange) -> None:
    """Every instruction of the configuration once or twice."""
    chain, second = exchange.chain, exchange.chain.person()
    chain.send(exchange.propose_change(bytes(32)))
    chain.send(exchange.set_min_batch_size(1))
    chain.send(exchange.set_pause_bits(1, exchange.guardian))
    chain.send(exchange.set_pause_bits(0))
    chain.send(exchange.set_allowed_versions(3))
    chain.send(exchange.approve_relayer(second))
    chain.send(exchange.set_active_relayer(second))
    chain.send(exchange.beat(second))
    chain.advance(61)
    chain.send(exchange.take_over(exchange.relayer))
    chain.send(exchange.revoke_relayer(second))
    chain.send(exchange.propose_admin(exchange.admin))
    chain.send(exchange.accept_admin(exchange.admin))


def run_market(market: Market) -> None:
    """Positions, collateral, funding, liquidation, bankruptcy, fees and pruning."""
    chain, alice, bob = market.chain, market.trader(5_100 * USDT), market.trader(40_000 * USDT)
    eve = market.trader(100_000 * USDT)
    market.set_price(PRICE_E6)
    batch, _ = market.settled(V1, market.trade(alice, bob))
    chain.send(market.settle(market.heartbeat()))
    for trader in (alice, bob):
        chain.send(market.request_release(trader, 1 * USDT))
    chain.set_clock(slot=chain.slot + 10)
    chain.send(market.execute_release(bob))
    funding = FundingWorld(market).create()
    for _ in range(2):
        chain.advance(2_000)
        market.set_price(PRICE_E6)
        market.settled(V2, market.trade(alice, bob, 1_000))
        chain.send(funding.sample_premium())
        chain.advance(2_000)
        market.set_price(PRICE_E6)
        chain.send(funding.update_funding())
    chain.send(market.sweep_fees())
    market.jump_to(46_000 * 10**6)
    chain.send(market.liquidate(eve, alice, ONE // 10))
    market.jump_to(43_000 * 10**6)
    chain.send(market.liquidate(eve, alice))
    chain.send(market.resolve_bankruptcy(is_short_bankrupt=False))
    chain.send(market.prune_batch(batch.batch_id))
    chain.send(market.close_position(alice))
    chain.send(market.set_market_status(REDUCE_ONLY))
    chain.send(market.set_market_status(ACTIVE))
    chain.send(market.set_market_limits())
    chain.send(market.exchange.vault.withdraw(bob.user, 1))


def table(units: Units) -> dict[str, dict[str, dict[str, int]]]:
    """{program: {instruction: {min, median, max, cases}}}"""
    rows: dict[str, dict[str, dict[str, int]]] = defaultdict(dict)
    for (program, name), costs in sorted(units.items()):
        rows[program][name] = {
            "min": min(costs),
            "median": median_low(costs),
            "max": max(costs),
            "cases": len(costs),
        }
    return dict(rows)


def budgets(units: Units, transactions: dict[str, dict[str, int]], fixed: int) -> dict[str, dict[str, Any]]:
    """What was promised, what was measured."""
    v1, v2 = transactions["v1"], transactions["v2"]
    at_most = {
        "settle_batch fixed": (fixed, 10_000),
        "settle_batch V1 per trade": (-(-(v1["compute_units"] - fixed) // v1["trades"]), 3_500),
        "settle_batch V2 per position": (-(-(v2["compute_units"] - fixed) // v2["positions"]), 1_300),
        "liquidate": (max(units["position_mgmt", "liquidate"]), 40_000),
        "update_funding": (max(units["funding_rate", "update_funding"]), 20_000),
        "deposit": (max(units["collateral_vault", "deposit"]), 18_000),
        "publish_price": (max(units["oracle", "publish_price"]), 6_000),
    }
    at_least = {
        "V1 trades per transaction": (v1["trades"], 18),
        "V2 positions per transaction": (v2["positions"], 38),
    }
    return {
        name: {"measured": measured, "budget": budget, "holds": holds}
        for rows, sign in ((at_most, 1), (at_least, -1))
        for name, (measured, budget) in rows.items()
        for holds in (sign * measured <= sign * budget,)
    }


def measure() -> dict[str, Any]:
    """Runs the scenario."""
    chain = MeasuredChain()
    exchange = Exchange(chain, VaultWorld(chain).create()).create()
    run_configuration(exchange)
    run_market(exchange.market("BTC-PERP", PRICE_E6))
    market = exchange.market("ETH-PERP", PRICE_E6, max_slippage_per_hour_atoms=10**15)
    people = market.traders(96, 100_000 * USDT)
    chain.advance(60)
    market.set_price(PRICE_E6)
    fixed = chain.send(market.settle(market.heartbeat())).units
    capacity = Capacity(market, people)
    transactions = {
        "v1": capacity.largest(V1, lambda count: pairs_of(people, count, makers=count)),
        "v1_two_makers": capacity.largest(V1, lambda count: pairs_of(people, count, makers=2)),
        "v2": capacity.largest(V2, lambda count: pairs_of(people, count, makers=count)),
    }
    return {
        "instructions": table(chain.units),
        "transactions": transactions,
        "budgets": budgets(chain.units, transactions, fixed),
    }


def main() -> int:
    """Exit code 1 when a budget does not hold and `--check` asks for it."""
    report = measure()
    print(json.dumps(report, indent=2))
    has_missed = not all(row["holds"] for row in report["budgets"].values())
    return int(has_missed and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
