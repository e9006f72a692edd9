"""A settling market and its settlement as they must be: continues the model of the market."""

from __future__ import annotations

from solders.pubkey import Pubkey

from gdx_sdk.math import Payouts, open_payouts, pay_position, settle_position, unpaid_funding_atoms

from .model import Model


class WindingModel:
    """Continues a `Model` of the market; positions leave it when they are paid."""

    def __init__(self, market: Model, price_e6: int) -> None:
        self.market, self.price_e6 = market, price_e6
        self.imbalance = self.settled = self.paid = self.paid_count = 0
        self.payouts: Payouts | None = None

    def fields(self) -> dict[str, int]:
        """Fields of the settlement's account."""
        payouts = self.payouts or Payouts(0, 0, 0)
        return {
            "price_e6": self.price_e6,
            "imbalance_atoms": self.imbalance,
            "settled_count": self.settled,
            "is_paying": int(self.payouts is not None),
            "claims_atoms": payouts.claims_atoms,
            "payable_atoms": payouts.payable_atoms,
            "drawn_atoms": payouts.drawn_atoms,
            "paid_atoms": self.paid,
            "paid_count": self.paid_count,
        }

    def market_fields(self) -> dict[str, object]:
        """Fields of the market's account, whose sides differ while sizes are closed one by one."""
        return self.market.fields() | {"position_count": len(self.market.positions)}

    def settle(self, key: Pubkey, now_ts: int) -> None:
        """Close one position's size at the price."""
        position = self.market.positions[key]
        funding = unpaid_funding_atoms(position.money, self.market.money)
        position.funding += funding
        value = self.price_e6 * position.money.size_e8 // 10**8
        position.realized += value - position.money.cost_atoms
        position.money, self.market.money, worth = settle_position(
            position.money, self.market.money, self.price_e6
        )
        assert worth == value
        self.imbalance += worth
        self.settled += 1
        names = ("entry_price", "liquidation_price", "maintenance_margin", "unrealized_pnl")
        position.shown = dict.fromkeys(names, 0) | {
            "last_funding_update": now_ts,
            "last_update_timestamp": now_ts,
        }

    def pay(self, key: Pubkey) -> int:
        """Pay one position; the first pay-out fixes what is shared. Returns what is paid."""
        if self.payouts is None:
            self.market.money, self.payouts = open_payouts(self.market.money)
        money = self.market.positions.pop(key).money
        _, self.market.money, paid = pay_position(money, self.market.money, self.payouts)
        self.paid += paid
        self.paid_count += 1
        return paid
