"""Fixture files: what a local chain starts with. Both engines load the same accounts."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from solders.account import Account
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.token.associated import get_associated_token_address

from gdx_localnet import account_files
from gdx_localnet.errors import FixtureError
from gdx_localnet.transactions import TOKEN

RENT_EPOCH_EXEMPT = 2**64 - 1
_MEMBERS = {
    "keys": {"name", "lamports", "tokens"},
    "mints": {"name", "decimals", "authority"},
    "programs": {"name", "file", "address", "authority"},
    "accounts": {"address", "file"},
}


@dataclass(frozen=True, slots=True)
class ProgramFile:
    """A program to load through the upgradeable loader.

    `authority` None makes it final; the system program's address is what `--bpf-program` gives it, as a
    validator does: an authority that nobody can sign for.
    """

    address: Pubkey
    path: Path
    authority: Pubkey | None


@dataclass(frozen=True, slots=True)
class Fixture:
    """A chain's beginning: programs, plain accounts, and the key pairs behind the funded ones."""

    programs: tuple[ProgramFile, ...] = ()
    accounts: tuple[tuple[Pubkey, Account], ...] = ()
    keys: Mapping[str, Keypair] = field(default_factory=dict)
    mints: Mapping[str, Pubkey] = field(default_factory=dict)

    def with_more(
        self, programs: tuple[ProgramFile, ...], accounts: tuple[tuple[Pubkey, Account], ...]
    ) -> Fixture:
        """This fixture and what a command line adds to it."""
        return Fixture(self.programs + programs, self.accounts + accounts, self.keys, self.mints)


EMPTY = Fixture()


def named_keypair(name: str) -> Keypair:
    """The key pair of a name, the same on every machine. Known to everybody: for local chains only."""
    return Keypair.from_seed(hashlib.sha256(b"gdx-localnet key/" + name.encode()).digest())


def rent_exempt_lamports(data_bytes: int) -> int:
    """The least balance of an account of this size (the cluster's default rent)."""
    return (data_bytes + 128) * 6_960


def load_default() -> Fixture:
    """The fixture that comes with the package."""
    return load(Path(str(resources.files("gdx_localnet.fixtures") / "default.toml")))


