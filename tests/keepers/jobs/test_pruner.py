"""The pruner's choice of records."""

from __future__ import annotations

from gdx_keepers.core.clock import Now
from gdx_keepers.core.metrics import Metrics
from gdx_keepers.jobs.pruner import BatchRecord, PruneBatch, Pruner, PrunerState

from tests.keepers.keeper_fakes import MARKET, RELAYER, RecordingSender, silent_log


def record(sequence: int, settled_ts: int) -> BatchRecord:
    return BatchRecord(bytes([sequence] * 32), MARKET, RELAYER, sequence, settled_ts)


def make(max_per_run: int = 16) -> Pruner:
    return Pruner(
        "pruner",
        Metrics(),
        silent_log(),
        markets={MARKET: "SOL-PERP"},
        chain=None,  # type: ignore[arg-type]  # plan asks nobody
        sender=RecordingSender(),
        max_per_run=max_per_run,
    )


def at(ts: int) -> Now:
    return Now(0, ts, ts * 1000)


def test_records_go_when_the_market_moved_on_and_the_time_has_passed_oldest_first() -> None:
    records = (record(3, 300), record(1, 100), record(2, 200))
    state = PrunerState(records, {MARKET: 3}, retention_s=50)
    assert make().plan(state, at(1_000)) == [PruneBatch(records[1]), PruneBatch(records[2])]
    assert make(max_per_run=1).plan(state, at(1_000)) == [PruneBatch(records[1])]
    assert make().plan(state, at(150)) == []
    assert make().plan(state, at(151)) == [PruneBatch(records[1])]
    assert not make().is_due(state, at(150))


def test_the_last_batch_of_a_market_stays() -> None:
    state = PrunerState((record(3, 300),), {MARKET: 3}, retention_s=0)
    assert make().plan(state, at(10**9)) == []
