"""What happened to a market on chain, as commands for the shard that trades it.

A shard logs these commands like any other, so that replaying its log needs no chain. The events carry the
market's own sequence: a gap means that news was missed, and believing anything after it would be a guess.
"""

from __future__ import annotations

from collections.abc import Callable

from solders.pubkey import Pubkey

from gdx_matcher import commands as c
from gdx_sdk.errors import ChainError
from gdx_sdk.events import position_mgmt as pm
from gdx_sdk.runtime import Event

AccountOf = Callable[[Pubkey], int]


class NewsGap(ChainError):
    """An event of a market is missing between two that were seen."""


class ChainNews:
    """Turns one market's events, in order, into commands. `account_of` names the account of a position."""

    def __init__(self, market_index: int, account_of: AccountOf) -> None:
        self.market_index = market_index
        self.sequence = 0
        self._account_of = account_of
        self._indices = (0, 0, 0)  # funding, long loss, short loss
        self._closed: set[Pubkey] = set()  # positions that were closed and not opened again

    def read(self, event: Event) -> list[c.Command]:
        """Commands that an event of this market means; raises `NewsGap` when one before it was not seen."""
        head = getattr(event, "head", None)
        if head is None:
            return []
        if head.sequence != self.sequence + 1:
            raise NewsGap(f"market {self.market_index}: event {head.sequence} follows {self.sequence}")
        self.sequence = head.sequence
        index = self.market_index
        match event:
            case pm.PositionOpened():
                return self._opened(event)
            case pm.PositionClosed():
                self._closed.add(event.position)
            case pm.CollateralAdded():
                return [self._collateral(event.after.position, event.amount_atoms, head.ts)]
            case pm.CollateralReleased():
                return [self._collateral(event.after.position, -event.amount_atoms, head.ts)]
            case pm.ReleaseRequested():
                account = self._account_of(event.after.position)
                return [c.RequestRelease(account, index, event.after.requested_release_atoms)]
            case pm.FundingSet():
                return [self._set_indices(event.funding_index, *self._indices[1:])]
            case pm.BankruptcyResolved():
                return [self._set_indices(self._indices[0], event.long_loss_index, event.short_loss_index)]
            case pm.PositionLiquidated():
                return [self._liquidation(event)]
        return []

    def _opened(self, event: pm.PositionOpened) -> list[c.Command]:
        """A position that was closed starts anew: empty, with another leverage perhaps."""
        position, index = event.after.position, self.market_index
        account = self._account_of(position)
        if position not in self._closed:
            return [c.RegisterAccount(account, index, bytes(position), event.leverage)]
        self._closed.remove(position)
        fresh = c.SetPosition(account, index, 0, 0, 0, funding_index=self._indices[0])
        return [c.SetLeverage(account, index, event.leverage), fresh, c.RequestRelease(account, index, 0)]

    def _collateral(self, position: Pubkey, delta_atoms: int, ts: int) -> c.ChangeCollateral:
        return c.ChangeCollateral(self._account_of(position), self.market_index, delta_atoms, ts)

    def _set_indices(self, funding: int, long_loss: int, short_loss: int) -> c.SetIndices:
        self._indices = (funding, long_loss, short_loss)
        return c.SetIndices(self.market_index, funding, long_loss, short_loss)

    def _liquidation(self, event: pm.PositionLiquidated) -> c.LiquidatePosition:
        return c.LiquidatePosition(
            account=self._account_of(event.liquidatee.position),
            liquidator=self._account_of(event.liquidator.position),
            market_index=self.market_index,
            size_delta_e8=-event.size_e8,
            price_e6=event.price_e6,
            fee_atoms=event.liquidator_fee_atoms + event.insurance_fee_atoms,
            insurance_atoms=event.insurance_fee_atoms,
            timestamp_ts=event.head.ts,
        )
