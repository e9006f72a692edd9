"""How a local chain is to run: one set of options for both engines."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from solders.account import Account
from solders.pubkey import Pubkey

from gdx_localnet import account_files
from gdx_localnet import fixture as fixtures
from gdx_localnet.clock import SlotMode
from gdx_localnet.errors import EngineError
from gdx_localnet.faults.rules import FaultRule, rule_from_json, rule_to_json
from gdx_localnet.fixture import Fixture, ProgramFile

NO_FIXTURE = "none"
"""Value of `fixture` that starts an empty chain."""

LEAST_SLOTS_PER_EPOCH = 32
"""The runtime's least length of an epoch."""

TICKS_PER_SECOND = 160
"""Ticks of a validator's clock: 64 of them make the usual slot of 400 ms."""


class Engine(StrEnum):
    """What runs the chain."""

    EMBEDDED = "embedded"
    VALIDATOR = "validator"


def default_engine() -> Engine:
    """`GDX_ENGINE`, or embedded. Raises EngineError for another word."""
    word = os.environ.get("GDX_ENGINE", Engine.EMBEDDED.value)
    try:
        return Engine(word)
    except ValueError as error:
        raise EngineError(f"GDX_ENGINE = {word!r}: must be embedded or validator") from error


@dataclass(frozen=True, slots=True)
class LocalnetOptions:
    """How to run a local chain. Raises EngineError naming the member, its value and the rule it breaks.

    bind_address   an IPv4 address of this machine; 0.0.0.0, engine embedded only, for all of them
    rpc_port       HTTP; WebSocket takes the next one; 0 picks a free pair
    fixture        a TOML file, None for the one in the package, "none" for an empty chain
    programs       loaded as upgradeable beside the fixture's
    accounts       (address, JSON dump file) beside the fixture's; None for the address in the file
    account_dirs   folders whose *.json are such files
    clone, maybe_clone, clone_upgradeable_programs    addresses to copy from the cluster at `url`
    deep_clone_tables    lookup tables to copy from there, with what they list
    clone_feature_set    have the features that are active there; engine validator: of those it has itself
    deactivate_features  features to be without
    active_features      the features to have, engine embedded only; None: mainnet's
    mint           an address that gets 500,000,000 SOL at genesis
    validator      the solana-test-validator to start; None: GDX_VALIDATOR, or the one on PATH
    slot_mode, confirmed_lag, finalized_lag, unix_ts, faults    engine embedded only
    slot_ms        length of a slot, milliseconds; `ticks_per_slot`, of 1/160 s each, wins over it
    slots_per_epoch, warp_slot    None: 432,000, and the first slot
    limit_ledger_size    transactions (a validator: shreds) kept; None: 100,000 (a validator: 10,000)
    resume         go on from where the last run in this directory ended, and keep what this one leaves
    """

    engine: Engine = field(default_factory=default_engine)
    bind_address: str = "127.0.0.1"
    rpc_port: int = 0
    fixture: Path | str | None = None
    programs: tuple[ProgramFile, ...] = ()
    accounts: tuple[tuple[Pubkey | None, Path], ...] = ()
    account_dirs: tuple[Path, ...] = ()
    clone: tuple[Pubkey, ...] = ()
    maybe_clone: tuple[Pubkey, ...] = ()
    clone_upgradeable_programs: tuple[Pubkey, ...] = ()
    deep_clone_tables: tuple[Pubkey, ...] = ()
    clone_feature_set: bool = False
    deactivate_features: tuple[Pubkey, ...] = ()
    active_features: tuple[Pubkey, ...] | None = None
    url: str | None = None
    mint: Pubkey | None = None
    validator: str | None = None
    slot_mode: SlotMode = SlotMode.FAST
    slot_ms: int = 400
    ticks_per_slot: int | None = None
    slots_per_epoch: int | None = None
    warp_slot: int | None = None
    confirmed_lag: int = 1
    finalized_lag: int = 32
    unix_ts: int | None = None
    limit_ledger_size: int | None = None
    faults: tuple[FaultRule, ...] = ()
    resume: bool = False

    def __post_init__(self) -> None:
        """Take plain words for the two choices, and check what both engines would choke on."""
        for name, kind in (("engine", Engine), ("slot_mode", SlotMode)):
            word = getattr(self, name)
            if word not in list(kind):
                raise EngineError(f"{name} = {word!r}: must be one of {', '.join(kind)}")
            object.__setattr__(self, name, kind(word))
        for name, least in (
            ("slot_ms", 1),
            ("ticks_per_slot", 2),
            ("slots_per_epoch", LEAST_SLOTS_PER_EPOCH),
            ("warp_slot", 1),
            ("limit_ledger_size", 1),
        ):
            value = getattr(self, name)
            if value is not None and value < least:
                raise EngineError(f"{name} = {value}: must be at least {least}")
        if not 0 <= self.rpc_port <= 65_534:
            raise EngineError(
                f"rpc_port = {self.rpc_port}: must be from 0 to 65,534, as the next is used too"
            )
        if (self.clones or self.clone_feature_set) and self.url is None:
            raise EngineError("clone: there is nothing to copy from: name a cluster with url")
        if self.engine is Engine.VALIDATOR:
            self._check_for_validator()

    def _check_for_validator(self) -> None:
        if self.faults:
            raise EngineError("faults: solana-test-validator cannot inject them; use engine embedded")
        if self.active_features is not None:
            raise EngineError(
                "active_features: solana-test-validator begins with all; use deactivate_features"
            )
        if self.bind_address == "0.0.0.0":
            raise EngineError("bind_address = '0.0.0.0': solana-test-validator needs one address of its own")

    @property
    def clones(self) -> tuple[Pubkey, ...]:
        """Every address to copy from a cluster."""
        return self.clone + self.maybe_clone + self.clone_upgradeable_programs + self.deep_clone_tables

    @property
    def connect_host(self) -> str:
        """Where a client of this machine finds the chain."""
        return "127.0.0.1" if self.bind_address == "0.0.0.0" else self.bind_address

    @property
    def slot_length_ms(self) -> int:
        """Length of a slot in milliseconds, whichever way it was given."""
        if self.ticks_per_slot is None:
            return self.slot_ms
        return max(1, self.ticks_per_slot * 1000 // TICKS_PER_SECOND)

    @property
    def slot_length_ticks(self) -> int:
        """Length of a slot in a validator's ticks, at least 2."""
        if self.ticks_per_slot is not None:
            return self.ticks_per_slot
        return max(2, self.slot_ms * TICKS_PER_SECOND // 1000)

    def read_fixture(self) -> Fixture:
        """The fixture with the options' own programs, accounts and clones added.

        Raises FixtureError; when the cluster to clone from is away, gdx_sdk.errors.TransportError.
        """
        if self.fixture is None:
            base = fixtures.load_default()
        elif self.fixture == NO_FIXTURE:
            base = fixtures.EMPTY
        else:
            base = fixtures.load(Path(self.fixture))
        more: list[tuple[Pubkey, Account]] = []
        for folder in self.account_dirs:
            more += account_files.read_folder(folder)
        more += [account_files.read(path, address) for address, path in self.accounts]
        if self.clones:
            from gdx_localnet.clone import fetch

            more += fetch(self)
        return base.with_more(self.programs, tuple(more))

    def read_features(self) -> tuple[Pubkey, ...] | None:
        """The features that the embedded engine is to have; None for mainnet's.

        Raises gdx_sdk.errors.TransportError when the cluster to take them from is away.
        """
        if not self.clone_feature_set:
            return self.active_features
        from gdx_localnet.clone import fetch_features

        return fetch_features(self)

    def to_json(self) -> dict[str, Any]:
        """As JSON's own types; relative paths become absolute."""
        return {item.name: _plain(getattr(self, item.name)) for item in dataclasses.fields(self)}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """What `to_json` gave."""
        return cls(**{name: _READERS.get(name, _same)(value) for name, value in body.items()})


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value.absolute())
    if isinstance(value, Pubkey):
        return str(value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, FaultRule):
        return rule_to_json(value)
    if isinstance(value, ProgramFile):
        return [_plain(value.address), _plain(value.path), _plain(value.authority)]
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _same(value: Any) -> Any:
    return value


def _key(text: str | None) -> Pubkey | None:
    return None if text is None else Pubkey.from_string(text)


def _keys(texts: list[str]) -> tuple[Pubkey, ...]:
    return tuple(Pubkey.from_string(text) for text in texts)


_READERS: dict[str, Callable[[Any], Any]] = {
    "programs": lambda items: tuple(
        ProgramFile(Pubkey.from_string(address), Path(path), _key(authority))
        for address, path, authority in items
    ),
    "accounts": lambda items: tuple((_key(address), Path(path)) for address, path in items),
    "account_dirs": lambda items: tuple(map(Path, items)),
    "clone": _keys,
    "maybe_clone": _keys,
    "clone_upgradeable_programs": _keys,
    "deep_clone_tables": _keys,
    "deactivate_features": _keys,
    "active_features": lambda texts: None if texts is None else _keys(texts),
    "mint": _key,
    "faults": lambda items: tuple(map(rule_from_json, items)),
}
