"""The chain's accounts, slot and time in a file, and back."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from solders.account import Account
from solders.pubkey import Pubkey

from gdx_localnet.clock import SlotMode
from gdx_localnet.errors import LocalnetError

if TYPE_CHECKING:
    from gdx_localnet.svm import EmbeddedChain

_FORMAT = "gdx-localnet-snapshot-1"


def save(chain: EmbeddedChain, path: Path) -> int:
    """Write a snapshot; how many accounts it holds."""
    with chain.lock:
        chain.sync_sysvars(slot_hashes=True)
        accounts = [_encode(key, account) for key, account in chain.accounts.census().items()]
        body = {
            "format": _FORMAT,
            "slot": chain.open_slot,
            "unix_ms": chain.time.now_ms(),
            "accounts": accounts,
        }
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(gzip.compress(json.dumps(body).encode(), compresslevel=1))
    partial.replace(path)
    return len(accounts)


def restore(chain: EmbeddedChain, path: Path) -> int:
    """Put a snapshot back; how many accounts it holds. Slots never run backwards: they go on from here.

    Raises LocalnetError when the file is missing or not a snapshot.
    """
    body = _read(path)
    wanted = {Pubkey.from_string(item[0]): _decode(item) for item in body["accounts"]}
    with chain.lock:
        for address in chain.accounts.census().keys() - wanted.keys():
            chain.accounts.set(address, Account(0, b"", Pubkey.default(), False, 0))
        # Code before the programs that name it: the loader compiles when it sees the program.
        for address, account in sorted(wanted.items(), key=lambda item: item[1].executable):
            if chain.accounts.get(address) != account:
                chain.accounts.set(address, account)
        chain.advance_slots(max(1, body["slot"] - chain.open_slot))
        chain.time.set(body["unix_ms"], hold=chain.slot_mode is not SlotMode.CLOCK)
        chain.sync_sysvars()
    return len(wanted)


def _read(path: Path) -> dict[str, Any]:
    try:
        body = json.loads(gzip.decompress(path.read_bytes()))
    except FileNotFoundError as error:
        raise LocalnetError(f"snapshot {path} does not exist") from error
    except (OSError, ValueError, EOFError) as error:
        raise LocalnetError(f"{path} is not a snapshot: {error}") from error
    if not isinstance(body, dict) or body.get("format") != _FORMAT:
        raise LocalnetError(f"{path} is not a snapshot of format {_FORMAT}")
    return body


def _encode(key: Pubkey, account: Account) -> list[Any]:
    data = base64.b64encode(account.data).decode()
    return [str(key), account.lamports, str(account.owner), account.executable, account.rent_epoch, data]


def _decode(item: list[Any]) -> Account:
    _, lamports, owner, executable, rent_epoch, data = item
    return Account(lamports, base64.b64decode(data), Pubkey.from_string(owner), executable, rent_epoch)
