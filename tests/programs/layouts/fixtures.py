"""Accounts kept as files: the bytes, and beside them where each field lies and what it holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from solders.pubkey import Pubkey

from tests.programs.harness.codec import idl

from .scene import Planted, is_spare

FOLDER = Path(__file__).with_name("accounts")
HEAD = 8


@dataclass(frozen=True)
class Fixture:
    """An account of one layout, as it was written once."""

    program: str
    type: str
    layout: int
    address: Pubkey
    data: bytes
    offsets: Mapping[str, int]
    values: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.program}.{self.type}.layout{self.layout}"


def load() -> list[Fixture]:
    """Every fixture, by name."""
    return [_read(path) for path in sorted(FOLDER.glob("*.json"))]


def current(fixtures: list[Fixture]) -> dict[str, Fixture]:
    """The newest layout of each account type."""
    return {fixture.type: fixture for fixture in sorted(fixtures, key=lambda one: one.layout)}


def _read(path: Path) -> Fixture:
    told = json.loads(path.read_text())
    return Fixture(
        told["program"],
        told["type"],
        told["layout"],
        Pubkey.from_string(told["address"]),
        path.with_suffix(".bin").read_bytes(),
        told["offsets"],
        told["values"],
    )


def path_of(planted: Planted) -> Path:
    """Where the values of such an account are kept; its bytes are beside them, as `.bin`."""
    return FOLDER / f"{planted.program}.{planted.type}.layout{planted.layout}.json"


def write(planted: Planted) -> Path:
    """Keep an account."""
    source = idl(planted.program)
    decoded = source.decode_account(planted.data)
    offsets, at = {}, HEAD
    for entry in source.types[planted.type]["fields"]:
        if not is_spare(entry["name"]):
            offsets[entry["name"]] = at
        at += len(source.encode(entry["type"], getattr(decoded, entry["name"])))
    told = {
        "program": planted.program,
        "type": planted.type,
        "layout": planted.layout,
        "address": str(planted.address),
        "offsets": offsets,
        "values": {name: plain(getattr(decoded, name)) for name in offsets},
    }
    path = path_of(planted)
    path.parent.mkdir(exist_ok=True)
    path.with_suffix(".bin").write_bytes(planted.data)
    path.write_text(json.dumps(told, indent=1) + "\n")
    return path


def plain(value: Any) -> Any:
    """A value as JSON has it: addresses in base58, bytes in hex, structs as objects."""
    if isinstance(value, Pubkey):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, SimpleNamespace):
        return {name: plain(item) for name, item in vars(value).items() if not is_spare(name)}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value
