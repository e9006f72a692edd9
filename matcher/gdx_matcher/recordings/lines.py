"""The numbered lines of a file, plain or gzip, whatever its name ends with."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gdx_matcher.recordings.errors import RecordingError

MAX_LINE_BYTES: Final = 16 * 1024 * 1024
_GZIP: Final = b"\x1f\x8b"
_OTHER_ARCHIVES: Final = {
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
    b"\xfd7zXZ": "xz",
    b"BZh": "bzip2",
    b"PAR1": "parquet",
    b"ARROW1": "feather",
    b"DBN": "Databento binary (dbn)",
}
_CHUNK_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end; `is_terminated` is false for a last line that may have been cut short."""

    number: int
    text: str
    is_terminated: bool


def check_readable(path: Path) -> bool:
    """Refuse what is missing, empty, or a damaged archive; true when the file is gzip.

    A gzip file is decompressed once from end to end: its checksum stands at its end, and a recording that
    breaks off half-way must be refused before anything was done with its first half.
    """
    head = _head(path)
    for magic, name in _OTHER_ARCHIVES.items():
        if head.startswith(magic):
            raise RecordingError(
                path, None, "recording", name, "must be plain text or gzip: convert it first"
            )
    if not head.startswith(_GZIP):
        return False
    total = 0
    try:
        with gzip.open(path) as handle:
            while chunk := handle.read(_CHUNK_BYTES):
                total += len(chunk)
    except EOFError as error:
        rule = f"truncated gzip: ends after {total} bytes of data without its checksum"
        raise RecordingError(path, None, "recording", path.name, rule) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise RecordingError(path, None, "recording", path.name, f"corrupt gzip: {error}") from error
    if total == 0:
        raise RecordingError(path, None, "recording", path.name, "is empty")
    return True


def read_lines(path: Path, is_gzip: bool) -> Iterator[Line]:
    """The non-blank lines, numbered from 1 as an editor shows them."""
    with gzip.open(path) if is_gzip else path.open("rb") as handle:
        buffered = handle if isinstance(handle, io.BufferedReader) else io.BufferedReader(handle)
        number = 0
        while raw := buffered.readline(MAX_LINE_BYTES + 1):
            number += 1
            if len(raw) > MAX_LINE_BYTES:
                rule = f"is longer than {MAX_LINE_BYTES} bytes: not a line of a recording"
                raise RecordingError(path, number, "line", f"{len(raw)} bytes", rule)
            is_terminated = raw.endswith(b"\n")
            try:
                text = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                raise RecordingError(path, number, "line", repr(raw[:20]), "must be UTF-8 text") from error
            if text.strip():
                yield Line(number, text, is_terminated)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as handle:
            head = handle.read(8)
    except FileNotFoundError as error:
        raise RecordingError(path, None, "recording", path.name, "no such file") from error
    except IsADirectoryError as error:
        raise RecordingError(path, None, "recording", path.name, "is a folder, not a file") from error
    except OSError as error:
        rule = f"cannot be read: {error.strerror}"
        raise RecordingError(path, None, "recording", path.name, rule) from error
    if not head:
        raise RecordingError(path, None, "recording", path.name, "is empty")
    return head
