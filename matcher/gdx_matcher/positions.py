"""What the engine believes of each position on chain, advanced by the program's own rules.

Two views of one position are kept apart. *Settled* is what the account on chain holds, field by field: it
moves when a batch is confirmed, and with every deposit, release, funding step and liquidation seen on
chain. *Live* is settled plus the trades that are matched and not settled yet: it is what risk is measured
on. Both versions of a batch leave the same size and the same collateral − cost, so live needs no more than
these two numbers.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from gdx_matcher.commands import ChangeCollateral, ConfirmBatch, LiquidatePosition
from gdx_matcher.events import TradeExecuted
from gdx_sdk.math import (
    MarketState,
    PositionState,
    add_collateral,
    charge_fee,
    charge_insurance,
    fill,
    liquidation_price_e6,
    net_fill,
    notional_atoms,
    settle_overdraft,
    touch,
    unpaid_funding_atoms,
    unpaid_loss_atoms,
)
from gdx_sdk.units import Side


class Holding(msgspec.Struct, array_like=True, gc=False):
    """One account's position in one market. Sizes are signed, + long."""

    account: int
    market_index: int
    position: bytes  # address of the UserPosition
    leverage: int
    settled: PositionState
    realized_pnl_atoms: int = 0  # of fills, since registered
    accumulated_funding_atoms: int = 0  # paid (+), since registered
    updated_ts: int = 0  # chain time of the last settled change
    pending_size_e8: int = 0  # of trades that are not settled yet
    pending_value_atoms: int = 0  # −quote − fees of these trades
    open_buy_e8: int = 0  # resting orders that may add to the position
    open_sell_e8: int = 0
    release_atoms: int = 0  # requested back, reserved

    @property
    def size_e8(self) -> int:
        """Live size."""
        return self.settled.size_e8 + self.pending_size_e8

    @property
    def value_atoms(self) -> int:
        """Live collateral − cost."""
        return self.settled.collateral_atoms - self.settled.cost_atoms + self.pending_value_atoms

    def free_value_atoms(self, market: MarketState) -> int:
        """Live collateral − cost − what is owed at the next touch − what is asked back."""
        settled = self.settled
        value = settled.collateral_atoms - settled.cost_atoms + self.pending_value_atoms - self.release_atoms
        size = settled.size_e8
        if size:
            if settled.funding_index != market.funding_index:
                value -= unpaid_funding_atoms(settled, market)
            loss_index = market.long_loss_index if size > 0 else market.short_loss_index
            if settled.loss_index != loss_index:
                value -= unpaid_loss_atoms(settled, market)
        return value


def believed_account(holding: Holding, maintenance_margin_bps: int) -> dict[str, int]:
    """The fields of the UserPosition account that the engine's log determines, by the account's names.

    Not among them: owners and times, and what depends on the mark price of the moment (maintenance margin and
    unrealized profit).
    """
    settled = holding.settled
    return {
        "size": settled.size_e8,
        "entry_price": settled.entry_price_e6,
        "collateral": settled.collateral_atoms,
        "leverage": holding.leverage,
        "liquidation_price": liquidation_price_e6(settled, maintenance_margin_bps),
        "realized_pnl": holding.realized_pnl_atoms,
        "funding_index": settled.funding_index,
        "accumulated_funding": holding.accumulated_funding_atoms,
        "cost_atoms": settled.cost_atoms,
        "loss_index": settled.loss_index,
        "requested_release_atoms": holding.release_atoms,
    }


Holdings = dict[tuple[int, int], Holding]  # by (account, market index)
Net = list[int]  # size delta, quote delta, fee


def trade_nets(trades: Iterable[TradeExecuted]) -> dict[int, Net]:
    """Size delta, quote delta and fee of each account over some trades."""
    nets: dict[int, Net] = {}
    for trade in trades:
        notional = notional_atoms(trade.price_e6, trade.size_e8)
        sign = trade.taker_side.sign
        for account, direction, fee in (
            (trade.taker_account, sign, trade.taker_fee_atoms),
            (trade.maker_account, -sign, trade.maker_fee_atoms),
        ):
            net = nets.setdefault(account, [0, 0, 0])
            net[0] += direction * trade.size_e8
            net[1] += direction * notional
            net[2] += fee
    return nets


