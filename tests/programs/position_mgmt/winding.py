"""A market on its way to being closed: a call for each step, and the whole way."""

from __future__ import annotations

from types import SimpleNamespace

from solders.pubkey import Pubkey

from tests.programs.harness.chain import Receipt
from tests.programs.harness.codec import Call, pda
from tests.programs.harness.vault_world import POSITION_AUTHORITY, collateral_of

from .exchange import CONFIG, PROGRAM
from .market import Market, Trader

DELISTING, SILENCE, STUCK_LOSS, USED_UP_INDEX = range(4)
DAY = 86_400
DEAD_ORACLE_DAYS = 3


class Winding:
    """One market's settling; `payer` pays for the settlement account."""

    def __init__(self, market: Market) -> None:
        self.market, self.chain = market, market.chain
        self.payer = market.chain.person()
        self.address = pda(PROGRAM, b"settlement", market.key)

    def read(self) -> SimpleNamespace:
        return self.chain.read(self.address)

    def start(self, reason: int = SILENCE, *, admin: Pubkey | None = None) -> Call:
        accounts: dict[str, Pubkey | None] = {
            "payer": self.payer,
            "config": CONFIG,
            "admin": admin,
            "market": self.market.key,
            "pool": self.market.pool,
            "price_feed": self.market.feed,
            "settlement": self.address,
        }
        return Call(PROGRAM, "start_settling", accounts, {"reason": reason})

    def settle(self, trader: Trader) -> Call:
        accounts: dict[str, Pubkey | None] = {
            "market": self.market.key,
            "settlement": self.address,
            "position": trader.position,
        }
        return Call(PROGRAM, "settle_position", accounts)

    def pay(self, trader: Trader, recipient: Pubkey | None = None) -> Call:
        recipient = recipient or trader.owner
        accounts: dict[str, Pubkey | None] = {
            "market": self.market.key,
            "settlement": self.address,
            "position": trader.position,
            "recipient": recipient,
            "collateral": collateral_of(recipient),
            "pool": self.market.pool,
            "vault_state": self.market.exchange.vault.state,
            "authority": POSITION_AUTHORITY,
        }
        return Call(PROGRAM, "pay_position", accounts)

    def close(self) -> Call:
        accounts: dict[str, Pubkey | None] = {
            "config": CONFIG,
            "market": self.market.key,
            "settlement": self.address,
            "pool": self.market.pool,
            "funding": pda("funding_rate", b"funding", self.market.key),
            "admin": self.market.exchange.admin,
            "settlement_payer": self.payer,
            "vault_state": self.market.exchange.vault.state,
            "authority": POSITION_AUTHORITY,
        }
        return Call(PROGRAM, "close_market", accounts)

    def fall_silent(self, days: int = 1) -> None:
        """Let that many days pass since the last batch, with a price that is published again at their end."""
        self.chain.set_clock(ts=self.market.read().last_batch_ts + days * DAY)
        price_e6 = self.chain.read(self.market.feed).price_e6
        self.market.publishing.publish(price_e6, confidence_e6=0)

    def begin(self) -> Receipt:
        """Start after a silent day."""
        self.fall_silent()
        return self.chain.send(self.start())

    def settle_all(self, *traders: Trader) -> None:
        """Close the size of each that has one."""
        for trader in traders:
            if self.market.position(trader).size:
                self.chain.send(self.settle(trader))

    def finish(self, *traders: Trader) -> Receipt:
        """From the start to the closed market."""
        self.begin()
        self.settle_all(*traders)
        for trader in traders:
            self.chain.send(self.pay(trader))
        return self.chain.send(self.close())

    def check_books(self) -> None:
        """Books and pool differ by what the settlement says; the vault's ledger adds up."""
        market, settlement = self.market.read(), self.read()
        value = market.collateral_sum_atoms - market.cost_sum_atoms + market.accrued_fees_atoms
        value += market.insurance_fund + market.funding_pool_atoms - market.outstanding_loss_atoms
        value -= market.long_shortfall_atoms + market.short_shortfall_atoms
        imbalance = 0 if settlement.is_paying else settlement.imbalance_atoms
        assert value - imbalance == self.market.locked_atoms()
        self.market.exchange.vault.check_ledger()
