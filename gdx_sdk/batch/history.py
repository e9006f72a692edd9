"""Checking a market's settled batches one after the other; pure. `client.verify_history` reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from solders.pubkey import Pubkey

from gdx_sdk.batch.sealed import DecodedBatch, SealedBatch
from gdx_sdk.batch.trade import Trade
from gdx_sdk.batch.verify import verify_batch
from gdx_sdk.errors import ProofError

if TYPE_CHECKING:
    from gdx_sdk._generated.position_mgmt.accounts import SettlementBatch
    from gdx_sdk._generated.position_mgmt.events import BatchSettled

Check = Literal["file", "sequence", "chain", "record", "event", "transaction", "trades", "market"]
CONFIRMED = 1


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not hold, or could not be told, of one batch (0: of the range as a whole)."""

    sequence: int
    check: Check
    message: str


@dataclass(frozen=True, slots=True)
class HistoryBatch:
    """One batch and everything that is known of it.

    `batch` is what is being checked, `trades` its trades (None: not known), `received` the batch as the
    transaction carried it, `record` and `event` what the program made of it.
    """

    batch: SealedBatch | DecodedBatch
    trades: tuple[Trade, ...] | None
    received: DecodedBatch | None = None
    record: SettlementBatch | None = None
    event: BatchSettled | None = None


@dataclass(slots=True)
class HistoryReport:
    """What a check of the batches `first` to `last` of a market found.

    `failures` are contradictions; `unproven` is what could not be checked, for example trades that a V2 batch
    does not carry, when no outbox was given. The counts say how many batches each check had to work on.
    """

    market: Pubkey
    source: Literal["outbox", "chain"]
    first: int
    last: int
    batch_count: int = 0
    trade_count: int = 0
    verified_trade_count: int = 0
    record_count: int = 0
    transaction_count: int = 0
    failures: list[Finding] = field(default_factory=list)
    unproven: list[Finding] = field(default_factory=list)

    @property
    def is_proven(self) -> bool:
        """Whether nothing contradicts; look at `unproven` for what that leaves open."""
        return not self.failures


def check_history(
    report: HistoryReport, batches: Sequence[HistoryBatch], after: tuple[int, bytes] | None
) -> None:
    """Check `batches` in order and write what is found into `report`.

    `after` is the (sequence, id) that the first one follows; None takes its word for the id, which the chain
    of ids up to the market's last one proves all the same.
    """
    for item in batches:
        batch = item.batch
        expected = after[0] + 1 if after is not None else report.first
        if batch.sequence != expected:
            missing = f"batch {expected}" if batch.sequence == expected + 1 else f"batches from {expected}"
            report.failures.append(
                Finding(batch.sequence, "sequence", f"{missing} missing before batch {batch.sequence}")
            )
        elif after is not None and batch.previous_id != after[1]:
            said = f"previous id is {batch.previous_id.hex()}, batch {after[0]} has {after[1].hex()}"
            report.failures.append(Finding(batch.sequence, "chain", said))
        _check_one(report, item)
        after = (batch.sequence, batch.batch_id)


def _check_one(report: HistoryReport, item: HistoryBatch) -> None:
    batch, number = item.batch, item.batch.sequence
    report.batch_count += 1
    report.trade_count += batch.trade_count
    if item.record is None and item.event is None:
        report.failures.append(Finding(number, "record", "neither a record nor a transaction is on chain"))
    if item.record is not None:
        report.record_count += 1
        _compare(report, number, "record", _of_record(item.record), _of_batch(batch) | {"status": CONFIRMED})
    if item.event is not None:
        report.transaction_count += 1
        expected = _of_batch(batch) | {"market": batch.market, "version": batch.version}
        _compare(report, number, "event", _of_event(item.event), expected)
    if item.received is not None and item.received.batch_id != batch.batch_id:
        said = f"the transaction carries batch {item.received.batch_id.hex()}, not {batch.batch_id.hex()}"
        report.failures.append(Finding(number, "transaction", said))
    _check_trades(report, item)


def _check_trades(report: HistoryReport, item: HistoryBatch) -> None:
    number = item.batch.sequence
    if not item.batch.trade_count:
        return
    if item.trades is None:
        report.unproven.append(Finding(number, "trades", "the trades under the root are not known"))
        return
    try:
        verify_batch(item.trades, item.received or item.batch)
    except ProofError as error:
        report.failures.append(Finding(number, "trades", str(error)))
    else:
        report.verified_trade_count += len(item.trades)


def _compare(
    report: HistoryReport,
    number: int,
    check: Check,
    found: dict[str, object],
    expected: dict[str, object],
) -> None:
    for name, value in expected.items():
        if found[name] != value:
            said = f"{name} is {_shown(found[name])} on chain, {_shown(value)} in the batch"
            report.failures.append(Finding(number, check, said))


def _of_batch(batch: SealedBatch | DecodedBatch) -> dict[str, object]:
    return {
        "batch_id": batch.batch_id,
        "sequence": batch.sequence,
        "merkle_root": batch.root,
        "trade_count": batch.trade_count,
    }


def _of_record(record: SettlementBatch) -> dict[str, object]:
    names = ("sequence", "trade_count", "status")
    found: dict[str, object] = {name: getattr(record, name) for name in names}
    return found | {"batch_id": bytes(record.batch_id), "merkle_root": bytes(record.merkle_root)}


def _of_event(event: BatchSettled) -> dict[str, object]:
    names = ("trade_count", "market", "version")
    found: dict[str, object] = {name: getattr(event, name) for name in names}
    ids = {"batch_id": bytes(event.batch_id), "merkle_root": bytes(event.merkle_root)}
    return found | ids | {"sequence": event.batch_sequence}


def _shown(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
