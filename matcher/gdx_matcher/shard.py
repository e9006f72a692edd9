"""A shard: the engine of some markets, its log, its snapshots and its outbox, behind one door.

Order of things for each group of commands: encode and append, one fsync, apply, hand sealed batches to the
outbox, answer. A process killed anywhere in between finds, when it opens the shard again, the state of all
acknowledged commands (and perhaps of the last, unacknowledged group), and the same batches under the same
ids.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from gdx_matcher import commands as c
from gdx_matcher.batches import NEVER_MS, BatchCutter, cut_event
from gdx_matcher.engine import Engine
from gdx_matcher.errors import ShardStopped
from gdx_matcher.events import CommandRejected, Event, RejectReason, TradeBusted, TradeExecuted
from gdx_matcher.log import Disk, Log, TornTail
from gdx_matcher.market import MarketConfig
from gdx_matcher.positions import Holding, believed_account
from gdx_matcher.publishing import publish, reconcile, refused_trade
from gdx_matcher.risk import Risk
from gdx_matcher.snapshot import ShardState, newest_snapshot, write_snapshot
from gdx_sdk.batch import FileOutbox, SealedBatch
from gdx_sdk.errors import InputError

ALL_SHARDS = "all"

logger = logging.getLogger("gdx_matcher.shard")


class Recovery(msgspec.Struct, frozen=True):
    """What opening a shard found."""

    snapshot_record: int  # 0 = none: replayed from the first record
    replayed_commands: int
    torn_tail: TornTail | None


def shard_id_from(environment: Mapping[str, str]) -> str:
    """``SHARD_ID``, or ``all`` when it is not set. Raises `InputError` for what names no directory."""
    shard_id = environment.get("SHARD_ID", ALL_SHARDS)
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", shard_id):
        raise InputError("SHARD_ID", shard_id, "must be 1 to 64 letters, digits, - or _")
    return shard_id


def markets_of(
    shard_id: str, markets: Sequence[MarketConfig], shard_map: Mapping[str, str] | None = None
) -> list[MarketConfig]:
    """The markets that a shard serves: all of them, or those whose symbol maps to its id.

    Raises `InputError` for a shard without markets and for a symbol that the map does not name.
    """
    if shard_id == ALL_SHARDS:
        return list(markets)
    by_symbol = dict(shard_map or {})
    for market in markets:
        if market.symbol not in by_symbol:
            raise InputError("shard_map", market.symbol, "names no shard for this symbol")
    mine = [market for market in markets if by_symbol[market.symbol] == shard_id]
    if not mine:
        raise InputError(
            "SHARD_ID", shard_id, f"must be {ALL_SHARDS!r} or one of {sorted(set(by_symbol.values()))}"
        )
    return mine


class Shard:
    """Opens, and recovers, the shard in `directory`/`shard_id`. Not for use by several threads."""

    def __init__(
        self,
        directory: Path | str,
        markets: Sequence[MarketConfig],
        *,
        shard_id: str = ALL_SHARDS,
        shard_map: Mapping[str, str] | None = None,
        outbox: FileOutbox | None = None,
        disk: Disk | None = None,
    ) -> None:
        self.shard_id = shard_id
        self.directory = Path(directory) / shard_id
        self.directory.mkdir(parents=True, exist_ok=True)
        self.markets = sorted(markets_of(shard_id, markets, shard_map), key=lambda m: m.market_index)
        self.outbox = outbox if outbox is not None else FileOutbox(self.directory / "outbox")
        identity = msgspec.msgpack.encode((shard_id, [market.identity() for market in self.markets]))
        self._sealed: list[SealedBatch] = []  # since the last answer
        self._rebuilt: set[int] = set()  # markets whose unsettled batches changed
        self._failure: str | None = None
        self._log = Log(self.directory / "commands.log", identity, disk=disk)
        try:
            self.recovery = self._recover()
        except BaseException:
            self._log.close()
            raise

    def submit(self, command: c.Command, now_ms: int) -> list[Event]:
        """Make one command durable and carry it out. Raises as `submit_many`."""
        return self.submit_many([(command, now_ms)])[0]

    def submit_many(self, commands: Iterable[tuple[c.Command, int]]) -> list[list[Event]]:
        """Make commands durable with one fsync and carry them out; the events of each, in order.

        More than some 65,000 commands take several fsyncs, group after group. Raises `InputError`, with
        nothing of the group done, when a value cannot be written; `ShardStopped` when the disk fails: then
        nothing of the group is acknowledged, and only opening the shard anew helps.
        """
        self._require_running()
        group = list(commands)
        answers: list[list[Event]] = []
        while group:
            logged = self._log_group(group)
            answers += self._carry_out(logged)
            del group[: len(logged)]
        return answers

    def confirm(
        self,
        market_index: int,
        sequence: int,
        now_ms: int,
        *,
        reference_price_e6: int = 0,
        timestamp_ts: int = 0,
    ) -> list[Event]:
        """Report that a batch is on chain; fills in what the shard knows of it."""
        unsettled = self.cutters[market_index].unsettled
        batch = unsettled[0] if unsettled and unsettled[0].sequence == sequence else None
        last_trade_id = batch.trades[-1].trade_id if batch and batch.trades else 0
        version = batch.version if batch else self.cutters[market_index].version
        command = c.ConfirmBatch(
            market_index, sequence, version, last_trade_id, reference_price_e6, timestamp_ts
        )
        return self.submit(command, now_ms)

    def handle_refusals(self, now_ms: int) -> list[Event]:
        """Bust the trade that each waiting refusal names and rebuild the batches from it on.

        Raises `UnattributedRefusal` when the program's error names no trade: then no trade is at fault.
        """
        events: list[Event] = []
        for market_index, cutter in self.cutters.items():
            refusal = self.outbox.refusal(cutter.market)
            if refusal is None:
                continue
            trade_id = refused_trade(cutter, refusal)
            if trade_id is None:  # of a batch that is settled or rebuilt by now
                self.outbox.take_refusal(cutter.market)
                continue
            events += self.submit(c.BustTrade(market_index, trade_id, refusal.error_code), now_ms)
        return events

    def position(self, account: int, market_index: int) -> Holding:
        """What the shard believes of a position; ``.settled`` is the account on chain."""
        assert self.engine.risk is not None
        return self.engine.risk.holdings[account, market_index]

    def believed_account(self, account: int, market_index: int) -> dict[str, int]:
        """Field by field, what the UserPosition account must hold; see `positions.believed_account`."""
        config = self.engine.books[market_index].config
        return believed_account(self.position(account, market_index), config.maintenance_margin_bps)

    def state(self) -> ShardState:
        """Everything the log leads to."""
        cutters = [cutter.state() for cutter in self.cutters.values()]
        return ShardState(self.engine.state(), cutters)

    def state_hash(self) -> bytes:
        """sha256 over engine and batches: equal after any recovery from the same log."""
        return self.state().hash()

    def snapshot(self) -> Path:
        """Save the state, so that recovery replays only what comes after."""
        self._require_running()
        return write_snapshot(self.directory, self._log.record_count, self.state())

    def close(self) -> None:
        """Release the log."""
        self._failure = self._failure or f"shard {self.shard_id} is closed"
        self._log.close()

    def _require_running(self) -> None:
        if self._failure is not None:
            raise ShardStopped(self._failure)

    def _log_group(self, group: list[tuple[c.Command, int]]) -> list[tuple[c.Command, int]]:
        """Make the first commands of a group durable; returns those, as replay will see them."""
        logged: list[tuple[c.Command, int]] = []
        try:
            for command, now_ms in group:
                if not self._log.has_room:
                    break
                logged.append((self._log.append(command, now_ms), now_ms))
            self._log.commit()
        except InputError:
            self._log.discard()
            raise
        except ShardStopped as error:
            self._failure = str(error)
            raise
        return logged

    def _carry_out(self, group: list[tuple[c.Command, int]]) -> list[list[Event]]:
        """Apply durable commands and hand over what they sealed. Any failure here stops the shard."""
        try:
            answers = [self._apply(command, now_ms) for command, now_ms in group]
            if self._sealed or self._rebuilt:
                publish(self.outbox, self.cutters, self._sealed, self._rebuilt)
        except Exception as error:
            self._failure = f"shard {self.shard_id}: {error!r} after the commands were logged"
            logger.critical("shard stopped: %s", self._failure)
            raise ShardStopped(self._failure) from error
        return answers

    def _recover(self) -> Recovery:
        """Rebuild the state from the newest snapshot and the log after it; bring the outbox in line."""
        saved = newest_snapshot(self.directory, self._log.record_count)
        first_record, state = saved if saved is not None else (0, None)
        if state is None:
            self.engine = Engine(self.markets, risk=Risk())
        else:
            self.engine = Engine.restore(self.markets, state.engine)
        risk = self.engine.risk
        assert risk is not None
        self.cutters = {market.market_index: BatchCutter(market, risk.holdings) for market in self.markets}
        for cutter_state in state.cutters if state is not None else ():
            index = cutter_state.market_index
            self.cutters[index].restore(cutter_state, risk.unsettled[index])
        self._note_due()
        replayed = 0
        for _, command, now_ms in self._log.read(first_record):
            self._apply(command, now_ms)
            replayed += 1
        self._sealed.clear()
        self._rebuilt.clear()
        for cutter in self.cutters.values():
            reconcile(self.outbox, cutter)
        return Recovery(first_record, replayed, self._log.torn_tail)

    def _apply(self, command: c.Command, now_ms: int) -> list[Event]:
        """Carry out one durable command, live or replayed."""
        events: list[Event] = []
        if now_ms >= self._due_ms:
            self._cut_due(now_ms, events)
        if type(command) is c.ConfirmBatch and not self._is_next(command, events):
            return events
        answer = self.engine.apply(command, now_ms)
        events += answer
        if len(answer) > 1:
            traded = False
            for event in answer:
                if type(event) is TradeExecuted:
                    traded = True
                    self._note_sealed(self.cutters[event.market_index].add(event), events)
            if traded:
                self._note_due()
        if type(command) in _BATCH_COMMANDS:
            self._change_batches(command, answer, events)
            self._note_due()
        return events

    def _is_next(self, command: c.ConfirmBatch, events: list[Event]) -> bool:
        """Whether a confirmation is for the first unsettled batch of its market."""
        cutter = self.cutters.get(command.market_index)
        if cutter is not None and cutter.unsettled:
            first = cutter.unsettled[0]
            last_trade_id = first.trades[-1].trade_id if first.trades else 0
            named = (command.sequence, command.version, command.last_trade_id)
            if named == (first.sequence, first.version, last_trade_id):
                return True
        expected = cutter.settled_sequence + 1 if cutter is not None else 0
        reason = RejectReason.UNKNOWN_BATCH
        events.append(CommandRejected(command.market_index, reason, command.sequence, expected))
        return False

    def _change_batches(self, command: c.Command, answer: list[Event], events: list[Event]) -> None:
        """The part of a command that concerns the cutter."""
        market_index: int = command.market_index  # type: ignore[union-attr]
        cutter = self.cutters.get(market_index)
        if cutter is None:
            if isinstance(command, c.CutBatch | c.SetBatchVersion):
                events.append(CommandRejected(market_index, RejectReason.UNKNOWN_MARKET, market_index))
        elif isinstance(command, c.ConfirmBatch):
            cutter.confirm()
        elif isinstance(command, c.CutBatch):
            sealed = cutter.cut()
            if sealed is None and command.heartbeat:
                sealed = cutter.heartbeat(self.engine.now_ms)
            self._note_sealed(sealed, events)
        elif isinstance(command, c.SetBatchVersion):
            self._set_version(command, cutter, events)
        elif isinstance(command, c.BustTrade) and any(type(event) is TradeBusted for event in answer):
            sequence = cutter.find(command.trade_id)
            assert sequence is not None, "an unsettled trade is in a batch or waits for one"
            self._note_rebuilt(cutter, cutter.rebuild(sequence, without=command.trade_id), events)

    def _set_version(self, command: c.SetBatchVersion, cutter: BatchCutter, events: list[Event]) -> None:
        if command.version not in (1, 2):
            reason = RejectReason.BAD_VALUE
            events.append(CommandRejected(command.market_index, reason, command.version, 2))
            return
        if command.from_sequence:
            sequence = max(command.from_sequence, cutter.settled_sequence + 1)
            self._note_rebuilt(cutter, cutter.rebuild(sequence, version=command.version), events)
        else:
            self._note_sealed(cutter.set_version(command.version), events)

    def _cut_due(self, now_ms: int, events: list[Event]) -> None:
        for cutter in self.cutters.values():
            if cutter.due_ms <= now_ms:
                self._note_sealed(cutter.cut(), events)
        self._note_due()

    def _note_due(self) -> None:
        self._due_ms = min((cutter.due_ms for cutter in self.cutters.values()), default=NEVER_MS)

    def _note_sealed(self, batch: SealedBatch | None, events: list[Event]) -> None:
        if batch is not None:
            self._sealed.append(batch)
            events.append(cut_event(self._index_of(batch), batch))

    def _note_rebuilt(self, cutter: BatchCutter, batches: list[SealedBatch], events: list[Event]) -> None:
        self._rebuilt.add(cutter.config.market_index)
        events += [cut_event(cutter.config.market_index, batch) for batch in batches]

    def _index_of(self, batch: SealedBatch) -> int:
        return next(index for index, cutter in self.cutters.items() if cutter.market == batch.market)


_BATCH_COMMANDS = {c.ConfirmBatch, c.CutBatch, c.SetBatchVersion, c.BustTrade}
