"""Test your own code without a chain: accounts in memory, transactions that fare as the test says.

Run by `python test_with_fake_rpc.py`, or by pytest with pytest-asyncio.
"""

from __future__ import annotations

import asyncio

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from gdx_sdk import Client, ProgramError, pdas
from gdx_sdk import instructions as ix
from gdx_sdk.accounts import UserPosition
from gdx_sdk.testing import FakeClock, FakeRpc, build_account

MARKET = pdas.market("BTC-PERP")


async def top_up(client: Client, owner: Keypair, least_atoms: int) -> int:
    """The code under test: add collateral until the position has `least_atoms`; returns what was added."""
    address = pdas.position(owner.pubkey(), MARKET)
    missing = least_atoms - (await client.fetch(UserPosition, address)).collateral
    if missing > 0:
        await client.send([ix.add_collateral(owner.pubkey(), MARKET, missing)], [owner])
    return max(missing, 0)


def fake_chain(owner: Pubkey, collateral_atoms: int) -> tuple[FakeRpc, Client]:
    position = build_account(UserPosition, owner=owner, market=MARKET, collateral=collateral_atoms)
    rpc = FakeRpc({pdas.position(owner, MARKET): position.encode()})
    return rpc, Client(rpc, timer=FakeClock())


async def test_a_rich_position_is_left_alone() -> None:
    owner = Keypair()
    rpc, client = fake_chain(owner.pubkey(), 500)
    assert await top_up(client, owner, 300) == 0
    assert rpc.sent == {}


async def test_a_refusal_is_passed_on() -> None:
    owner = Keypair()
    rpc, client = fake_chain(owner.pubkey(), 100)
    rpc.verdict.error = {"InstructionError": [1, {"Custom": 6437}]}
    try:
        await top_up(client, owner, 300)
    except ProgramError as error:
        print(error.name)  # AddCollateralPaused
    assert rpc.sent == {}


if __name__ == "__main__":
    for test in (test_a_rich_position_is_left_alone, test_a_refusal_is_passed_on):
        asyncio.run(test())
