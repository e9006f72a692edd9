"""create_vault: only the upgrade authority, only a mint that nobody can reach into."""

from __future__ import annotations

import struct

import pytest
from solders.pubkey import Pubkey

from gdx_sdk.programs import PROGRAM_IDS
from tests.programs.harness.chain import UPGRADEABLE_LOADER, Chain, program_data
from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.tokens import TOKEN, TOKEN_2022, amount_of, extension, put_mint
from tests.programs.harness.vault_world import NO_LIMIT, POSITION_AUTHORITY, VaultWorld

THIRTY_DAYS = 30 * 86_400
REFUSED_EXTENSIONS = {
    "transfer_fee": extension(1, bytes(108)),
    "mint_close_authority": extension(3, bytes(32)),
    "confidential_transfer": extension(4, bytes(65)),
    "default_frozen": extension(6, b"\2"),
    "non_transferable": extension(9, b""),
    "interest_bearing": extension(10, bytes(52)),
    "permanent_delegate": extension(12, bytes(32)),
    "transfer_hook": extension(14, bytes(64)),
    "pausable": extension(26, bytes(33)),
}


@pytest.fixture
def empty(chain: Chain) -> VaultWorld:
    """A mint and people, no vault yet."""
    return VaultWorld(chain)


@pytest.mark.parametrize("token_program", [TOKEN, TOKEN_2022], ids=["token", "token_2022"])
def test_creates_vault_and_token_account(chain: Chain, token_program: Pubkey) -> None:
    world = VaultWorld(chain, token_program=token_program)
    limit = {"limit_atoms": 9, "user_minimum_atoms": 3, "window_seconds": 60}
    receipt = chain.send(world.create_vault(delay_seconds=THIRTY_DAYS, withdraw_limit=limit))
    state = world.read()
    assert (state.quote_mint, state.vault_token, state.token_program) == (
        world.mint,
        world.token,
        token_program,
    )
    assert (state.admin, state.guardian, state.fee_recipient) == (
        world.admin,
        world.guardian,
        world.fee_recipient,
    )
    assert state.position_authority == POSITION_AUTHORITY
    assert (state.delay_seconds, state.quote_decimals, state.layout_version) == (THIRTY_DAYS, 6, 1)
    assert vars(state.limiter.current) == limit
    assert (state.free_atoms, state.locked_atoms, state.insurance_atoms, state.fees_atoms) == (0, 0, 0, 0)
    token = chain.data(world.token)
    assert token[:64] == bytes(world.mint) + bytes(world.state)
    assert amount_of(chain, world.token) == 0
    event = receipt.event("VaultCreated")
    assert vars(event.head) == {"slot": chain.slot, "ts": chain.now_ts, "sequence": 1}
    assert (event.quote_mint, event.vault_token, event.admin) == (world.mint, world.token, world.admin)
    assert (event.position_authority, event.delay_seconds) == (POSITION_AUTHORITY, THIRTY_DAYS)


def test_lamports_sent_ahead_do_not_block_it(empty: VaultWorld) -> None:
    empty.chain.fund(empty.state, 1)
    empty.create()


def test_a_second_vault_is_refused(vault: VaultWorld) -> None:
    vault.chain.refused(vault.create_vault(), error="system.AccountAlreadyInUse")


def test_only_the_upgrade_authority_may(empty: VaultWorld) -> None:
    call = empty.create_vault().but(upgrade_authority=empty.admin)
    empty.chain.refused(call, error="NotUpgradeAuthority")


def test_the_program_data_of_another_program_is_refused(empty: VaultWorld) -> None:
    call = empty.create_vault().but(program_data=program_data("oracle"))
    empty.chain.refused(call, error="NotUpgradeAuthority")


def test_a_program_that_is_final_has_nobody_to_create_it(empty: VaultWorld) -> None:
    key = program_data("collateral_vault")
    data = bytearray(empty.chain.data(key))
    data[12] = 0
    empty.chain.put(key, bytes(data), UPGRADEABLE_LOADER)
    empty.chain.refused(empty.create_vault(), error="NotUpgradeAuthority")


@pytest.mark.parametrize("decimals", [0, 5, 7, 9])
def test_the_quote_has_six_decimals(empty: VaultWorld, decimals: int) -> None:
    mint = put_mint(empty.chain, decimals=decimals)
    empty.chain.refused(empty.create_vault(mint=mint), error="QuoteDecimalsNotSix")


@pytest.mark.parametrize("name", REFUSED_EXTENSIONS)
def test_extensions_that_reach_into_the_vault_are_refused(chain: Chain, name: str) -> None:
    world = VaultWorld(chain, token_program=TOKEN_2022)
    mint = put_mint(chain, TOKEN_2022, extensions=REFUSED_EXTENSIONS[name])
    chain.refused(world.create_vault(mint=mint), error="MintExtensionRefused")


def test_extensions_that_only_describe_are_accepted(chain: Chain) -> None:
    world = VaultWorld(chain, token_program=TOKEN_2022)
    pointers = extension(18, bytes(64)) + extension(20, bytes(64)) + extension(22, bytes(64))
    chain.send(world.create_vault(mint=put_mint(chain, TOKEN_2022, extensions=pointers)))


@pytest.mark.parametrize("window_seconds", [0, THIRTY_DAYS + 1, 2**64 - 1])
def test_the_limit_needs_a_window(empty: VaultWorld, window_seconds: int) -> None:
    limit = NO_LIMIT | {"window_seconds": window_seconds}
    empty.chain.refused(empty.create_vault(withdraw_limit=limit), error="InvalidLimitWindow")


def test_the_delay_is_at_most_thirty_days(empty: VaultWorld) -> None:
    empty.chain.refused(empty.create_vault(delay_seconds=THIRTY_DAYS + 1), error="DelayTooLong")


@pytest.mark.parametrize("role", ["admin", "guardian", "fee_recipient"])
def test_every_role_is_somebody(empty: VaultWorld, role: str) -> None:
    call = empty.create_vault(**{role: Pubkey.default()})
    empty.chain.refused(call, error="DefaultAddressRefused")


def test_mint_and_token_program_belong_together(empty: VaultWorld) -> None:
    call = empty.create_vault().but(token_program=TOKEN_2022)
    empty.chain.refused(call, error="runtime.IncorrectProgramId")


def test_a_token_account_is_no_mint(empty: VaultWorld) -> None:
    token = empty.token_account(empty.admin)
    empty.chain.refused(empty.create_vault(mint=token), error="runtime.InvalidAccountData")


def test_truncated_arguments_are_refused(empty: VaultWorld) -> None:
    instruction = empty.create_vault().instruction
    whole = bytes(instruction.data)
    for length in (8, 9, len(whole) - 1):
        cut = type(instruction)(PROGRAM_IDS["collateral_vault"], whole[:length], instruction.accounts)
        empty.chain.refused(cut, error="InstructionDidNotDeserialize")
    assert struct.unpack_from("<Q", whole, len(whole) - 8)[0] == NO_LIMIT["window_seconds"]


def test_accounts_are_checked(empty: VaultWorld) -> None:
    # The account `program` is not read: this_program, checked, has the same address.
    refuses_wrong_accounts(empty.chain, empty.create_vault(), program__other=None)
