"""The write-ahead log: one append-only file of fixed-size records per shard, synced group by group.

A command counts once `commit` has returned. After a crash the tail may be torn: records that never reached
the disk whole. They were never acknowledged, so the tail is cut off, kept beside the log, and reported.
Damage anywhere else means that acknowledged history is gone: `CorruptLog` names the byte, and nothing is
changed.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from zlib import crc32

import msgspec

from gdx_matcher import records
from gdx_matcher.commands import Command
from gdx_matcher.errors import CorruptLog, LogMismatch, ShardInUse, ShardStopped
from gdx_matcher.records import BODY_OFFSET, MAX_GROUP_RECORDS, RECORD_BYTES
from gdx_sdk.errors import CodecError

HEADER_BYTES = 64
_MAGIC = b"GDXWAL\x00\x01"
_HEADER = Struct("<8s32s16sII")  # magic, sha256 of the shard's identity, reserved, record size, crc32
_READ_RECORDS = 4_096

logger = logging.getLogger("gdx_matcher.log")


class Disk:
    """The three calls through which a log touches the disk; tests make them fail."""

    def write(self, descriptor: int, data: bytes) -> None:
        """Write all of `data` at the end."""
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]

    def sync(self, descriptor: int) -> None:
        """Return only when the data is on the medium."""
        os.fsync(descriptor)


class TornTail(msgspec.Struct, frozen=True):
    """What recovery cut off: never acknowledged, kept in `saved_as`."""

    offset: int
    length: int
    saved_as: Path


class Log:
    """The open log of one shard; opening it checks every record and repairs a torn tail."""

    def __init__(self, path: Path, identity: bytes, *, disk: Disk | None = None) -> None:
        self.path, self.torn_tail = path, None  # type: Path, TornTail | None
        self._disk = disk if disk is not None else Disk()
        self._identity = hashlib.sha256(identity).digest()
        self._group: list[bytes] = []
        self._group_records = 0
        self._failure: str | None = None
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            self._lock()
            self._open_header()
            self.record_count = self._check_records()  # durable records; also the next sequence
        except BaseException:
            os.close(self._descriptor)
            raise

    def append(self, command: Command, now_ms: int) -> Command:
        """Add a command to the group that the next `commit` makes durable; returns it as replay will see it.

        Raises `InputError`, and adds nothing, when a value cannot be written.
        """
        self._require_sound()
        sequence = self.record_count + self._group_records
        data = records.encode(command, now_ms, sequence, self._group_records)
        self._group.append(data)
        self._group_records += len(data) // RECORD_BYTES
        return records.normalized(command)

    @property
    def has_room(self) -> bool:
        """Whether the group can take another command of any kind."""
        return self._group_records < MAX_GROUP_RECORDS - 8

    def discard(self) -> None:
        """Forget the group; nothing of it has been written."""
        self._group.clear()
        self._group_records = 0

    def commit(self) -> None:
        """Write the group with one fsync. When it raises `ShardStopped` nothing of the group counts."""
        self._require_sound()
        if not self._group:
            return
        try:
            self._disk.write(self._descriptor, b"".join(self._group))
            self._disk.sync(self._descriptor)
        except OSError as error:
            # After a failed fsync the kernel may have dropped the pages: trying again would lie.
            self._failure = f"{self.path}: {error}"
            self.discard()
            logger.critical("shard stopped: the log cannot be written: %s", self._failure)
            raise ShardStopped(self._failure) from error
        self.record_count += self._group_records
        self.discard()

    def read(self, first_record: int = 0) -> Iterator[tuple[int, Command, int]]:
        """Durable commands from a record number on: (number of the record after it, command, now_ms)."""
        parts: list[bytes] = []
        kind = now_ms = 0
        for number, record in self._records(first_record, self.record_count):
            head = records.head_of(record)
            if not parts:
                kind, now_ms = head[0], head[3]
            parts.append(bytes(record[BODY_OFFSET:]))
            if head[1]:
                continue
            try:
                command = records.decode(kind, b"".join(parts))
            except CodecError as error:
                raise CorruptLog(self.path, _offset(number), str(error)) from error
            parts.clear()
            yield number + 1, command, now_ms

    def close(self) -> None:
        """Release the file. A group that was not committed is lost, as it must be."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
            self._failure = self._failure or f"{self.path}: the log is closed"

    def _require_sound(self) -> None:
        if self._failure is not None:
            raise ShardStopped(self._failure)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ShardInUse(f"{self.path}: another process has this log open") from error

    def _open_header(self) -> None:
        header = os.pread(self._descriptor, HEADER_BYTES, 0)
        if len(header) < HEADER_BYTES:  # new, or killed while it was created: nothing was acknowledged
            os.ftruncate(self._descriptor, 0)
            body = _HEADER.pack(_MAGIC, self._identity, bytes(16), RECORD_BYTES, 0)[:-4]
            self._disk.write(self._descriptor, body + crc32(body).to_bytes(4, "little"))
            self._disk.sync(self._descriptor)
            sync_directory(self.path.parent)
            return
        magic, identity, _, record_bytes, checksum = _HEADER.unpack(header)
        if checksum != crc32(header[:-4]):
            raise CorruptLog(self.path, 0, "the header's checksum is wrong")
        if magic != _MAGIC or record_bytes != RECORD_BYTES:
            raise LogMismatch(f"{self.path}: not a log of this version (starts with {magic!r})")
        if identity != self._identity:
            raise LogMismatch(f"{self.path}: written by another shard or for other markets")

    def _check_records(self) -> int:
        """The number of good records; cuts a torn tail off."""
        size = os.fstat(self._descriptor).st_size
        total = (size - HEADER_BYTES) // RECORD_BYTES
        first_of_command = expected = 0
        for number, record in self._records(0, total):
            if not expected:
                first_of_command = number
            if not records.is_intact(record, number):
                self._require_torn(number, total)
                return self._cut_tail(first_of_command, size)
            expected = records.head_of(record)[1]
        if expected or size != _offset(total):
            return self._cut_tail(first_of_command if expected else total, size)
        return total

    def _require_torn(self, bad: int, total: int) -> None:
        """A damaged record is a torn tail unless something acknowledged may stand after it.

        Pages of one group may reach the disk in any order, so good records of the same, last group may follow
        a page that was never written, which reads as zeros. Anything else that is good after the damage means
        that the damaged record was once whole.
        """
        later = [
            (number, number - records.head_of(record)[2])
            for number, record in self._records(bad + 1, total)
            if records.is_intact(record, number)
        ]
        if not later:
            return
        is_hole = not any(os.pread(self._descriptor, RECORD_BYTES, _offset(bad)))
        if is_hole and all(group_start <= bad for _, group_start in later):
            return
        raise CorruptLog(
            self.path,
            _offset(bad),
            f"record {bad} is damaged, and record {later[0][0]} after it is good: this is no torn tail",
        )

    def _cut_tail(self, keep: int, size: int) -> int:
        offset = _offset(keep)
        saved_as = self.path.with_name(f"{self.path.name}.torn-{offset}")
        saved_as.write_bytes(os.pread(self._descriptor, size - offset, offset))
        os.ftruncate(self._descriptor, offset)
        self._disk.sync(self._descriptor)
        self.torn_tail = TornTail(offset, size - offset, saved_as)
        logger.warning(
            "%s: torn tail: %d bytes from byte %d were never acknowledged and are cut off, kept in %s",
            self.path,
            size - offset,
            offset,
            saved_as,
        )
        return keep

    def _records(self, first: int, end: int) -> Iterator[tuple[int, memoryview]]:
        while first < end:
            count = min(_READ_RECORDS, end - first)
            chunk = memoryview(os.pread(self._descriptor, count * RECORD_BYTES, _offset(first)))
            for place in range(count):
                yield first + place, chunk[place * RECORD_BYTES : (place + 1) * RECORD_BYTES]
            first += count


def _offset(record_number: int) -> int:
    return HEADER_BYTES + record_number * RECORD_BYTES


def sync_directory(directory: Path) -> None:
    """Make a created or renamed file's name durable; file systems that cannot are left alone."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
