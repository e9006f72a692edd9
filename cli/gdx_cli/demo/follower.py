"""Follows the markets on chain and tells the shard what happened there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gdx_matcher.chain_news import ChainNews
from gdx_matcher.shard import Shard

from gdx_cli.demo.chain import DemoChain
from gdx_cli.demo.world import DemoMarket, World
from gdx_sdk.events import events_in_transaction
from gdx_sdk.events import position_mgmt as pm
from gdx_sdk.runtime import Event

PAGE = 1_000


class Follower:
    """Reads each market's transactions in order, every one once."""

    def __init__(self, world: World, shard: Shard) -> None:
        self._chain: DemoChain = world.chain
        self._shard = shard
        self._news = {market.index: ChainNews(market.index, world.account_of) for market in world.markets}
        self._seen: dict[int, str | None] = {market.index: None for market in world.markets}
        self._markets: list[DemoMarket] = world.markets
        self.added_atoms = dict.fromkeys(self._seen, 0)
        self.swept_atoms = dict.fromkeys(self._seen, 0)
        self._counters: dict[type[Event], Callable[[Any, int], None]] = {
            pm.BatchSettled: self._batch_settled,
            pm.CollateralAdded: self._collateral_added,
            pm.CollateralReleased: self._collateral_released,
            pm.FundingSet: self._funding_set,
            pm.PositionLiquidated: self._liquidated,
            pm.FeesSwept: self._swept,
        }

    def start_over(self) -> None:
        """Begin at the first transaction of another chain."""
        self._seen = dict.fromkeys(self._seen)

    async def follow(self) -> None:
        """Bring the shard up to what the chain shows now."""
        for market in self._markets:
            for signature in await self._new_signatures(market):
                transaction = await self._chain.client.get_transaction(signature)
                if transaction is not None:
                    self._read(market, transaction)
                self._seen[market.index] = signature

    async def _new_signatures(self, market: DemoMarket) -> list[str]:
        """Signatures since the last look, oldest first."""
        found: list[str] = []
        before: str | None = None
        while True:
            options: dict[str, Any] = {"limit": PAGE, "commitment": "confirmed"}
            if (until := self._seen[market.index]) is not None:
                options["until"] = until
            if before is not None:
                options["before"] = before
            page = await self._chain.client.rpc("getSignaturesForAddress", [str(market.address), options])
            found += [entry["signature"] for entry in page if entry["err"] is None]
            if len(page) < PAGE:
                return found[::-1]
            before = page[-1]["signature"]

    def _read(self, market: DemoMarket, transaction: dict[str, Any]) -> None:
        units = int(transaction["meta"]["computeUnitsConsumed"])
        for seen in events_in_transaction(transaction):
            event = seen.event
            if seen.program != "position_mgmt" or getattr(event, "market", None) != market.address:
                continue
            for command in self._news[market.index].read(event):
                self._shard.submit(command, self._chain.chain_ms)
            if isinstance(event, pm.BatchSettled):
                self._shard.confirm(
                    market.index,
                    event.batch_sequence,
                    self._chain.chain_ms,
                    reference_price_e6=event.index_price_e6,
                    timestamp_ts=event.head.ts,
                )
            if (count := self._counters.get(type(event))) is not None:
                count(event, units)

    def _batch_settled(self, event: pm.BatchSettled, units: int) -> None:
        report = self._chain.report
        if event.version == 1:
            report.batches_v1 += 1
            report.most_trades_v1 = max(report.most_trades_v1, event.trade_count)
        else:
            report.batches_v2 += 1
            report.most_positions_v2 = max(report.most_positions_v2, event.position_count)
        report.count_units(f"settle_batch V{event.version}", units)

    def _collateral_added(self, event: pm.CollateralAdded, _units: int) -> None:
        self.added_atoms[self._index_of(event)] += event.amount_atoms

    def _collateral_released(self, event: pm.CollateralReleased, _units: int) -> None:
        self.added_atoms[self._index_of(event)] -= event.amount_atoms

    def _funding_set(self, _event: pm.FundingSet, units: int) -> None:
        self._chain.report.funding_periods += 1
        self._chain.report.count_units("update_funding", units)

    def _liquidated(self, _event: pm.PositionLiquidated, units: int) -> None:
        self._chain.report.liquidations += 1
        self._chain.report.count_units("liquidate", units)

    def _swept(self, event: pm.FeesSwept, _units: int) -> None:
        self.swept_atoms[self._index_of(event)] += event.fees_atoms + event.insurance_atoms

    def _index_of(self, event: Any) -> int:
        return next(market.index for market in self._markets if market.address == event.market)
