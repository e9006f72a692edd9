"""The embedded engine: a chain with its fixture, in this process."""

from __future__ import annotations

from solders.account import Account
from solders.pubkey import Pubkey

from gdx_localnet.errors import FixtureError
from gdx_localnet.fixture import RENT_EPOCH_EXEMPT, Fixture
from gdx_localnet.options import LocalnetOptions
from gdx_localnet.programs import UPGRADEABLE_LOADER, code_address_of, load_upgradeable
from gdx_localnet.svm import SLOTS_PER_EPOCH, EmbeddedChain

MINT_LAMPORTS = 500_000_000 * 10**9
"""What `mint` gets at genesis, as on a validator."""

HISTORY_LIMIT = 100_000


def build_chain(options: LocalnetOptions, fixture: Fixture | None = None) -> EmbeddedChain:
    """A chain as the options want it, its fixture in place. Raises FixtureError, EngineError."""
    chain = EmbeddedChain(
        slot_mode=options.slot_mode,
        slot_ms=options.slot_length_ms,
        slots_per_epoch=options.slots_per_epoch or SLOTS_PER_EPOCH,
        confirmed_lag=options.confirmed_lag,
        finalized_lag=options.finalized_lag,
        unix_ts=options.unix_ts,
        history_limit=options.limit_ledger_size or HISTORY_LIMIT,
        active_features=options.read_features(),
        deactivate_features=options.deactivate_features,
    )
    if options.mint is not None:
        fortune = Account(MINT_LAMPORTS, b"", Pubkey.default(), False, RENT_EPOCH_EXEMPT)
        chain.accounts.set(options.mint, fortune)
    apply_fixture(chain, options.read_fixture() if fixture is None else fixture)
    if options.warp_slot is not None and options.warp_slot > chain.open_slot:
        chain.advance_slots(options.warp_slot - chain.open_slot)
    chain.faults.set(options.faults)
    return chain


def apply_fixture(chain: EmbeddedChain, fixture: Fixture) -> None:
    """Put a fixture's accounts and programs in place. Raises FixtureError, EngineError."""
    # Code before the programs that name it: the loader compiles when it sees the program.
    for address, account in sorted(fixture.accounts, key=lambda entry: entry[1].executable):
        if account.executable and account.owner == UPGRADEABLE_LOADER:
            _check_has_code(chain, address, account)
        try:
            chain.accounts.set(address, account)
        except Exception as error:  # LiteSVM's own, when it can't load an executable account
            raise FixtureError(f"account {address}: the chain does not take it: {error}") from error
    for program in fixture.programs:
        try:
            elf = program.path.read_bytes()
        except OSError as error:
            raise FixtureError(f"program file {program.path}: {error.strerror}") from error
        load_upgradeable(chain, program.address, elf, program.authority, is_genesis=True)


def _check_has_code(chain: EmbeddedChain, address: Pubkey, program: Account) -> None:
    code_address = code_address_of(program)
    if code_address is None or chain.accounts.get(code_address) is None:
        raise FixtureError(f"account {address}: is a program without its code ({code_address})")
