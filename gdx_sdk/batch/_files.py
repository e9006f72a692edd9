"""Small files that are either old or new, never half written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def write_json(file: Path, content: dict[str, Any]) -> None:
    """Replace `file` atomically: temporary file, fsync, rename, fsync of the directory."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    with temporary.open("w", encoding="utf-8") as out:
        json.dump(content, out, separators=(",", ":"))
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(file)
    _sync_directory(file.parent)


def read_bytes(file: Path) -> bytes | None:
    """What is in `file`; None when there is no such file (another process may just have moved it)."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None


def json_object(content: bytes) -> dict[str, Any]:
    """The JSON object in `content`; ValueError when it holds something else."""
    found = json.loads(content)
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    return found


def remove(file: Path) -> None:
    """Unlink `file` durably; no error when it is gone already."""
    try:
        file.unlink()
    except FileNotFoundError:
        return
    _sync_directory(file.parent)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
