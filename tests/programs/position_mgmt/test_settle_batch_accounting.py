"""settle_batch and what happens between batches: chain and model agree on every field, to the atom."""

from __future__ import annotations

from collections import Counter
from random import Random

from gdx_sdk.batch import Trade
from gdx_sdk.units import Side
from tests.programs.harness.codec import Call
from tests.programs.harness.failures import describe
from tests.programs.harness.tokens import USDT

from .batch_bytes import names
from .exchange import Exchange
from .market import ONE, V1, V2, Market, Trader
from .model import Model, Position, Prices, Refused

START_E6 = 50_000 * 10**6
SEEDS, STEPS = range(12), 80
REACHED = {
    "settled V1",
    "settled V2",
    "released",
    "liquidated",
    "resolved",
    "InsufficientMargin",
    "OpenInterestTooLarge",
    "PositionHealthy",
    "PositionSlippageExceeded",
    "PositionTooLarge",
    "PriceOutOfBand",
}


class Twin:
    """A market on chain and its model, moved together."""

    def __init__(self, market: Market, random: Random) -> None:
        self.market, self.chain, self.random = market, market.chain, random
        self.model = Model(market.read(), market.exchange.read())
        self.price_e6 = START_E6
        self.traders: list[Trader] = []
        self.outcomes: Counter[str] = Counter()
        for collateral in (300, 2_000, 2_500, 3_000, 5_000, 30_000, 400_000):
            leverage = random.choice((10, 20, 20))
            trader = market.trader(0, leverage=leverage, free_atoms=10 * collateral * USDT)
            self.traders.append(trader)
            self.model.positions[trader.position] = Position(leverage)
            self.add_collateral(trader, collateral * USDT)

    def prices(self, from_ms: int | None = None, to_ms: int | None = None) -> Prices:
        now_ts = self.chain.now_ts
        feed = self.chain.read(self.market.feed)
        return Prices.of(feed, from_ms or now_ts * 1_000, to_ms or now_ts * 1_000, now_ts)

    def add_collateral(self, trader: Trader, amount: int) -> None:
        self.chain.send(self.market.add_collateral(trader, amount))
        self.model.add_collateral(trader.position, amount, self.prices())

    def release(self, trader: Trader, amount: int) -> None:
        failure, _ = self.chain.attempt(self.market.request_release(trader, amount))
        if failure is not None:
            self.outcomes[describe(failure)] += 1
            return
        self.model.request_release(trader.position, self.prices())
        self.chain.set_clock(slot=self.chain.slot + 10)
        failure, _ = self.chain.attempt(self.market.execute_release(trader))
        if failure is None:
            self.model.release(trader.position, amount, self.prices())
        self.outcomes["released" if failure is None else describe(failure)] += 1

    def settle(self, version: int, trades: list[Trade]) -> None:
        batch = self.market.seal(version, *trades)
        prices = self.prices(batch.executed_from_ms, batch.executed_to_ms)
        call = self.market.settle(batch)
        try:
            self.model.settle(batch, prices)
        except Refused as refused:
            self.check_refusal(call, refused)
            return
        self.chain.send(call)
        self.outcomes[f"settled V{version}"] += 1

    def liquidate(self, liquidator: Trader, victim: Trader, size_e8: int) -> None:
        call = self.market.liquidate(liquidator, victim, size_e8)
        try:
            self.model.liquidate(victim.position, liquidator.position, size_e8, self.prices())
        except Refused as refused:
            self.check_refusal(call, refused)
            return
        self.chain.send(call)
        self.outcomes["liquidated"] += 1

    def check_refusal(self, call: Call, refused: Refused) -> None:
        """The chain refuses too, for the same reason, at the same trade or entry."""
        logs = self.chain.refused(call, error=refused.error)
        assert refused.place is None or names(logs, refused.place), (refused.place, logs)
        self.outcomes[refused.error] += 1

    def move_price(self, basis_points: int) -> None:
        self.price_e6 += self.price_e6 * basis_points // 10_000
        self.chain.advance(self.random.randrange(1, 200))
        self.market.set_price(self.price_e6)

    def move_funding(self) -> None:
        self.chain.advance(1)
        self.market.set_price(self.price_e6)
        index = self.market.read().funding_index + self.random.randrange(-(10**12), 10**12)
        self.chain.send(self.market.set_funding(index))
        self.model.set_funding(index)

    def resolve(self) -> None:
        for side in Side:
            if self.model.money.shortfall_atoms(side):
                self.chain.send(self.market.resolve_bankruptcy(is_short_bankrupt=side is Side.SELL))
                self.model.resolve(side)
                self.outcomes["resolved"] += 1

    def sweep(self) -> None:
        if self.model.money.accrued_fees_atoms > 0 or self.model.money.accrued_insurance_atoms > 0:
            self.chain.send(self.market.sweep_fees())
            self.model.sweep()

    def some_trades(self) -> list[Trade]:
        """Trades near the oracle's price, sometimes far from it or large."""
        random, now_ms = self.random, self.chain.now_ts * 1_000
        trades = []
        at_ms = now_ms - random.randrange(0, 90_000)
        for _ in range(random.choice((1, 1, 2, 3, 5, 9))):
            taker, maker = random.sample(self.traders, 2)
            strayed = random.choice((0, 0, 0, 1, 5, 10, 20, 60))
            price = self.price_e6 + self.price_e6 * random.randrange(-strayed, strayed + 1) // 10_000
            size = random.randrange(1, random.choice((10, 10**5, ONE // 50, ONE // 5, ONE // 3)))
            at_ms = min(at_ms + random.randrange(0, 20_000), now_ms)
            side = random.choice(list(Side))
            trades.append(self.market.trade(taker, maker, size, price_e6=price, side=side, at_ms=at_ms))
        return trades

    def step(self) -> None:
        random = self.random
        action = random.randrange(20)
        if action < 10:
            self.settle(random.choice((V1, V2)), self.some_trades())
        elif action < 13:
            self.move_price(random.choice((random.randrange(-300, 301), random.randrange(-1_500, 1_501))))
        elif action < 14:
            self.move_funding()
        elif action < 16:
            for victim in self.traders:
                liquidator = random.choice([self.traders[-1], random.choice(self.traders)])
                if liquidator is not victim:
                    self.liquidate(liquidator, victim, random.choice((10**5, ONE // 10, 2**63)))
        elif action < 17:
            self.add_collateral(random.choice(self.traders), random.randrange(1, 500 * USDT))
        elif action < 18:
            self.release(random.choice(self.traders), random.randrange(1, 2_000 * USDT))
        elif action < 19:
            self.resolve()
        else:
            self.sweep()

    def compare(self, label: str) -> None:
        books = self.market.read()
        wrong = {
            name: (getattr(books, name), value)
            for name, value in self.model.fields().items()
            if getattr(books, name) != value
        }
        assert not wrong, f"{label}: market (chain, model): {wrong}"
        for number, trader in enumerate(self.traders):
            account = self.market.position(trader)
            wrong = {
                name: (getattr(account, name), value)
                for name, value in self.model.positions[trader.position].fields().items()
                if getattr(account, name) != value
            }
            assert not wrong, f"{label}: trader {number} (chain, model): {wrong}"
        pool = self.chain.read(self.market.pool)
        money = self.model.money
        assert (pool.locked_atoms, pool.insurance_atoms) == (money.locked_atoms, money.insurance_atoms), label
        assert sum(self.market.position(trader).size for trader in self.traders) == 0, label
        assert money.book_value_atoms == money.locked_atoms, label
        self._check_solvency(label)

    def _check_solvency(self, label: str) -> None:
        """What funding owes is in its pool; what socialized losses still owe is at least what is missing."""
        money, positions = self.model.money, self.model.positions.values()
        owed = sum(one.money.size_e8 * (money.funding_index - one.money.funding_index) for one in positions)
        assert money.funding_pool_atoms * 10**12 + owed >= 0, label
        owed = 0
        for one in positions:
            if one.money.side is not None:
                index = money.loss_index(one.money.side) - one.money.loss_index
                owed += abs(one.money.size_e8) * index
        assert owed >= money.outstanding_loss_atoms * 10**12, label


def test_chain_and_model_agree_on_random_sequences(exchange: Exchange) -> None:
    """Between them the seeds reach everything they are for, so that agreement means something."""
    seen: Counter[str] = Counter()
    for seed in SEEDS:
        limits = {"max_position_size_e8": ONE, "max_open_interest_e8": 3 * ONE // 2}
        twin = Twin(exchange.market(f"SEED-{seed}", START_E6, **limits), Random(seed))
        for step in range(STEPS):
            twin.step()
            twin.compare(f"seed {seed}, step {step}")
        twin.market.check_books()
        print(f"seed {seed}: {dict(twin.outcomes)}")
        seen += twin.outcomes
    assert set(seen) >= REACHED, f"missing {sorted(REACHED - set(seen))} in {dict(seen)}"
