"""Small state files that are either old or new, never half written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from gdx_keepers.errors import Fatal


def write_json(file: Path, content: dict[str, Any]) -> None:
    """Replace `file`: temporary file, fsync, rename, fsync of the folder."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    with temporary.open("w", encoding="utf-8") as out:
        json.dump(content, out, separators=(",", ":"))
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(file)
    sync_folder(file.parent)


def read_json(file: Path) -> dict[str, Any] | None:
    """The object in `file`, None when there is none; `Fatal` names the file when it holds something else."""
    try:
        content = json.loads(file.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise Fatal(f"{file}: not a state file of ours: {error}") from error
    if not isinstance(content, dict):
        raise Fatal(f"{file}: not a state file of ours: no object in it")
    return content


def remove(file: Path) -> None:
    """Delete `file` durably; no error when it is gone already."""
    try:
        file.unlink()
    except FileNotFoundError:
        return
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """fsync a folder, so that a rename or an unlink in it survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
