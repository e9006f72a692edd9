"""Accounts in the JSON form that `solana account --output json` dumps."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import zstandard
from solders.account import Account
from solders.pubkey import Pubkey

from gdx_localnet import base58
from gdx_localnet.errors import FixtureError

MAX_ACCOUNT_BYTES = 10 * 1024 * 1024
"""The runtime's limit on an account's data."""

_FALLBACK_FOLDER = Path("tests/fixtures")


def find(text: str) -> Path:
    """A file as the validator finds it: from the current directory, then in tests/fixtures.

    Raises FixtureError.
    """
    for path in (Path(text), _FALLBACK_FOLDER / text):
        if path.is_file():
            return path
    raise FixtureError(f"account file {text}: no such file, here or in {_FALLBACK_FOLDER}")


def read_folder(folder: Path) -> list[tuple[Pubkey, Account]]:
    """The accounts of every *.json in a folder, by name. Raises FixtureError."""
    if not folder.is_dir():
        raise FixtureError(f"account folder {folder}: no such folder")
    return [read(path, None) for path in sorted(folder.glob("*.json"))]


def read(path: Path, address: Pubkey | None) -> tuple[Pubkey, Account]:
    """An account; `address` None takes the one in the file. Raises FixtureError."""
    try:
        body = json.loads(path.read_text())
    except OSError as error:
        raise FixtureError(f"account file {path}: {error.strerror}") from error
    except ValueError as error:
        raise FixtureError(f"account file {path}: must be a JSON account dump: {error}") from error
    reader = _Reader(path)
    outer = reader.object(body, "the file")
    key = address if address is not None else reader.address(outer, "pubkey")
    return key, reader.account(reader.object(outer.get("account"), "account"))


def parse(body: Any, source: str) -> Account:
    """An account as RPC gives it. Raises FixtureError; `source` is how messages name where it came from."""
    reader = _Reader(source)
    return reader.account(reader.object(body, "account"))


class _Reader:
    """One dump being read."""

    def __init__(self, source: Path | str) -> None:
        self._source = f"account file {source}" if isinstance(source, Path) else source

    def _fail(self, name: str, value: object, rule: str) -> FixtureError:
        shown = repr(value)
        return FixtureError(f"{self._source}: {name} = {shown[:80]}: {rule}")

    def object(self, value: Any, name: str) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise self._fail(name, value, "must be an object")
        return value

    def address(self, body: Mapping[str, Any], name: str) -> Pubkey:
        text = body.get(name)
        try:
            return Pubkey.from_string(str(text))
        except ValueError as error:
            raise self._fail(name, text, "must be a base58 address") from error

    def account(self, body: Mapping[str, Any]) -> Account:
        is_executable = body.get("executable", False)
        if not isinstance(is_executable, bool):
            raise self._fail("executable", is_executable, "must be true or false")
        return Account(
            self._amount(body, "lamports", None),
            self._data(body.get("data")),
            self.address(body, "owner"),
            is_executable,
            self._amount(body, "rentEpoch", 0),
        )

    def _amount(self, body: Mapping[str, Any], name: str, default: int | None) -> int:
        value = body.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**64:
            raise self._fail(name, value, "must be an integer from 0 to 2^64 - 1")
        return value

    def _data(self, value: Any) -> bytes:
        if not (isinstance(value, list) and len(value) == 2 and all(isinstance(part, str) for part in value)):
            raise self._fail("data", value, 'must be [text, "base64"]')
        text, encoding = value
        data = self._decoded(text, encoding)
        if len(data) > MAX_ACCOUNT_BYTES:
            raise self._fail("data", text, f"has more than {MAX_ACCOUNT_BYTES} bytes")
        return data

    def _decoded(self, text: str, encoding: str) -> bytes:
        try:
            if encoding == "base58":
                raw = base58.decode(text)
                if raw is None:
                    raise ValueError("not base58")
                return raw
            raw = base64.b64decode(text, validate=True)
            if encoding == "base64":
                return raw
            if encoding == "base64+zstd":
                return zstandard.ZstdDecompressor().stream_reader(raw).read(MAX_ACCOUNT_BYTES + 1)
        except (ValueError, zstandard.ZstdError) as error:
            raise self._fail("data", text, f"is not {encoding}: {error}") from error
        raise self._fail("data[1]", encoding, "must be base64, base64+zstd or base58")


def write(folder: Path, address: Pubkey, account: Account) -> Path:
    """Dump an account to `<folder>/<address>.json`; the file."""
    path = folder / f"{address}.json"
    path.write_text(json.dumps(_body(address, account)))
    return path


def _body(address: Pubkey, account: Account) -> dict[str, Any]:
    return {
        "pubkey": str(address),
        "account": {
            "lamports": account.lamports,
            "data": [base64.b64encode(account.data).decode(), "base64"],
            "owner": str(account.owner),
            "executable": account.executable,
            "rentEpoch": account.rent_epoch,
            "space": len(account.data),
        },
    }
