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
    return accounts + _codes(url, programs) + programs


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
        account_dirs=(*options.account_dirs, folder),
    )
