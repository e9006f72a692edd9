"""The market that every figure of `docs/security.md` is stated for: its limits, its honest people, the
thief's accounts.

All parameters stand here, so that a bound and the attack on it cannot be about different markets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace

from solders.account import Account
from solders.pubkey import Pubkey

from gdx_sdk.programs import PROGRAM_IDS
from tests.programs.funding_rate.funding_world import FundingWorld
from tests.programs.harness.chain import Chain, Step
from tests.programs.harness.codec import SYSTEM
from tests.programs.harness.oracle_world import FeedWorld
from tests.programs.harness.tokens import TOKEN, USDT, amount_of
from tests.programs.harness.vault_world import VaultWorld
from tests.programs.position_mgmt.exchange import CONFIG_ARGS, PARAMS, Exchange
from tests.programs.position_mgmt.market import ONE, V1, Market, Trader

SYMBOL, PRICE_E6, HOUR = "BTC-PERP", 50_000 * 10**6, 3_600
HOUR_LOW_E6, HOUR_HIGH_E6 = PRICE_E6 * 99 // 100, PRICE_E6 * 101 // 100
"""How far the price went in the hour before the theft; from then on it stands still at `PRICE_E6`."""
MAX_RATE_E9 = 500_000
"""Funding clamp: 0.05 % of notional per hour."""
INSURANCE_ATOMS = 5_000 * USDT
THIEF_ATOMS = (40_000 * USDT, 40_000 * USDT, 0)
"""What the thief's own accounts hold: two with money, and one that never gets any."""
LIMITS: Mapping[str, int] = dict(PARAMS) | {
    "max_leverage": 20,
    "initial_margin_ratio_bps": 500,
    "maintenance_margin_ratio_bps": 250,
    "maker_fee_ppm": -100,
    "taker_fee_ppm": 500,
    "liquidation_fee_ppm": 10_000,
    "price_band_bps": 200,
    "max_position_size_e8": 20 * ONE,
    "max_open_interest_e8": 100 * ONE,
    "max_slippage_per_hour_atoms": 10_000 * USDT,
}
SETTINGS: Mapping[str, int] = {
    name: CONFIG_ARGS[name] for name in ("slippage_floor_atoms", "slippage_share_bps", "insurance_share_bps")
}
FEED_LIMITS = {
    "max_confidence_bps": 100,
    "max_deviation_bps": 500,
    "stale_seconds": 60,
    "too_old_seconds": 600,
}
WITHDRAW_LIMIT = {"limit_atoms": 50_000 * USDT, "user_minimum_atoms": 100 * USDT, "window_seconds": HOUR}
DELAY_SECONDS = 86_400


@dataclass(frozen=True)
class Honest:
    """An honest user as the theft finds it: what lies under the position, its leverage, its open size."""

    equity_atoms: int
    leverage: int
    size_e8: int = 0


HONEST = (
    Honest(50_000 * USDT, 20, ONE),
    Honest(20_000 * USDT, 10, -ONE),
    Honest(10_000 * USDT, 10),
    Honest(5_000 * USDT, 5),
    Honest(1_000 * USDT, 20),
    Honest(100 * USDT, 20),
)
"""86,100 USDT of six people; the first two hold each other's position."""


