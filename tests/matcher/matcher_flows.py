"""Random flows of commands, the same for every seed, that reach each order attribute and each reject."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from gdx_matcher import commands as c
from gdx_matcher.market import MarketConfig

from gdx_sdk.units import Side

# One price step and one size step; large enough that fees and margins are not all zero.
PRICE, SIZE = 1_000, 10**6

MARKETS = (
    MarketConfig(
        0,
        "BTC-PERP",
        bytes([1]) * 32,
        5 * PRICE,
        10 * SIZE,
        20 * SIZE,
        maker_fee_ppm=-50,
        taker_fee_ppm=450,
        net_band_bps=1_000,
    ),
    MarketConfig(3, "ETH-PERP", bytes([2]) * 32, taker_fee_ppm=300, net_band_bps=1_000),
)


class Flow:
    """Commands with times. Prices cluster around 1 USDT so that most orders meet others."""

    def __init__(self, seed: int, *, reduce_only: bool, accounts: int = 6) -> None:
        self.rng = random.Random(seed)
        self.reduce_only, self.accounts = reduce_only, accounts
        self.next_id = 1
        self.now_ms = 1_700_000_000_000
        self.center = 1_000 * PRICE

    def __iter__(self) -> Iterator[tuple[c.Command, int]]:
        while True:
            self.now_ms += self.rng.choice((0, 0, 1, 3, 20))
            yield self.command(), self.now_ms

    def take(self, count: int) -> list[tuple[c.Command, int]]:
        """The next `count` commands."""
        return [pair for pair, _ in zip(self, range(count), strict=False)]

    def command(self) -> c.Command:
        """One command; most are orders and cancels."""
        rng, draw = self.rng, self.rng.random()
        if draw < 0.62:
            return self.order()
        if draw < 0.82:
            return c.CancelOrder(self.some_id(), rng.choice((c.ANY_ACCOUNT, c.ANY_ACCOUNT, rng.randrange(6))))
        if draw < 0.91:
            return c.ReduceOrder(self.some_id(), rng.choice((0, 10 * SIZE, 30 * SIZE, 90 * SIZE)))
        if draw < 0.93:
            return c.CancelAll(rng.randrange(self.accounts))
        if draw < 0.98:
            return self.market_command()
        return rng.choice((c.Tick(), c.Pause(), *(c.Resume(),) * 6))

    def market_command(self) -> c.Command:
        """Prices, limits and status of one market."""
        rng, index = self.rng, self.market_index()
        if rng.random() < 0.6:
            self.center = max(700 * PRICE, min(1_300 * PRICE, self.center + 5 * PRICE * rng.randint(-8, 8)))
            return c.UpdatePrices(index, self.center)
        if rng.random() < 0.5:
            band, breaker = rng.choice((0, 300, 1_000)), rng.choice((0, 0, 400))
            return c.SetMarketLimits(index, price_band_bps=band, breaker_bps=breaker, breaker_window_ms=5_000)
        status = c.MarketStatus(rng.choices((0, 1, 2), (12, 1, 1))[0])
        return c.SetMarketStatus(index, status)

    def order(self) -> c.PlaceOrder:
        """An order with a mix of attributes, now and then an invalid one."""
        rng = self.rng
        is_market = rng.random() < 0.12
        time_in_force = rng.choice(
            (c.TimeInForce.GTC,) * 6 + (c.TimeInForce.IOC, c.TimeInForce.FOK, c.TimeInForce.GTD)
        )
        lasting = time_in_force in (c.TimeInForce.GTC, c.TimeInForce.GTD) and not is_market
        gtd = time_in_force is c.TimeInForce.GTD
        side = rng.choice((Side.BUY, Side.SELL))
        price = 0 if is_market else self.center + 5 * PRICE * rng.randint(-6, 6)
        return c.PlaceOrder(
            self.new_id(),
            rng.randrange(self.accounts),
            self.market_index(),
            side,
            price if rng.random() < 0.98 else rng.choice((0, 3, 10**19)),
            10 * SIZE * rng.randint(2, 20) if rng.random() < 0.98 else rng.choice((0, 5, 10 * SIZE)),
            c.OrderKind.MARKET if is_market else c.OrderKind.LIMIT,
            time_in_force,
            post_only=lasting and rng.random() < 0.1,
            reduce_only=self.reduce_only and rng.random() < 0.15,
            all_or_none=rng.random() < 0.06,
            min_quantity_e8=SIZE * rng.choice((10, 60, 150)) if rng.random() < 0.08 else 0,
            reference_price_e6=self.center + 5 * PRICE * rng.randint(-2, 2) if rng.random() < 0.1 else 0,
            expiry_ms=self.now_ms + rng.randint(-20, 400) if gtd else 0,
            client_order_id=rng.randrange(100),
            self_trade=rng.choice(tuple(c.SelfTrade)),
        )

    def market_index(self) -> int:
        """Mostly one of ours."""
        return self.rng.choices((0, 3, 9), (60, 39, 1))[0]

    def new_id(self) -> int:
        """A fresh order id, now and then a used one."""
        self.next_id += 1
        return self.next_id if self.rng.random() < 0.99 else self.some_id()

    def some_id(self) -> int:
        """An id that was used not long ago."""
        return max(1, self.next_id - int(self.rng.expovariate(1 / 25)))


def position_key(account: int, market_index: int) -> bytes:
    """A position address for tests."""
    return bytes([market_index + 1, account + 1]) * 16


def funding(accounts: int = 6, atoms: int = 10**15) -> list[tuple[c.Command, int]]:
    """Commands that register and fund accounts in both markets."""
    pairs: list[tuple[c.Command, int]] = []
    for market in MARKETS:
        index = market.market_index
        for account in range(accounts):
            pairs.append((c.RegisterAccount(account, index, position_key(account, index), 10), 0))
            pairs.append((c.ChangeCollateral(account, index, atoms), 0))
    return pairs


def fund(submit_many: Callable[[list[tuple[c.Command, int]]], object]) -> None:
    """Register and fund six accounts through a shard's door."""
    submit_many(funding())
