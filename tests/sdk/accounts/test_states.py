"""Accounts as the maths sees them, built and read back through the client."""

from __future__ import annotations

import pytest
from solders.pubkey import Pubkey

from gdx_sdk import accounts, pdas
from gdx_sdk.accounts import MarketPool, PerpMarket, UserPosition, market_state, position_state
from gdx_sdk.client import AccountInfo, Client
from gdx_sdk.errors import AccountNotFound, CodecError, InputError
from gdx_sdk.programs import PROGRAM_IDS
from gdx_sdk.testing import FakeRpc, build_account

OWNER = Pubkey(b"\x07" * 32)
MARKET = pdas.market("BTC-PERP")
POSITION = build_account(
    UserPosition,
    owner=OWNER,
    market=MARKET,
    size=-5,
    cost_atoms=-7,
    collateral=9,
    funding_index=-11,
    loss_index=13,
)


@pytest.mark.parametrize("name", accounts.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert name == "POSITION_FIELDS" or getattr(accounts, name).__name__ == name


def test_each_account_belongs_to_its_own_program() -> None:
    owners = {
        "collateral_vault": ("Collateral", "MarketPool", "VaultState"),
        "ephemeral_vault": ("EphemeralVault", "Session"),
        "funding_rate": ("FundingState",),
        "oracle": ("PriceFeed",),
        "position_mgmt": ("GlobalConfig", "PerpMarket", "RelayerBeat", "SettlementBatch", "UserPosition"),
    }
    for program, names in owners.items():
        for name in names:
            assert PROGRAM_IDS[program] == getattr(accounts, name).PROGRAM_ID, name


def test_a_position_becomes_a_state() -> None:
    state = position_state(POSITION)
    assert (state.size_e8, state.cost_atoms, state.collateral_atoms) == (-5, -7, 9)
    assert (state.funding_index, state.loss_index) == (-11, 13)


def test_a_market_with_its_pool_becomes_a_state() -> None:
    market = build_account(PerpMarket, total_long_interest=3, total_short_interest=3, insurance_fund=2)
    pool = build_account(MarketPool, locked_atoms=5, insurance_atoms=6)
    state = market_state(market, pool)
    assert (state.long_interest_e8, state.locked_atoms, state.insurance_atoms) == (3, 5, 6)
    assert state.accrued_insurance_atoms == 2
    assert market_state(market).locked_atoms == 0


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(InputError, match="siz"):
        build_account(UserPosition, siz=1)


async def test_the_client_fetches_scans_and_refuses() -> None:
    address, other = pdas.position(OWNER, MARKET), Pubkey.new_unique()
    foreign = Pubkey.new_unique()
    chain = FakeRpc(
        {
            address: POSITION.encode(),
            other: build_account(UserPosition, owner=other).encode(),
            MARKET: build_account(PerpMarket).encode(),
            foreign: AccountInfo(POSITION.encode(), Pubkey.default(), 1),
        }
    )
    client = Client(chain)
    assert await client.fetch(UserPosition, address) == POSITION
    assert await client.fetch_optional(UserPosition, Pubkey.new_unique()) is None
    with pytest.raises(AccountNotFound, match="no UserPosition account at"):
        await client.fetch(UserPosition, Pubkey.new_unique())
    with pytest.raises(CodecError, match="discriminator"):
        await client.fetch(UserPosition, MARKET)
    with pytest.raises(CodecError, match="owner"):
        await client.fetch(UserPosition, foreign)
    found = await client.scan(UserPosition, [UserPosition.memcmp("owner", OWNER)])
    assert found == [(address, POSITION)]
    assert {key for key, _ in await client.scan(UserPosition)} == {address, other}
    assert await client.scan(UserPosition, [17]) == []
    size = UserPosition.LAYOUT.offsets["size"]
    program = PROGRAM_IDS["position_mgmt"]
    sliced = await client.scan_data(program, [UserPosition.memcmp("owner", OWNER)], data_slice=(size, 8))
    assert sliced == [(address, (-5).to_bytes(8, "little", signed=True))]


async def test_many_accounts_come_in_calls_of_a_hundred() -> None:
    keys = [Pubkey.new_unique() for _ in range(250)]
    chain = FakeRpc({key: POSITION.encode() for key in keys[::2]})
    found = await Client(chain).fetch_multiple(UserPosition, keys)
    assert [position is not None for position in found] == [True, False] * 125
    assert chain.count("getMultipleAccounts") == 3
