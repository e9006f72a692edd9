"""What stops a shard. Orders are never refused by exception: they are answered with a rejection event.

MatcherError
├── CorruptLog       the log holds something else than what was written: the file and the offset
├── CorruptSnapshot  a snapshot is not what was written
├── LogMismatch      the log belongs to another shard or to other markets
├── ShardInUse       another process has the shard's log open
├── ShardStopped     the disk failed: nothing since the last acknowledgment counts
├── Diverged         the outbox holds a settled batch that the log does not lead to
└── UnattributedRefusal  the chain refused a batch without naming a trade
"""

from __future__ import annotations

from pathlib import Path

from gdx_sdk.errors import GdxError


class MatcherError(GdxError):
    """Root of the matcher's errors."""


class CorruptLog(MatcherError):
    """A record in the middle of the log is damaged: replaying past it would invent history."""

    def __init__(self, path: Path, offset: int, reason: str) -> None:
        self.path, self.offset, self.reason = path, offset, reason
        super().__init__(f"{path}: byte {offset}: {reason}")


class CorruptSnapshot(MatcherError):
    """A snapshot's checksum or content is wrong."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path}: {reason}")


class LogMismatch(MatcherError):
    """The log was written by another shard or for other markets."""


class ShardInUse(MatcherError):
    """Another process holds the shard's log."""


class ShardStopped(MatcherError):
    """A write or fsync failed. Nothing that was not acknowledged may be assumed; open the shard anew."""


class Diverged(MatcherError):
    """The chain settled a batch that is not the one this log leads to."""


class UnattributedRefusal(MatcherError):
    """The chain refused a batch for a reason that lies in no trade: version, pause, relayer, epoch."""
