"""The pruner's choice of records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from gdx_keepers.core.clock import Now
from gdx_keepers.core.metrics import Metrics
from gdx_keepers.core.sender import Sent
from gdx_keepers.jobs.pruner import BatchRecord, PruneBatch, Pruner, PrunerState
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from gdx_sdk.errors import ProgramError
from tests.keepers.keeper_fakes import MARKET, PROGRAM, RELAYER, RecordingSender, silent_log


def record(sequence: int, settled_ts: int, market: Pubkey | None = MARKET) -> BatchRecord:
    return BatchRecord(bytes([sequence] * 32), market, RELAYER, sequence, settled_ts)


def make(max_per_run: int = 16, chain: Any = None, sender: RecordingSender | None = None) -> Pruner:
    return Pruner(
        "pruner",
        Metrics(),
        silent_log(),
        markets={MARKET: "SOL-PERP"},
        chain=chain,
        sender=sender or RecordingSender(),
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


def test_records_of_a_closed_market_go_a_day_later_whatever_their_sequence() -> None:
    last = record(3, 300, market=None)
    state = PrunerState((last,), {MARKET: 9}, retention_s=50)
    assert make().plan(state, at(350 + 86_400)) == []
    assert make().plan(state, at(351 + 86_400)) == [PruneBatch(last)]


class Pruned:
    """Two records that may go; somebody else has just removed the first."""

    async def read_records(self, markets: Sequence[Pubkey]) -> PrunerState:
        return PrunerState((record(1, 100), record(2, 200)), {MARKET: 3}, retention_s=0)

    def prune_batch(self, one: BatchRecord) -> Instruction:
        return Instruction(PROGRAM, one.batch_id, [AccountMeta(one.relayer, False, True)])


class Overtaken(RecordingSender):
    async def send(self, instructions: Sequence[Instruction], tables: Any = ()) -> Sent | None:
        if instructions[0].data == record(1, 100).batch_id:
            raise ProgramError("position_mgmt", 3012, "AccountNotInitialized", "no such account")
        return await super().send(instructions, tables)


@pytest.mark.parametrize("is_overtaken", [False, True])
async def test_who_prunes_before_us_does_not_stop_the_pruner(is_overtaken: bool) -> None:
    sender = Overtaken() if is_overtaken else RecordingSender()
    report = await make(chain=Pruned(), sender=sender).run(at(1_000))
    assert report.actions == ("PruneBatch",) * (1 if is_overtaken else 2)
