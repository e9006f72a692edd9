"""Killed or out of disk at any step: what was answered is there, the rest counts whole or not at all."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from gdx_matcher import commands as c
from gdx_matcher import events as e
from gdx_matcher.errors import ShardStopped
from gdx_matcher.log import Disk
from gdx_matcher.shard import Shard
from solders.pubkey import Pubkey

from gdx_sdk.batch import FileOutbox, SealedBatch
from gdx_sdk.errors import InputError
from gdx_sdk.units import Side
from tests.matcher.matcher_flows import PRICE, SIZE, fund
from tests.matcher.shard_steps import BTC, T0, trade

OpenShard = Callable[..., Shard]


class Killed(BaseException):
    """The process died here."""


class KillingOutbox(FileOutbox):
    """Dies before or after handing over a batch."""

    kill_before = kill_after = False

    def put(self, batch: SealedBatch) -> None:
        if self.kill_before:
            raise Killed
        super().put(batch)
        if self.kill_after:
            raise Killed


@pytest.mark.parametrize("moment", ["kill_before", "kill_after"])
def test_killed_around_the_outbox_nothing_is_lost_or_doubled(
    open_shard: OpenShard, tmp_path: Path, moment: str
) -> None:
    outbox = KillingOutbox(tmp_path / "outbox")
    shard = open_shard(outbox=outbox)
    fund(shard.submit_many)
    trade(shard, 1, 0, 1, T0)
    setattr(outbox, moment, True)
    with pytest.raises(Killed):
        shard.submit(c.CutBatch(0), T0)
    again = open_shard(outbox=FileOutbox(tmp_path / "outbox"))
    [batch] = again.cutters[0].unsettled
    assert again.outbox.pending(Pubkey(BTC.address)) == [batch]


class KillingDisk(Disk):
    """Dies before the write, in the middle of it, before or after the fsync of one commit."""

    def __init__(self) -> None:
        self.moment = ""

    def write(self, descriptor: int, data: bytes) -> None:
        if self.moment == "before write":
            raise Killed
        if self.moment == "half written":
            super().write(descriptor, data[: len(data) * 2 // 3])
            raise Killed
        super().write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        if self.moment == "before fsync":
            raise Killed
        super().sync(descriptor)
        if self.moment == "after fsync":
            raise Killed


@pytest.mark.parametrize(
    ("moment", "survivors"),
    [("before write", 0), ("half written", 2), ("before fsync", 3), ("after fsync", 3)],
)
def test_killed_between_write_and_answer_only_whole_commands_count(
    open_shard: OpenShard, moment: str, survivors: int
) -> None:
    disk = KillingDisk()
    shard = open_shard(disk=disk)
    fund(shard.submit_many)
    trade(shard, 1, 0, 1, T0)
    acknowledged = shard.state_hash()
    orders = [(c.PlaceOrder(n, 0, 0, Side.BUY, 900 * PRICE, 100 * SIZE), T0) for n in (100, 101, 102)]
    disk.moment = moment
    with pytest.raises(Killed):
        shard.submit_many(orders)
    again = open_shard()
    assert len(again.engine.orders) == survivors
    if not survivors:
        assert again.state_hash() == acknowledged
    answers = again.submit_many(orders)  # the client, unanswered, sends them again
    accepted = [isinstance(answer[0], e.OrderAccepted) for answer in answers]
    assert accepted == [number >= survivors for number in range(3)]
    assert len(again.engine.orders) == 3


class FullDisk(Disk):
    """Full from now on."""

    is_full = False

    def write(self, descriptor: int, data: bytes) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        super().write(descriptor, data)


def test_a_full_disk_stops_the_shard_and_acknowledges_nothing(open_shard: OpenShard) -> None:
    disk = FullDisk()
    shard = open_shard(disk=disk)
    fund(shard.submit_many)
    before = shard.state_hash()
    disk.is_full = True
    with pytest.raises(ShardStopped, match="No space left"):
        shard.submit(c.PlaceOrder(1, 0, 0, Side.BUY, 1_000 * PRICE, 100 * SIZE), T0)
    disk.is_full = False
    for again in (lambda: shard.submit(c.Tick(), T0), shard.snapshot):
        with pytest.raises(ShardStopped):
            again()
    assert shard.state_hash() == before
    assert open_shard().state_hash() == before


def test_a_value_that_cannot_be_logged_changes_nothing(funded_shard: Shard) -> None:
    before = funded_shard.state_hash()
    good, bad = c.PlaceOrder(1, 0, 0, Side.BUY, 1_000 * PRICE, 100 * SIZE), c.CancelOrder(-1)
    with pytest.raises(InputError, match="command"):
        funded_shard.submit_many([(good, T0), (bad, T0)])
    assert funded_shard.state_hash() == before
    assert funded_shard.submit(good, T0)