class StatedMarket:
    """The exchange with everybody in it; the thief's strategies run here and are undone by `restore`."""

    def __init__(self, honest: Iterable[Honest] = HONEST, *, delay_seconds: int = 0) -> None:
        self.chain = Chain()
        self.vault = VaultWorld(self.chain).create(limit=WITHDRAW_LIMIT, delay_seconds=delay_seconds)
        self.exchange = Exchange(self.chain, self.vault).create()
        self.market = _market(self.exchange)
        self.funding = FundingWorld(self.market).create(MAX_RATE_E9)
        honest = tuple(honest)
        before = [one.equity_atoms - 10 * USDT * bool(one.size_e8) for one in honest]
        pairs = zip(before, honest, strict=True)
        self.honest = [self.market.trader(atoms, leverage=one.leverage) for atoms, one in pairs]
        self.thieves = [self.market.trader(atoms, leverage=LIMITS["max_leverage"]) for atoms in THIEF_ATOMS]
        self._insure()
        self._let_hold(honest)
        self.wait(60)
        self.start_ts = self.chain.now_ts
        self._kept = self._accounts()
        self._clock = (self.chain.now_ts, self.chain.slot)

    def wait(self, seconds: int) -> None:
        """Time passes and the publishers, who are honest, say the same price again."""
        self.chain.advance(seconds)
        self.market.publishing.publish(PRICE_E6, confidence_e6=0)

    def attempt(self, *steps: Step) -> bool:
        """Whether a transaction passed; a search has no use for why it did not."""
        transaction = self.chain._transaction(steps, ())
        return not hasattr(self.chain.svm.send_transaction(transaction), "err")

    def wealth_atoms(self, people: Iterable[Trader]) -> int:
        """Tokens, free collateral and equity at the oracle's price: what they could take home, never below 0
        each.

        A position that owes more than it has is left behind, so it counts as nothing.
        """
        market, price = self.market.read(), self.chain.read(self.market.feed).price_e6
        total = 0
        for one in people:
            total += amount_of(self.chain, one.user.token) + self.chain.read(one.collateral).free_atoms
            total += max(equity_atoms(self.market.position(one), market, price), 0)
        return total

    def equities(self) -> list[int]:
        """Equity of each honest position at the oracle's price, in atoms."""
        market, price = self.market.read(), self.chain.read(self.market.feed).price_e6
        return [equity_atoms(self.market.position(one), market, price) for one in self.honest]

    def insurance_atoms(self) -> int:
        """What the market's insurance holds, swept or not."""
        return int(self.chain.read(self.market.pool).insurance_atoms + self.market.read().insurance_fund)

    def restore(self) -> None:
        """Everything as it was when the market was made; what came since is gone."""
        now = self._accounts()
        for key in now.keys() - self._kept.keys():
            self.chain.svm.set_account(key, Account(0, b"", SYSTEM, False, 0))
        for key, account in self._kept.items():
            if bytes(now[key].data) != bytes(account.data) if key in now else True:
                self.chain.svm.set_account(key, account)
        self.chain.set_clock(ts=self._clock[0], slot=self._clock[1])

    def _accounts(self) -> dict[Pubkey, Account]:
        found: dict[Pubkey, Account] = {}
        for program in (*PROGRAM_IDS.values(), TOKEN):
            found.update(self.chain.svm.get_program_accounts(program))
        return found

    def _insure(self) -> None:
        """Insurance as a sweep of liquidation fees would have left it."""
        payer = self.vault.user(deposited_atoms=INSURANCE_ATOMS)
        self.chain.send(self.vault.lock(payer, self.market.pool, INSURANCE_ATOMS))
        self.chain.send(self.vault.fund_insurance(self.market.pool, INSURANCE_ATOMS))

    def _let_hold(self, honest: tuple[Honest, ...]) -> None:
        """Opens the honest positions between their holders, tops them up, and publishes the hour's range."""
        holders = [(one, trader) for one, trader in zip(honest, self.honest, strict=True) if one.size_e8]
        for (_, buyer), (one, seller) in zip(holders[::2], holders[1::2], strict=True):
            self.market.settled(V1, self.market.trade(buyer, seller, abs(one.size_e8)))
        for trader, one in zip(self.honest, honest, strict=True):
            owed = one.equity_atoms - equity_atoms(self.market.position(trader), self.market.read(), PRICE_E6)
            if owed > 0:
                topping = self.vault.deposit(trader.user, owed)
                put = self.vault.token_account(trader.owner, owed)
                self.chain.send(topping.but(depositor_token=put))
                self.chain.send(self.market.add_collateral(trader, owed))
        for price_e6 in (HOUR_LOW_E6, HOUR_HIGH_E6, PRICE_E6):
            self.chain.advance(600)
            self.market.publishing.publish(price_e6, confidence_e6=0)


def _market(exchange: Exchange) -> Market:
    feed = FeedWorld(exchange.chain, SYMBOL).create(limits=FEED_LIMITS)
    exchange.chain.advance(1)
    feed.publish(PRICE_E6, confidence_e6=0)
    exchange.chain.send(exchange.create_market(SYMBOL, feed.address, params=LIMITS))
    return Market(exchange, SYMBOL, feed)


def equity_atoms(position: SimpleNamespace, market: SimpleNamespace, price_e6: int) -> int:
    """`C + size · price − cost − unpaid funding − unpaid loss`, written down again, apart from SDK and
    programs."""
    size = position.size
    owed = -(-size * (market.funding_index - position.funding_index) // 10**12) if size else 0
    if size:
        index = market.long_loss_index if size > 0 else market.short_loss_index
        owed += -(-abs(size) * (index - position.loss_index) // 10**12)
    return int(position.collateral + size * price_e6 // 10**8 - position.cost_atoms - owed)
