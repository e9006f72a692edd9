"""The outbox: idempotent, ordered, and whole after a kill between any two of its steps."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from solders.pubkey import Pubkey

from gdx_sdk.batch import (
    ZERO_ID,
    FileOutbox,
    OutboxConflict,
    Refusal,
    SealedBatch,
    Trade,
    _files,
    outbox,
    seal_batch,
    seal_heartbeat,
)
from gdx_sdk.errors import CodecError

MakeTrades = Callable[..., list[Trade]]


class Killed(BaseException):
    """The process died here."""


@pytest.fixture
def batches(make_trades: MakeTrades, market: Pubkey) -> list[SealedBatch]:
    first = seal_batch(1, market, 1, ZERO_ID, make_trades(3), flush=True)
    second = seal_batch(2, market, 2, first.batch_id, make_trades(4, first_id=4, seed=1))
    return [first, second, seal_heartbeat(2, market, 3, second.batch_id, at_ms=1_767_225_700_000)]


@pytest.fixture
def box(tmp_path: Path, batches: list[SealedBatch]) -> FileOutbox:
    filled = FileOutbox(tmp_path)
    for batch in batches:
        filled.put(batch)
    return filled


def test_what_is_put_comes_out_in_order(box: FileOutbox, batches: list[SealedBatch], market: Pubkey) -> None:
    assert box.pending(market) == batches
    assert box.head(market) == batches[0]
    assert box.last(market) == batches[-1]
    assert box.markets() == [market]
    assert FileOutbox(box.directory).pending(market) == batches


def test_an_unknown_market_is_empty(tmp_path: Path, market: Pubkey) -> None:
    box = FileOutbox(tmp_path)
    assert (box.head(market), box.last(market), box.take_refusal(market)) == (None, None, None)
    assert (box.pending(market), box.settled(market), box.withdraw_from(market, 1)) == ([], [], [])


def test_putting_again_changes_nothing(box: FileOutbox, batches: list[SealedBatch], market: Pubkey) -> None:
    for batch in batches:
        box.put(batch)
    box.mark_settled(market, 1, batches[0].batch_id, "sig", 7)
    box.put(batches[0])
    assert box.pending(market) == batches[1:]


def test_what_does_not_follow_is_refused(
    box: FileOutbox, batches: list[SealedBatch], market: Pubkey, make_trades: MakeTrades
) -> None:
    other = seal_batch(1, market, 2, batches[0].batch_id, make_trades(2, first_id=4))
    with pytest.raises(OutboxConflict, match="already holds another batch"):
        box.put(other)
    with pytest.raises(OutboxConflict, match="does not follow batch 3"):
        box.put(seal_heartbeat(2, market, 5, batches[2].batch_id, at_ms=1))
    with pytest.raises(OutboxConflict, match="does not follow batch 3"):
        box.put(seal_heartbeat(2, market, 4, batches[1].batch_id, at_ms=1))


def test_settling_moves_the_head(box: FileOutbox, batches: list[SealedBatch], market: Pubkey) -> None:
    box.mark_settled(market, 1, batches[0].batch_id, "first", 10)
    box.mark_settled(market, 1, batches[0].batch_id, "first", 10)
    assert box.head(market) == batches[1]
    (settled,) = box.settled(market)
    assert (settled.batch, settled.signature, settled.slot) == (batches[0], "first", 10)
    with pytest.raises(OutboxConflict, match="another id"):
        box.mark_settled(market, 1, batches[1].batch_id, "first", 10)
    with pytest.raises(OutboxConflict, match="not the first pending"):
        box.mark_settled(market, 3, batches[2].batch_id, "third", 12)
    with pytest.raises(OutboxConflict, match="another batch than the settled"):
        box.mark_settled(market, 2, batches[2].batch_id, "second", 12)


def test_settled_records_can_be_dropped_but_the_last(
    box: FileOutbox, batches: list[SealedBatch], market: Pubkey
) -> None:
    for batch in batches:
        box.mark_settled(market, batch.sequence, batch.batch_id, "sig", batch.sequence)
    assert [found.slot for found in box.settled(market, first=2)] == [2, 3]
    assert box.drop_settled(market, before=9) == 2
    box.put(batches[0])
    assert box.pending(market) == []
    last = box.last_settled(market)
    assert last is not None
    assert last.batch == batches[2]


def test_a_refused_batch_is_rebuilt_under_its_sequence(
    box: FileOutbox, batches: list[SealedBatch], market: Pubkey, make_trades: MakeTrades
) -> None:
    box.mark_settled(market, 1, batches[0].batch_id, "sig", 1)
    box.refuse(market, 2, Refusal(3, 6471, "equity is below its initial margin requirement"))
    assert box.head(market) is None
    refusal = box.refusal(market)
    assert refusal is not None
    assert (refusal.sequence, refusal.batch_id) == (2, batches[1].batch_id)
    assert box.withdraw_from(market, 2) == batches[1:]
    assert box.refusal(market) is None
    rebuilt = seal_batch(2, market, 2, batches[0].batch_id, make_trades(3, first_id=4, seed=1))
    box.put(rebuilt)
    assert box.head(market) == rebuilt


def test_a_taken_refusal_offers_the_batch_again(
    box: FileOutbox, batches: list[SealedBatch], market: Pubkey
) -> None:
    box.refuse(market, 1, Refusal(None, 6400, "no"))
    taken = box.take_refusal(market)
    assert taken is not None
    assert taken.trade_or_entry_index is None
    assert box.take_refusal(market) is None
    assert box.head(market) == batches[0]
    with pytest.raises(OutboxConflict, match="not the first pending"):
        box.refuse(market, 2, Refusal(None, 6400, "no"))
    with pytest.raises(OutboxConflict, match="another batch than the refused one"):
        box.refuse(market, 1, Refusal(None, 6400, "no", batch_id=bytes([9] * 32)))


def test_a_changed_file_is_named(box: FileOutbox, market: Pubkey) -> None:
    file = next((box.directory / str(market) / "pending").glob("*.json"))
    content = json.loads(file.read_text())
    content["trades"][0][4] += 1
    file.write_text(json.dumps(content))
    with pytest.raises(CodecError, match=file.name):
        box.pending(market)
    file.write_text("{")
    with pytest.raises(CodecError, match=file.name):
        box.head(market)


def _kill_points() -> Iterator[tuple[int, bool]]:
    for step in range(1, 12):
        for after in (False, True):
            yield step, after


@pytest.mark.parametrize(("step", "after"), list(_kill_points()))
def test_killed_anywhere_and_run_again_ends_the_same(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    batches: list[SealedBatch],
    market: Pubkey,
    step: int,
    after: bool,
) -> None:
    calls = 0

    def dying(real: Callable[..., None]) -> Callable[..., None]:
        def run(*args: Any) -> None:
            nonlocal calls
            calls += 1
            if calls == step and not after:
                raise Killed
            real(*args)
            if calls == step:
                raise Killed

        return run

    def flow() -> None:
        box = FileOutbox(tmp_path)
        for batch in batches:
            box.put(batch)
        while (head := box.head(market)) is not None:
            box.mark_settled(market, head.sequence, head.batch_id, f"sig{head.sequence}", head.sequence)

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "write_json", dying(_files.write_json))
        patched.setattr(outbox, "remove", dying(_files.remove))
        try:
            flow()
        except Killed:
            assert calls == step
    flow()
    box = FileOutbox(tmp_path)
    assert box.pending(market) == []
    assert [found.batch for found in box.settled(market)] == batches
    assert [found.signature for found in box.settled(market)] == ["sig1", "sig2", "sig3"]


def test_a_kill_inside_a_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batches: list[SealedBatch], market: Pubkey
) -> None:
    box = FileOutbox(tmp_path)
    box.put(batches[0])
    with monkeypatch.context() as patched:

        def die(*_: object) -> None:
            raise Killed

        patched.setattr("gdx_sdk.batch._files.os.fsync", die)
        with pytest.raises(Killed):
            box.put(batches[1])
    assert FileOutbox(tmp_path).pending(market) == batches[:1]
    box.put(batches[1])
    assert box.pending(market) == batches[:2]
