"""Snapshots of a shard: a file per snapshot, named by the log record that comes next.

Layout: magic 8 bytes, record number u64, length u64, sha256 of the content, content (MessagePack). The log is
never shortened, so a damaged snapshot costs time, not data: an older one, or the log alone, serves as well.
"""

from __future__ import annotations

import hashlib
import logging
import os
from pathlib import Path
from struct import Struct

import msgspec

from gdx_matcher.batches import CutterState
from gdx_matcher.errors import CorruptSnapshot
from gdx_matcher.log import sync_directory
from gdx_matcher.state import EngineState

_MAGIC = b"GDXSNAP\x01"
_HEADER = Struct("<8sQQ32s")
KEPT_SNAPSHOTS = 2

logger = logging.getLogger("gdx_matcher.snapshot")


class ShardState(msgspec.Struct, array_like=True):
    """Everything a shard's log leads to."""

    engine: EngineState
    cutters: list[CutterState]

    def hash(self) -> bytes:
        """sha256 of the encoded state."""
        return hashlib.sha256(msgspec.msgpack.encode(self)).digest()


_DECODER = msgspec.msgpack.Decoder(ShardState)


def write_snapshot(directory: Path, record_number: int, state: ShardState) -> Path:
    """Save a state, whole or not at all, and drop all but the newest snapshots."""
    content = msgspec.msgpack.encode(state)
    path = directory / f"snapshot-{record_number:020d}.bin"
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        header = _HEADER.pack(_MAGIC, record_number, len(content), hashlib.sha256(content).digest())
        file.write(header + content)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    sync_directory(directory)
    for old in sorted(directory.glob("snapshot-*.bin"))[:-KEPT_SNAPSHOTS]:
        old.unlink()
    return path


def read_snapshot(path: Path) -> tuple[int, ShardState]:
    """Record number and state. Raises `CorruptSnapshot`."""
    data = path.read_bytes()
    if len(data) < _HEADER.size:
        raise CorruptSnapshot(path, f"holds {len(data)} bytes, fewer than its header")
    magic, record_number, length, digest = _HEADER.unpack_from(data)
    content = data[_HEADER.size :]
    if magic != _MAGIC:
        raise CorruptSnapshot(path, f"not a snapshot of this version (starts with {magic!r})")
    if len(content) != length or hashlib.sha256(content).digest() != digest:
        raise CorruptSnapshot(path, "content does not match its checksum")
    try:
        return record_number, _DECODER.decode(content)
    except msgspec.DecodeError as error:
        raise CorruptSnapshot(path, f"content is not a shard's state: {error}") from error


def newest_snapshot(directory: Path, last_record: int) -> tuple[int, ShardState] | None:
    """The newest good snapshot that is not ahead of the log; damaged ones are passed over, loudly."""
    for path in sorted(directory.glob("snapshot-*.bin"), reverse=True):
        try:
            record_number, state = read_snapshot(path)
        except CorruptSnapshot as error:
            logger.warning("snapshot passed over: %s", error)
            continue
        if record_number <= last_record:
            return record_number, state
        logger.warning("snapshot passed over: %s is ahead of the log (%d records)", path, last_record)
    return None
