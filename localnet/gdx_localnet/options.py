"""How a local chain is to run: one set of options for both engines."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from solders.account import Account
from solders.pubkey import Pubkey

from gdx_localnet import fixture as fixtures
from gdx_localnet.clock import SlotMode
from gdx_localnet.errors import EngineError
from gdx_localnet.fixture import Fixture, ProgramFile

NO_FIXTURE = "none"
"""Value of `fixture` that starts an empty chain."""


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
    """How to run a local chain.

    rpc_port       HTTP; WebSocket takes the next one; 0 picks a free pair
    fixture        a TOML file, None for the one in the package, "none" for an empty chain
    programs       loaded as upgradeable beside the fixture's
    accounts       (address, JSON dump file) beside the fixture's
    validator      the solana-test-validator to start; None: the one on PATH (engine validator only)
    slot_mode, confirmed_lag, finalized_lag, unix_ts    engine embedded only: a validator keeps its own time
    slot_ms        length of a slot; the validator takes it as ticks per slot
    history_limit  transactions kept for queries
    """

    engine: Engine = field(default_factory=default_engine)
    host: str = "127.0.0.1"
    rpc_port: int = 0
    fixture: Path | str | None = None
    programs: tuple[ProgramFile, ...] = ()
    accounts: tuple[tuple[Pubkey, Path], ...] = ()
    validator: str | None = None
    slot_mode: SlotMode = SlotMode.FAST
    slot_ms: int = 400
    confirmed_lag: int = 1
    finalized_lag: int = 32
    unix_ts: int | None = None
    history_limit: int = 100_000

    def __post_init__(self) -> None:
        """Take plain words for the two choices. Raises EngineError for an unknown one."""
        for name, kind in (("engine", Engine), ("slot_mode", SlotMode)):
            word = getattr(self, name)
            if word not in list(kind):
                raise EngineError(f"{name} = {word!r}: must be one of {', '.join(kind)}")
            object.__setattr__(self, name, kind(word))

    def read_fixture(self) -> Fixture:
        """The fixture with the options' own programs and accounts added. Raises FixtureError."""
        if self.fixture is None:
            base = fixtures.load_default()
        elif self.fixture == NO_FIXTURE:
            base = fixtures.EMPTY
        else:
            base = fixtures.load(Path(self.fixture))
        more: list[tuple[Pubkey, Account]] = [
            fixtures.read_account_file(path, address) for address, path in self.accounts
        ]
        return base.with_more(self.programs, tuple(more))
