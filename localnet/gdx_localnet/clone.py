"""Accounts and programs copied from another cluster before a local chain starts."""

from __future__ import annotations

import dataclasses
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from solders.account import Account
from solders.pubkey import Pubkey

from gdx_localnet import account_files
from gdx_localnet.asking import call
from gdx_localnet.errors import FixtureError
from gdx_localnet.programs import UPGRADEABLE_LOADER, code_address_of, deployed_at_genesis

if TYPE_CHECKING:
    from gdx_localnet.options import LocalnetOptions

_log = logging.getLogger("gdx_localnet")

_ACCOUNTS_PER_CALL = 100
_ATTEMPTS = 4
_TIMEOUT_S = 20.0

_OF_EVERY_CHAIN = frozenset(
    Pubkey.from_string(owner)
    for owner in (
        "NativeLoader1111111111111111111111111111111",
        "Sysvar1111111111111111111111111111111111111",
    )
)
"""Owners of what a chain has of its own: built-in programs, clock and rent."""
_TABLES = Pubkey.from_string("AddressLookupTab1e1111111111111111111111111")
_TABLE_HEAD_BYTES, _TABLE_KIND, _LAST_EXTENDED = 56, (1).to_bytes(4, "little"), slice(12, 20)

Accounts = list[tuple[Pubkey, Account]]


def fetch(options: LocalnetOptions) -> Accounts:
    """What the options want copied from the cluster at their `url`, programs' code before programs.

    A program's code is marked as deployed in slot 0, so that the new chain may call it at once. Raises
    FixtureError for an account that must be there and is not, gdx_sdk.errors.TransportError when the
    cluster stays away.
    """
    url = str(options.url)
    accounts = _existing(url, options.clone, "clone")
    for address, account in zip(options.maybe_clone, _read(url, options.maybe_clone), strict=True):
        if account is None:
            _log.warning("maybe-clone %s: no such account at %s", address, url)
        else:
            accounts.append((address, account))
    for address, account in accounts:
        if account.executable and account.owner == UPGRADEABLE_LOADER:
            rule = "is an upgradeable program: use clone-upgradeable-program, which takes its code along"
            raise FixtureError(f"clone {address}: {rule}")
    programs = _existing(url, options.clone_upgradeable_programs, "clone-upgradeable-program")
    accounts += _deep_tables(url, options.deep_clone_tables)
    return accounts + _codes(url, programs) + programs


def fetch_features(options: LocalnetOptions) -> tuple[Pubkey, ...]:
    """The features active at the options' `url`, of those that the embedded runtime knows."""
    from gdx_localnet.features import is_active, known_features

    known = known_features()
    found = zip(known, _read(str(options.url), known), strict=True)
    return tuple(feature for feature, account in found if is_active(account))


def _deep_tables(url: str, addresses: Sequence[Pubkey]) -> Accounts:
    """Lookup tables, which count as extended in slot 0, and every account that they list and that exists."""
    flag = "deep-clone-address-lookup-table"
    tables: Accounts = []
    listed: dict[Pubkey, None] = {}
    for address, table in _existing(url, addresses, flag):
        data = table.data
        if table.owner != _TABLES or len(data) < _TABLE_HEAD_BYTES or data[:4] != _TABLE_KIND:
            raise FixtureError(f"{flag} {address}: is no lookup table (its owner is {table.owner})")
        for start in range(_TABLE_HEAD_BYTES, len(data), 32):
            listed[Pubkey.from_bytes(data[start : start + 32])] = None
        ready = data[: _LAST_EXTENDED.start] + bytes(8) + data[_LAST_EXTENDED.stop :]
        tables.append((address, Account(table.lamports, ready, table.owner, False, table.rent_epoch)))
    found = zip(listed, _read(url, list(listed)), strict=True)
    accounts = [
        (address, account)
        for address, account in found
        if account is not None and account.owner not in _OF_EVERY_CHAIN
    ]
    programs = [one for one in accounts if code_address_of(one[1]) is not None]
    return tables + _codes(url, programs) + accounts


def _codes(url: str, programs: Accounts) -> Accounts:
    addresses: list[Pubkey] = []
    for address, account in programs:
        code_address = code_address_of(account)
        if code_address is None:
            rule = f"is no program of the upgradeable loader (its owner is {account.owner})"
            raise FixtureError(f"clone-upgradeable-program {address}: {rule}")
        addresses.append(code_address)
    codes = _existing(url, addresses, "clone-upgradeable-program: code")
    return [(address, deployed_at_genesis(account)) for address, account in codes]


def _existing(url: str, addresses: Sequence[Pubkey], flag: str) -> Accounts:
    found: Accounts = []
    for address, account in zip(addresses, _read(url, addresses), strict=True):
        if account is None:
            raise FixtureError(f"{flag} {address}: there is no such account at {url}")
        found.append((address, account))
    return found


def _read(url: str, addresses: Sequence[Pubkey]) -> list[Account | None]:
    found: list[Account | None] = []
    for first in range(0, len(addresses), _ACCOUNTS_PER_CALL):
        part = addresses[first : first + _ACCOUNTS_PER_CALL]
        config = {"encoding": "base64", "commitment": "confirmed"}
        answer = call(
            url,
            "getMultipleAccounts",
            [str(address) for address in part],
            config,
            timeout_s=_TIMEOUT_S,
            attempts=_ATTEMPTS,
        )
        bodies = answer.get("value") if isinstance(answer, dict) else None
        if not isinstance(bodies, list) or len(bodies) != len(part):
            raise FixtureError(f"{url} gave no list of {len(part)} accounts: is it a Solana cluster?")
        for address, body in zip(part, bodies, strict=True):
            found.append(None if body is None else account_files.parse(body, f"{address} at {url}"))
    return found


def materialize(options: LocalnetOptions, folder: Path) -> LocalnetOptions:
    """Copy now, into files in `folder`; options that read those instead of the cluster."""
    if options.clone_feature_set and options.engine == "embedded":
        options = dataclasses.replace(
            options, active_features=fetch_features(options), clone_feature_set=False
        )
    if not options.clones:
        return options
    accounts = fetch(options)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for address, account in accounts:
        account_files.write(folder, address, account)
    return dataclasses.replace(
        options,
        clone=(),
        maybe_clone=(),
        clone_upgradeable_programs=(),
        deep_clone_tables=(),
        account_dirs=(*options.account_dirs, folder),
    )