class Settlement:
    """One chain instruction applied to the settled side of some holdings of a market."""

    def __init__(self, holdings: Holdings, market_index: int, market: MarketState, timestamp_ts: int) -> None:
        self.holdings, self.market_index, self.market = holdings, market_index, market
        self.timestamp_ts = timestamp_ts
        self._closed_sides: dict[int, Side | None] = {}  # the side held before this instruction's last close

    def touch(self, account: int) -> Holding:
        """Pay funding and losses up to now; starts every change of a position."""
        holding = self.holdings[account, self.market_index]
        funding = unpaid_funding_atoms(holding.settled, self.market)
        holding.settled, self.market = touch(holding.settled, self.market)
        holding.accumulated_funding_atoms += funding
        self._closed_sides.setdefault(account, holding.settled.side)
        return holding

    def fill(self, account: int, size_delta_e8: int, quote_delta_atoms: int) -> None:
        """A fill at its own price."""
        holding = self.touch(account)
        before = holding.settled
        holding.settled, self.market = fill(before, self.market, size_delta_e8, quote_delta_atoms)
        self._count_realized(holding, before)

    def net_fill(self, account: int, net: Net, reference_price_e6: int, band_bps: int) -> None:
        """The net of a V2 entry."""
        holding = self.touch(account)
        before = holding.settled
        holding.settled, self.market = net_fill(
            before, self.market, net[0], net[1], ref_price_e6=reference_price_e6, band_bps=band_bps
        )
        self._count_realized(holding, before)

    def pay(self, account: int, fee_atoms: int) -> None:
        """Take a fee out of the collateral; a rebate or an addition is negative."""
        holding = self.holdings[account, self.market_index]
        holding.settled, self.market = charge_fee(holding.settled, self.market, fee_atoms)

    def insure(self, account: int, fee_atoms: int) -> None:
        """Take insurance's share of a liquidation fee out of the collateral."""
        holding = self.holdings[account, self.market_index]
        holding.settled, self.market = charge_insurance(holding.settled, self.market, fee_atoms)

    def add_collateral(self, account: int, amount_atoms: int) -> None:
        """Money in (+) or out (−) of a touched position together with the market's pool."""
        holding = self.touch(account)
        holding.settled, self.market = add_collateral(holding.settled, self.market, amount_atoms)

    def finish(self) -> MarketState:
        """End the instruction: overdrafts move into cost or shortfall, clocks are stamped."""
        for account, side in self._closed_sides.items():
            holding = self.holdings[account, self.market_index]
            # One that was flat all along can only have paid fees; the program charges the longs then.
            closed_side = Side.BUY if side is None else side
            holding.settled, self.market = settle_overdraft(
                holding.settled, self.market, closed_side=closed_side
            )
            holding.updated_ts = self.timestamp_ts
        return self.market

    def _count_realized(self, holding: Holding, before: PositionState) -> None:
        after, account = holding.settled, holding.account
        holding.realized_pnl_atoms += after.collateral_atoms - before.collateral_atoms
        if after.side is not None:
            self._closed_sides[account] = after.side


def settle_batch(
    holdings: Holdings,
    market: MarketState,
    batch: ConfirmBatch,
    trades: list[TradeExecuted],
    band_bps: int,
) -> MarketState:
    """Advance the settled side by one batch, the way its version does it."""
    settlement = Settlement(holdings, batch.market_index, market, batch.timestamp_ts)
    nets = trade_nets(trades)
    if batch.version == 1:
        for trade in trades:
            notional = notional_atoms(trade.price_e6, trade.size_e8)
            sign = trade.taker_side.sign
            settlement.fill(trade.taker_account, sign * trade.size_e8, sign * notional)
            settlement.fill(trade.maker_account, -sign * trade.size_e8, -sign * notional)
    else:
        for account, net in nets.items():
            settlement.net_fill(account, net, batch.reference_price_e6, band_bps)
    for account, net in nets.items():
        settlement.pay(account, net[2])
        holding = holdings[account, batch.market_index]
        holding.pending_size_e8 -= net[0]
        holding.pending_value_atoms += net[1] + net[2]
    return settlement.finish()


def settle_liquidation(
    holdings: Holdings, market: MarketState, liquidation: LiquidatePosition
) -> MarketState:
    """Hand part of a position over to the liquidator's, at the take-over price, with its fee."""
    settlement = Settlement(holdings, liquidation.market_index, market, liquidation.timestamp_ts)
    size = liquidation.size_delta_e8
    quote = notional_atoms(liquidation.price_e6, size) * (1 if size > 0 else -1)
    settlement.fill(liquidation.account, size, quote)
    settlement.fill(liquidation.liquidator, -size, -quote)
    settlement.insure(liquidation.account, liquidation.insurance_atoms)
    settlement.pay(liquidation.account, liquidation.fee_atoms - liquidation.insurance_atoms)
    settlement.pay(liquidation.liquidator, liquidation.insurance_atoms - liquidation.fee_atoms)
    return settlement.finish()


def change_collateral(holdings: Holdings, market: MarketState, change: ChangeCollateral) -> MarketState:
    """Add or release collateral of a touched position."""
    settlement = Settlement(holdings, change.market_index, market, change.timestamp_ts)
    settlement.add_collateral(change.account, change.delta_atoms)
    return settlement.finish()