def load(path: Path) -> Fixture:
    """Read a fixture file. Raises FixtureError naming the file, the key, the value and the rule."""
    try:
        document = tomllib.loads(path.read_text())
    except OSError as error:
        raise FixtureError(f"fixture {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FixtureError(f"fixture {path}: not TOML: {error}") from error
    return _Reader(path, document).read()


class _Reader:
    """One fixture file being read."""

    def __init__(self, path: Path, document: dict[str, Any]) -> None:
        self._path, self._document = path, document

    def read(self) -> Fixture:
        for section, entries in self._document.items():
            self._check_section(section, entries)
        keys = {name: named_keypair(name) for name in self._names("keys")}
        mints = {name: named_keypair(f"mint/{name}").pubkey() for name in self._names("mints")}
        accounts: list[tuple[Pubkey, Account]] = []
        for entry in self._of("keys"):
            accounts += self._key_accounts(entry, keys[entry["name"]].pubkey(), mints)
        supplies = self._supplies()
        for entry in self._of("mints"):
            accounts.append((mints[entry["name"]], self._mint_account(entry, keys, supplies)))
        for entry in self._of("accounts"):
            address = self._pubkey(entry, "accounts", "address")
            accounts.append(account_files.read(self._file(entry, "accounts"), address))
        programs = tuple(self._program(entry, keys) for entry in self._of("programs"))
        return Fixture(programs, tuple(accounts), keys, mints)

    def _fail(self, key: str, value: object, rule: str) -> FixtureError:
        return FixtureError(f"fixture {self._path}: {key} = {value!r}: {rule}")

    def _of(self, section: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self._document.get(section, [])
        return entries

    def _names(self, section: str) -> list[str]:
        names: list[str] = []
        for entry in self._of(section):
            name = self._text(entry, section, "name")
            if name in names:
                raise self._fail(f"{section}.name", name, "is there twice")
            names.append(name)
        return names

    def _check_section(self, section: str, entries: Any) -> None:
        if section not in _MEMBERS:
            raise self._fail(section, "…", f"unknown section; there are {', '.join(_MEMBERS)}")
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise self._fail(section, entries, f"must be an array of tables: [[{section}]]")
        for entry in entries:
            unknown = entry.keys() - _MEMBERS[section]
            if unknown:
                name = min(unknown)
                raise self._fail(f"{section}.{name}", entry[name], "unknown key")

    def _text(self, entry: dict[str, Any], section: str, name: str) -> str:
        value = entry.get(name)
        if not isinstance(value, str) or not value:
            raise self._fail(f"{section}.{name}", value, "must be a text")
        return value

    def _amount(self, entry: dict[str, Any], section: str, name: str) -> int:
        value = entry.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**64:
            raise self._fail(f"{section}.{name}", value, "must be an integer from 0 to 2^64 - 1")
        return value

    def _pubkey(self, entry: dict[str, Any], section: str, name: str) -> Pubkey:
        text = self._text(entry, section, name)
        try:
            return Pubkey.from_string(text)
        except ValueError as error:
            raise self._fail(f"{section}.{name}", text, "must be a base58 address") from error

    def _authority(self, entry: dict[str, Any], section: str, keys: Mapping[str, Keypair]) -> Pubkey | None:
        name = entry.get("authority")
        if name is None:
            return None
        if name in keys:
            return keys[name].pubkey()
        try:
            return Pubkey.from_string(name)
        except (TypeError, ValueError) as error:
            rule = "must be an address or the name of one of [[keys]]"
            raise self._fail(f"{section}.authority", name, rule) from error

    def _file(self, entry: dict[str, Any], section: str) -> Path:
        path = self._path.parent / self._text(entry, section, "file")
        if not path.is_file():
            raise self._fail(f"{section}.file", str(path), "no such file")
        return path

    def _program(self, entry: dict[str, Any], keys: Mapping[str, Keypair]) -> ProgramFile:
        if "file" in entry:
            path = self._file(entry, "programs")
        else:
            name = self._text(entry, "programs", "name")
            path = Path(str(resources.files("gdx_sdk") / "programs" / f"{name}.so"))
            if not path.is_file():
                raise self._fail("programs.name", name, f"the SDK carries no such program ({path})")
        address = self._pubkey(entry, "programs", "address")
        return ProgramFile(address, path, self._authority(entry, "programs", keys))

    def _key_accounts(
        self, entry: dict[str, Any], owner: Pubkey, mints: Mapping[str, Pubkey]
    ) -> list[tuple[Pubkey, Account]]:
        lamports = self._amount(entry, "keys", "lamports")
        accounts = []
        if lamports:
            accounts.append((owner, Account(lamports, b"", Pubkey.default(), False, RENT_EPOCH_EXEMPT)))
        tokens = entry.get("tokens", {})
        for name in tokens:
            if name not in mints:
                raise self._fail("keys.tokens", name, "no such name among [[mints]]")
            atoms = self._amount(tokens, "keys.tokens", name)
            address = get_associated_token_address(owner, mints[name])
            accounts.append((address, token_account(mints[name], owner, atoms)))
        return accounts

    def _supplies(self) -> dict[str, int]:
        supplies: dict[str, int] = {}
        for entry in self._of("keys"):
            for name, atoms in entry.get("tokens", {}).items():
                supplies[name] = supplies.get(name, 0) + atoms
        return supplies

    def _mint_account(
        self, entry: dict[str, Any], keys: Mapping[str, Keypair], supplies: Mapping[str, int]
    ) -> Account:
        name, decimals = self._text(entry, "mints", "name"), self._amount(entry, "mints", "decimals")
        if decimals > 18:
            raise self._fail("mints.decimals", decimals, "must be at most 18")
        authority = self._authority(entry, "mints", keys)
        return mint_account(supplies.get(name, 0), decimals, authority)


def mint_account(supply: int, decimals: int, authority: Pubkey | None) -> Account:
    """An initialized mint of the Token program, without a freeze authority."""
    data = _option(authority) + supply.to_bytes(8, "little") + bytes([decimals, 1]) + _option(None)
    return Account(rent_exempt_lamports(len(data)), data, TOKEN, False, RENT_EPOCH_EXEMPT)


def token_account(mint: Pubkey, owner: Pubkey, atoms: int) -> Account:
    """An initialized account of the Token program."""
    data = bytes(mint) + bytes(owner) + atoms.to_bytes(8, "little") + _option(None) + b"\1"
    data += bytes(12) + bytes(8) + _option(None)
    return Account(rent_exempt_lamports(len(data)), data, TOKEN, False, RENT_EPOCH_EXEMPT)


def _option(key: Pubkey | None) -> bytes:
    return bytes(36) if key is None else b"\1\0\0\0" + bytes(key)
