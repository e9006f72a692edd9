"""The chain's accounts, slot and time in a file, and back.

A file is one line of JSON, the head, and a gzip of JSON, the body. The head names format, version and the
SHA-256 of everything behind it.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from solders.account import Account
from solders.pubkey import Pubkey

from gdx_localnet.clock import MOST_UNIX_TS, SlotMode
from gdx_localnet.errors import LocalnetError
from gdx_localnet.files import write_atomically
from gdx_localnet.programs import UPGRADEABLE_LOADER

if TYPE_CHECKING:
    from gdx_localnet.svm import EmbeddedChain

_FORMAT, _VERSION = "gdx-localnet-snapshot", 2
_MAX_HEAD_BYTES = 1_000
_GONE = Account(0, b"", Pubkey.default(), False, 0)


@dataclass(frozen=True, slots=True)
class _Contents:
    slot: int
    unix_ms: int
    accounts: dict[Pubkey, Account]


def save(chain: EmbeddedChain, path: Path) -> int:
    """Write a snapshot, whole or not at all; how many accounts it holds. Raises LocalnetError."""
    with chain.lock:
        chain.sync_sysvars(slot_hashes=True)
        census = chain.accounts.census()
        body = {"slot": chain.open_slot, "unix_ms": chain.time.now_ms()}
    accounts = [_encode(key, account) for key, account in census.items()]
    packed = gzip.compress(json.dumps({**body, "accounts": accounts}).encode(), compresslevel=1)
    head = {"format": _FORMAT, "version": _VERSION, "sha256": hashlib.sha256(packed).hexdigest()}
    try:
        write_atomically(path, json.dumps(head).encode() + b"\n" + packed, is_durable=True)
    except OSError as error:
        raise LocalnetError(f"snapshot {path} cannot be written: {error.strerror}") from error
    return len(accounts)


def restore(chain: EmbeddedChain, path: Path) -> int:
    """Put a snapshot back; how many accounts it holds. Slots never run backwards: they go on from here.

    Raises LocalnetError when the file is missing, damaged or of another version, or when the chain does not
    take one of its accounts; the chain is then as it was.
    """
    contents = _read(path)
    with chain.lock:
        before = chain.accounts.census()
        try:
            _replace(chain, before, contents.accounts)
        except Exception as error:  # LiteSVM's own, when it can't load a program
            _replace(chain, chain.accounts.census(), before)
            raise LocalnetError(f"snapshot {path}: the chain does not take it: {error}") from error
        chain.advance_slots(max(1, contents.slot - chain.open_slot))
        chain.time.set(contents.unix_ms, hold=chain.slot_mode is not SlotMode.CLOCK)
        chain.sync_sysvars()
    return len(contents.accounts)


def _replace(chain: EmbeddedChain, present: dict[Pubkey, Account], wanted: dict[Pubkey, Account]) -> None:
    for address in present.keys() - wanted.keys():
        chain.accounts.set(address, _GONE)
    # Code before the programs that name it: the loader compiles when it sees the program.
    changed = {address for address, account in wanted.items() if present.get(address) != account}
    for address, account in sorted(wanted.items(), key=lambda item: item[1].executable):
        if address in changed or _code_address(account) in changed:
            chain.accounts.set(address, account)
    chain.undeployed.look_again(chain)


def _code_address(account: Account) -> Pubkey | None:
    """Where an upgradeable program has its code; None for any other account."""
    is_program = account.executable and account.owner == UPGRADEABLE_LOADER
    return Pubkey.from_bytes(account.data[4:36]) if is_program else None


def _read(path: Path) -> _Contents:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise LocalnetError(f"snapshot {path} does not exist") from error
    except OSError as error:
        raise LocalnetError(f"snapshot {path} cannot be read: {error.strerror}") from error
    line, _, packed = content.partition(b"\n")
    head = _head(line)
    if head.get("format") != _FORMAT:
        raise LocalnetError(f"{path} is not a snapshot of a local chain")
    if head.get("version") != _VERSION:
        raise LocalnetError(
            f"snapshot {path} has version {head.get('version')!r}; this release reads version {_VERSION}"
        )
    if head.get("sha256") != hashlib.sha256(packed).hexdigest():
        raise LocalnetError(f"snapshot {path} is damaged: its content does not have the checksum in its head")
    try:
        body = json.loads(gzip.decompress(packed))
        accounts = {Pubkey.from_string(item[0]): _decode(item) for item in body["accounts"]}
        slot, unix_ms = int(body["slot"]), int(body["unix_ms"])
        if not (0 <= slot < 2**63 and 0 <= unix_ms <= MOST_UNIX_TS * 1000):
            raise ValueError(f"slot {slot} or time {unix_ms} ms is out of range")
        return _Contents(slot, unix_ms, accounts)
    except (
        OSError,
        EOFError,
        zlib.error,
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        OverflowError,
    ) as error:
        raise LocalnetError(f"snapshot {path} is not well formed: {error}") from error


def _head(line: bytes) -> dict[str, Any]:
    try:
        head = json.loads(line) if len(line) <= _MAX_HEAD_BYTES else None
    except ValueError:
        return {}
    return head if isinstance(head, dict) else {}


def _encode(key: Pubkey, account: Account) -> list[Any]:
    data = base64.b64encode(account.data).decode()
    return [str(key), account.lamports, str(account.owner), account.executable, account.rent_epoch, data]


def _decode(item: list[Any]) -> Account:
    _, lamports, owner, executable, rent_epoch, data = item
    return Account(
        lamports, base64.b64decode(data, validate=True), Pubkey.from_string(owner), executable, rent_epoch
    )
