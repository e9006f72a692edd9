"""Cutting a market's trades into batches: in sequence, each as large as one transaction, none too late.

The cutter is a function of the log: the same trades, times and versions give the same batches with the same
ids. Batches stay here until they are confirmed, because a busted trade changes every batch from its own on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace

import msgspec
from solders.pubkey import Pubkey

from gdx_matcher.events import BatchCut, TradeExecuted
from gdx_matcher.market import MarketConfig
from gdx_matcher.positions import Holdings
from gdx_sdk.batch import BatchBuilder, BatchLimits, SealedBatch, Trade, chain_start, seal_heartbeat

NEVER_MS = 2**63


class CutRecord(msgspec.Struct, array_like=True):
    """An unsettled batch, without its trades: those are the risk module's, by id."""

    sequence: int
    version: int
    trade_count: int  # 0 = heartbeat
    last_trade_id: int
    heartbeat_ms: int


class CutterState(msgspec.Struct, array_like=True):
    """The saved form of a cutter."""

    market_index: int
    version: int
    first_sequence: int  # of the first unsettled batch, or of the next one
    previous_id: bytes  # of the batch before that
    records: list[CutRecord]


class BatchCutter:
    """Collects one market's trades and seals them."""

    def __init__(self, config: MarketConfig, holdings: Holdings) -> None:
        self.config = config
        self.market = Pubkey(config.address)
        self._holdings = holdings
        limits = BatchLimits.of_transaction()
        if config.batch_max_trades:
            limits = replace(limits, trades=min(limits.trades, config.batch_max_trades))
        self._limits = limits
        self._keys: dict[int, Pubkey] = {}  # account → position
        self.settled_sequence, self.settled_id = chain_start(
            self.market, config.market_index, has_closed_markets=config.has_closed_markets
        )
        self.unsettled: deque[SealedBatch] = deque()
        self._builder = BatchBuilder(self.market, config.batch_version, self._limits)
        self._due_ms = NEVER_MS

    @property
    def version(self) -> int:
        """Version of the open batch."""
        return self._builder.version

    @property
    def open_trades(self) -> int:
        """Trades that are in no batch yet."""
        return len(self._builder)

    @property
    def due_ms(self) -> int:
        """When the open batch must be cut; far in the future while it is empty."""
        return self._due_ms

    @property
    def next_sequence(self) -> int:
        """Sequence of the open batch."""
        return self.settled_sequence + len(self.unsettled) + 1

    def add(self, event: TradeExecuted) -> SealedBatch | None:
        """Take a trade; returns the batch that was full before it, if one was."""
        trade, sealed = self._trade(event), None
        if not self._builder.try_add(trade):
            sealed = self.cut()
            self._builder.try_add(trade)
        if len(self._builder) == 1:
            self._due_ms = trade.executed_at_ms + self.config.batch_max_age_ms
        return sealed

    def cut(self) -> SealedBatch | None:
        """Seal the open batch; None when it is empty."""
        count = len(self._builder)
        if not count:
            return None
        flush = count < self.config.batch_min_trades
        batch = self._builder.seal(self.next_sequence, self._last_id(), flush=flush)
        self.unsettled.append(batch)
        self._due_ms = NEVER_MS
        return batch

    def heartbeat(self, now_ms: int) -> SealedBatch:
        """Seal an empty batch."""
        batch = seal_heartbeat(self.version, self.market, self.next_sequence, self._last_id(), at_ms=now_ms)
        self.unsettled.append(batch)
        return batch

    def set_version(self, version: int) -> SealedBatch | None:
        """Cut the open batch and build the next ones in another version."""
        sealed = self.cut()
        self._builder = BatchBuilder(self.market, version, self._limits)
        return sealed

    def confirm(self) -> SealedBatch:
        """The first unsettled batch is on chain."""
        batch = self.unsettled.popleft()
        self.settled_sequence, self.settled_id = batch.sequence, batch.batch_id
        return batch

    def find(self, trade_id: int) -> int | None:
        """Sequence of the unsettled batch with this trade; the open batch's own; None for no such trade."""
        for batch in self.unsettled:
            if any(trade.trade_id == trade_id for trade in batch.trades):
                return batch.sequence
        is_open = any(trade.trade_id == trade_id for trade in self._builder.trades)
        return self.next_sequence if is_open else None

    def rebuild(self, from_sequence: int, without: int = 0, version: int = 0) -> list[SealedBatch]:
        """Seal anew everything from a sequence on, without one trade, or in another version.

        Every batch keeps its version otherwise, and no batch is joined with its neighbor, so that a rebuilt
        chain differs no more than it must. A batch that loses its only trade disappears.
        """
        count = from_sequence - self.settled_sequence - 1
        redo = [self.unsettled.pop() for _ in range(len(self.unsettled) - max(count, 0))][::-1]
        open_trades, open_version = list(self._builder.trades), self.version
        rebuilt: list[SealedBatch] = []
        for batch in redo:
            self._builder = BatchBuilder(self.market, version or batch.version, self._limits)
            if not batch.trades:
                rebuilt.append(self.heartbeat(batch.executed_from_ms))
                continue
            rebuilt += self._refill(batch.trades, without)
            last = self.cut()
            rebuilt += [last] if last is not None else []
        self._builder = BatchBuilder(self.market, version or open_version, self._limits)
        return rebuilt + self._refill(open_trades, without)

    def _refill(self, trades: Iterable[Trade], without: int) -> list[SealedBatch]:
        sealed = []
        for trade in trades:
            if trade.trade_id == without:
                continue
            if not self._builder.try_add(trade):
                full = self.cut()
                sealed += [full] if full is not None else []
                self._builder.try_add(trade)
            if len(self._builder) == 1:
                self._due_ms = trade.executed_at_ms + self.config.batch_max_age_ms
        if not len(self._builder):
            self._due_ms = NEVER_MS
        return sealed

    def _last_id(self) -> bytes:
        return self.unsettled[-1].batch_id if self.unsettled else self.settled_id

    def _trade(self, event: TradeExecuted) -> Trade:
        return Trade(
            event.trade_id,
            self.market,
            self._key(event.taker_account),
            self._key(event.maker_account),
            event.taker_side,
            event.price_e6,
            event.size_e8,
            event.taker_fee_atoms,
            event.maker_fee_atoms,
            event.executed_at_ms,
        )

    def _key(self, account: int) -> Pubkey:
        key = self._keys.get(account)
        if key is None:
            key = Pubkey(self._holdings[account, self.config.market_index].position)
            self._keys[account] = key
        return key

    def state(self) -> CutterState:
        """The saved form."""
        cut = [
            CutRecord(
                batch.sequence,
                batch.version,
                batch.trade_count,
                batch.trades[-1].trade_id if batch.trades else 0,
                0 if batch.trades else batch.executed_from_ms,
            )
            for batch in self.unsettled
        ]
        first = self.settled_sequence + 1
        return CutterState(self.config.market_index, self.version, first, self.settled_id, cut)

    def restore(self, state: CutterState, unsettled: Iterable[TradeExecuted]) -> None:
        """Become the cutter of that state, given the unsettled trades in order."""
        self.settled_sequence, self.settled_id = state.first_sequence - 1, state.previous_id
        trades = deque(unsettled)
        for record in state.records:
            self._builder = BatchBuilder(self.market, record.version, self._limits)
            if not record.trade_count:
                self.heartbeat(record.heartbeat_ms)
            for _ in range(record.trade_count):
                self._builder.try_add(self._trade(trades.popleft()))
            self.cut()
        self._builder = BatchBuilder(self.market, state.version, self._limits)
        for event in trades:
            self.add(event)


def cut_event(market_index: int, batch: SealedBatch) -> BatchCut:
    """What the engine's listeners learn of a sealed batch."""
    last_trade_id = batch.trades[-1].trade_id if batch.trades else 0
    return BatchCut(
        market_index,
        batch.sequence,
        batch.version,
        batch.batch_id,
        batch.trade_count,
        len(batch.positions),
        last_trade_id,
    )
