"""The embedded engine: a chain with its fixture, in this process."""

from __future__ import annotations

from gdx_localnet.errors import FixtureError
from gdx_localnet.fixture import Fixture
from gdx_localnet.options import LocalnetOptions
from gdx_localnet.programs import load_upgradeable
from gdx_localnet.svm import EmbeddedChain


def build_chain(options: LocalnetOptions, fixture: Fixture | None = None) -> EmbeddedChain:
    """A chain as the options want it, its fixture in place. Raises FixtureError, EngineError."""
    chain = EmbeddedChain(
        slot_mode=options.slot_mode,
        slot_ms=options.slot_ms,
        confirmed_lag=options.confirmed_lag,
        finalized_lag=options.finalized_lag,
        unix_ts=options.unix_ts,
        history_limit=options.history_limit,
    )
    apply_fixture(chain, options.read_fixture() if fixture is None else fixture)
    return chain


def apply_fixture(chain: EmbeddedChain, fixture: Fixture) -> None:
    """Put a fixture's accounts and programs in place."""
    for address, account in fixture.accounts:
        chain.accounts.set(address, account)
    for program in fixture.programs:
        try:
            elf = program.path.read_bytes()
        except OSError as error:
            raise FixtureError(f"program file {program.path}: {error.strerror}") from error
        load_upgradeable(chain, program.address, elf, program.authority)
