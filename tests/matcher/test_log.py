"""Torn tails are cut, damage in the middle is refused, and a disk that fails stops everything."""

from __future__ import annotations

import errno
import logging
from pathlib import Path

import pytest
from gdx_matcher import commands as c
from gdx_matcher.errors import CorruptLog, LogMismatch, ShardInUse, ShardStopped
from gdx_matcher.log import HEADER_BYTES, Disk, Log
from gdx_matcher.records import RECORD_BYTES

from gdx_sdk.errors import InputError
from gdx_sdk.units import Side


def order(number: int) -> c.PlaceOrder:
    """Every third order takes two records."""
    return c.PlaceOrder(number, 1, 0, Side.BUY, 100, 10, min_quantity_e8=5 if number % 3 == 0 else 0)


def written(path: Path, groups: list[list[int]]) -> list[c.Command]:
    """A log with these groups of orders; returns its commands."""
    log = Log(path, b"test")
    for group in groups:
        for number in group:
            log.append(order(number), number)
        log.commit()
    log.close()
    return [order(number) for group in groups for number in group]


def read(path: Path) -> list[c.Command]:
    log = Log(path, b"test")
    try:
        return [command for _, command, _ in log.read()]
    finally:
        log.close()


GROUPS = [[1, 2], [3, 4], [5, 6, 7]]  # records: 0 1 | 2-3 4 | 5 6-7 8


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "commands.log"


def test_what_was_committed_is_read_again(path: Path) -> None:
    assert written(path, GROUPS) == read(path)


def test_reading_starts_at_any_record(path: Path) -> None:
    written(path, GROUPS)
    log = Log(path, b"test")
    assert [(after, command.order_id, now) for after, command, now in log.read(4)] == [  # type: ignore[union-attr]
        (5, 4, 4),
        (6, 5, 5),
        (8, 6, 6),
        (9, 7, 7),
    ]
    log.close()


@pytest.mark.parametrize("cut", range(1, 5 * RECORD_BYTES, 37))
def test_a_tail_cut_at_any_byte_loses_only_whole_commands_from_the_end(
    path: Path, cut: int, caplog: pytest.LogCaptureFixture
) -> None:
    commands = written(path, GROUPS)
    data = path.read_bytes()
    path.write_bytes(data[:-cut])
    with caplog.at_level(logging.WARNING):
        found = read(path)
    assert found == commands[: len(found)]
    ends = [HEADER_BYTES + n * RECORD_BYTES for n in (1, 2, 4, 5, 6, 8, 9)]
    assert len(found) == sum(end <= len(data) - cut for end in ends)
    assert path.stat().st_size in (HEADER_BYTES, *ends)
    if len(data) - cut not in ends:
        assert "torn tail" in caplog.text


def test_the_cut_tail_is_kept_and_the_log_goes_on(path: Path) -> None:
    commands = written(path, GROUPS)
    path.write_bytes(path.read_bytes()[:-10])
    log = Log(path, b"test")
    assert log.torn_tail is not None
    assert log.torn_tail.length == RECORD_BYTES - 10
    assert log.torn_tail.saved_as.stat().st_size == RECORD_BYTES - 10
    log.append(order(8), 8)
    log.commit()
    log.close()
    assert read(path) == [*commands[:-1], order(8)]


def test_garbage_at_the_end_is_a_torn_tail(path: Path) -> None:
    commands = written(path, GROUPS)
    path.write_bytes(path.read_bytes() + b"\xff" * 200)
    assert read(path) == commands


@pytest.mark.parametrize("record", range(8))
@pytest.mark.parametrize("place", [0, 3, 4, 12, 40, 63])
def test_damage_before_good_records_is_refused_and_named(path: Path, record: int, place: int) -> None:
    written(path, GROUPS)
    data = bytearray(path.read_bytes())
    offset = HEADER_BYTES + record * RECORD_BYTES
    data[offset + place] ^= 0x40
    path.write_bytes(data)
    with pytest.raises(CorruptLog, match=f"byte {offset}") as caught:
        Log(path, b"test")
    assert caught.value.offset == offset
    assert path.read_bytes() == bytes(data), "a refused log is left as it was"


