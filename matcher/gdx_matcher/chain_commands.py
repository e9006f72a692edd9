"""Commands that report what happened on chain: positions, collateral, indices, batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gdx_matcher import commands as c
from gdx_matcher import positions
from gdx_matcher.book import Book
from gdx_matcher.events import BatchConfirmed, CommandRejected, Event, RejectReason, TradeBusted
from gdx_matcher.positions import Holding
from gdx_matcher.risk import Risk
from gdx_sdk.math import PositionState

ADDRESS_BYTES = 32


class ChainCommands:
    """Applies the chain's news to the risk module; without one, all of them are refused."""

    def __init__(self, books: dict[int, Book], risk: Risk | None) -> None:
        self._books = books
        self._risk = risk
        self.handlers: dict[type, Callable[[Any, list[Event]], None]] = {
            c.RegisterAccount: self._register,
            c.ChangeCollateral: self._change_collateral,
            c.RequestRelease: self._request_release,
            c.SetIndices: self._set_indices,
            c.LiquidatePosition: self._liquidate,
            c.SetPosition: self._set_position,
            c.BustTrade: self._bust,
            c.ConfirmBatch: self._confirm,
            c.SetLeverage: self._set_leverage,
        }

    def _known(self, market_index: int, events: list[Event], *accounts: int) -> Risk | None:
        """The risk module if market and accounts are known to it; otherwise the command is rejected."""
        risk = self._risk
        if market_index not in self._books:
            reject(events, market_index, RejectReason.UNKNOWN_MARKET, market_index)
            return None
        for account in accounts:
            if risk is None or (account, market_index) not in risk.holdings:
                reject(events, market_index, RejectReason.UNKNOWN_ACCOUNT, account, market_index)
                return None
        if risk is None:
            reject(events, market_index, RejectReason.UNKNOWN_ACCOUNT, c.ANY_ACCOUNT, market_index)
        return risk

    def _register(self, command: c.RegisterAccount, events: list[Event]) -> None:
        index = command.market_index
        risk = self._known(index, events)
        if risk is None:
            return
        if (command.account, index) in risk.holdings:
            reject(events, index, RejectReason.ALREADY_REGISTERED, command.account, index)
        elif command.leverage < 1 or len(command.position) != ADDRESS_BYTES:
            reject(events, index, RejectReason.BAD_VALUE, command.leverage, 1)
        else:
            settled = PositionState(funding_index=risk.markets[index].funding_index)
            risk.holdings[command.account, index] = Holding(
                command.account, index, command.position, command.leverage, settled
            )

    def _set_leverage(self, command: c.SetLeverage, events: list[Event]) -> None:
        index = command.market_index
        risk = self._known(index, events, command.account)
        if risk is None:
            return
        if command.leverage < 1:
            reject(events, index, RejectReason.BAD_VALUE, command.leverage, 1)
        else:
            risk.holdings[command.account, index].leverage = command.leverage

    def _change_collateral(self, command: c.ChangeCollateral, events: list[Event]) -> None:
        index = command.market_index
        risk = self._known(index, events, command.account)
        if risk is None:
            return
        holding = risk.holdings[command.account, index]
        collateral = holding.settled.collateral_atoms
        if collateral + command.delta_atoms < 0:
            reject(events, index, RejectReason.POSITION_MISMATCH, command.delta_atoms, collateral)
            return
        risk.markets[index] = positions.change_collateral(risk.holdings, risk.markets[index], command)
        if command.delta_atoms < 0:
            holding.release_atoms = max(holding.release_atoms + command.delta_atoms, 0)

    def _request_release(self, command: c.RequestRelease, events: list[Event]) -> None:
        risk = self._known(command.market_index, events, command.account)
        if risk is not None:
            risk.holdings[command.account, command.market_index].release_atoms = command.atoms

    def _set_indices(self, command: c.SetIndices, events: list[Event]) -> None:
        risk = self._known(command.market_index, events)
        if risk is not None:
            risk.markets[command.market_index] = replace(
                risk.markets[command.market_index],
                funding_index=command.funding_index,
                long_loss_index=command.long_loss_index,
                short_loss_index=command.short_loss_index,
            )

    def _liquidate(self, command: c.LiquidatePosition, events: list[Event]) -> None:
        index = command.market_index
        risk = self._known(index, events, command.account, command.liquidator)
        if risk is None:
            return
        size = risk.holdings[command.account, index].settled.size_e8
        if size * command.size_delta_e8 >= 0 or abs(command.size_delta_e8) > abs(size):
            reject(events, index, RejectReason.POSITION_MISMATCH, command.size_delta_e8, size)
            return
        market = risk.markets[index]
        risk.markets[index] = positions.settle_liquidation(risk.holdings, market, command)
        risk.recount_interest(index)

    def _set_position(self, command: c.SetPosition, events: list[Event]) -> None:
        risk = self._known(command.market_index, events, command.account)
        if risk is not None:
            holding = risk.holdings[command.account, command.market_index]
            holding.settled = PositionState(
                command.size_e8,
                command.cost_atoms,
                command.collateral_atoms,
                command.funding_index,
                command.loss_index,
            )
            holding.realized_pnl_atoms = command.realized_pnl_atoms
            holding.accumulated_funding_atoms = command.accumulated_funding_atoms
            risk.recount_interest(command.market_index)

    def _bust(self, command: c.BustTrade, events: list[Event]) -> None:
        index = command.market_index
        risk = self._known(index, events)
        if risk is None:
            return
        trade = risk.bust_trade(index, command.trade_id)
        if trade is None:
            reject(events, index, RejectReason.UNKNOWN_TRADE, command.trade_id, index)
            return
        events.append(
            TradeBusted(
                trade.trade_id,
                index,
                trade.maker_account,
                trade.taker_account,
                trade.taker_side,
                trade.price_e6,
                trade.size_e8,
                command.error_code,
            )
        )

    def _confirm(self, command: c.ConfirmBatch, events: list[Event]) -> None:
        index = command.market_index
        risk = self._known(index, events)
        if risk is None:
            return
        trades = risk.take_settled(index, command.last_trade_id)
        band_bps = self._books[index].config.net_band_bps
        risk.markets[index] = positions.settle_batch(
            risk.holdings, risk.markets[index], command, trades, band_bps
        )
        events.append(BatchConfirmed(index, command.sequence, len(trades)))


def reject(
    events: list[Event], market_index: int, reason: RejectReason, value: int = 0, limit: int = 0
) -> None:
    """Say that a command changed nothing, and why."""
    events.append(CommandRejected(market_index, reason, value, limit))