def test_a_hole_in_the_last_group_is_torn_and_in_an_older_one_is_damage(path: Path) -> None:
    commands = written(path, GROUPS)
    data = bytearray(path.read_bytes())
    hole = HEADER_BYTES + 6 * RECORD_BYTES
    last_group = bytearray(data)
    last_group[hole : hole + RECORD_BYTES] = bytes(RECORD_BYTES)
    path.write_bytes(last_group)
    assert read(path) == commands[:5]
    hole = HEADER_BYTES + 1 * RECORD_BYTES
    data[hole : hole + RECORD_BYTES] = bytes(RECORD_BYTES)
    path.write_bytes(data)
    with pytest.raises(CorruptLog, match=f"byte {hole}"):
        Log(path, b"test")


def test_records_that_swapped_places_are_refused(path: Path) -> None:
    written(path, [[1, 2], [4, 5]])
    data = path.read_bytes()
    first, second = data[64:128], data[128:192]
    path.write_bytes(data[:64] + second + first + data[192:])
    with pytest.raises(CorruptLog, match="byte 64"):
        Log(path, b"test")


def test_a_damaged_header_and_another_identity_are_refused(path: Path) -> None:
    written(path, GROUPS)
    with pytest.raises(LogMismatch, match="another shard"):
        Log(path, b"other")
    data = bytearray(path.read_bytes())
    data[20] ^= 1
    path.write_bytes(data)
    with pytest.raises(CorruptLog, match="byte 0"):
        Log(path, b"test")


def test_a_log_killed_while_it_was_created_starts_anew(path: Path) -> None:
    path.write_bytes(b"GDXWAL")
    assert read(path) == []
    assert path.stat().st_size == HEADER_BYTES


def test_two_processes_cannot_share_a_log(path: Path) -> None:
    log = Log(path, b"test")
    with pytest.raises(ShardInUse, match=r"commands\.log"):
        Log(path, b"test")
    log.close()
    Log(path, b"test").close()


class FailingDisk(Disk):
    """Works for a number of calls, then fails for ever."""

    def __init__(self, good_writes: int, good_syncs: int, code: int, half: bool = False) -> None:
        self.good_writes, self.good_syncs, self.code, self.half = good_writes, good_syncs, code, half

    def write(self, descriptor: int, data: bytes) -> None:
        self.good_writes -= 1
        if self.good_writes < 0:
            if self.half:
                super().write(descriptor, data[: len(data) // 2])
            raise OSError(self.code, "injected")
        super().write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        self.good_syncs -= 1
        if self.good_syncs < 0:
            raise OSError(self.code, "injected")
        super().sync(descriptor)


@pytest.mark.parametrize(
    "disk",
    [
        FailingDisk(2, 99, errno.ENOSPC),
        FailingDisk(2, 99, errno.ENOSPC, half=True),
        FailingDisk(99, 2, errno.EIO),
    ],
    ids=["full disk", "full disk after half", "failed fsync"],
)
def test_a_failing_disk_stops_the_log_for_good(
    path: Path, disk: FailingDisk, caplog: pytest.LogCaptureFixture
) -> None:
    log = Log(path, b"test", disk=disk)
    log.append(order(1), 1)
    log.commit()
    log.append(order(3), 3)
    with pytest.raises(ShardStopped, match="injected"):
        log.commit()
    assert "shard stopped" in caplog.text
    with pytest.raises(ShardStopped):
        log.append(order(4), 4)
    disk.good_writes = disk.good_syncs = 99  # a disk that works again changes nothing
    with pytest.raises(ShardStopped):
        log.commit()
    log.close()
    assert read(path)[:1] == [order(1)]


def test_a_value_that_cannot_be_written_leaves_the_group_as_it_was(path: Path) -> None:
    log = Log(path, b"test")
    log.append(order(1), 1)
    with pytest.raises(InputError):
        log.append(c.CancelOrder(-1), 2)
    log.append(order(2), 3)
    log.commit()
    log.close()
    assert read(path) == [order(1), order(2)]
