"""The bridge as it is meant: anchorpy reads and sends over HTTP, to the local chain of the other environment.

`GDX_MAIN_PYTHON` names that environment's Python (`make anchorpy-test` sets it).
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

anchorpy = pytest.importorskip("anchorpy", reason="anchorpy is not installed: make anchorpy-test")

from solana.rpc.async_api import AsyncClient  # noqa: E402  # after the skip
from solana.rpc.commitment import Confirmed  # noqa: E402
from solders.keypair import Keypair  # noqa: E402
from solders.pubkey import Pubkey  # noqa: E402

from gdx_sdk import instructions as ix  # noqa: E402
from gdx_sdk import pdas  # noqa: E402
from gdx_sdk._generated.collateral_vault.instructions import DepositAccounts  # noqa: E402
from gdx_sdk.accounts import Collateral, PriceFeed  # noqa: E402
from gdx_sdk.anchorpy import program  # noqa: E402
from tests.anchorpy.test_equal_bytes import as_lists, plain  # noqa: E402
from tests.sdk.idlgen.conftest import plain as ours  # noqa: E402

MAIN = os.environ.get("GDX_MAIN_PYTHON")
SERVER = Path(__file__).with_name("exchange_server.py")


@pytest.fixture(scope="module")
def exchange() -> Iterator[dict[str, str]]:
    if not MAIN:
        pytest.skip("GDX_MAIN_PYTHON does not name a Python with gdx[localnet]: make anchorpy-test")
    running = subprocess.Popen([MAIN, str(SERVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert running.stdin is not None
    assert running.stdout is not None
    try:
        yield json.loads(running.stdout.readline())
    finally:
        running.stdin.close()
        running.wait(60)


def provider(exchange: dict[str, str]) -> Any:
    alice = Keypair.from_bytes(bytes.fromhex(exchange["alice"]))
    return anchorpy.Provider(AsyncClient(exchange["url"], Confirmed), anchorpy.Wallet(alice))


def test_an_account_is_fetched(exchange: dict[str, str]) -> None:
    """The same values from both clients, of bytes that a program wrote."""

    async def read() -> tuple[Any, PriceFeed | None]:
        given, feed = provider(exchange), Pubkey.from_string(exchange["feed"])
        theirs = await program("oracle", given).account["PriceFeed"].fetch(feed)
        mine = await PriceFeed.fetch(given.connection, feed)
        await given.connection.close()
        return theirs, mine

    theirs, mine = asyncio.run(read())
    assert mine is not None
    assert theirs.price_e6 == mine.price_e6 == 50_000_000_000
    assert as_lists(plain(theirs)) == as_lists(ours(mine))


def test_an_instruction_is_sent(exchange: dict[str, str]) -> None:
    """A deposit by anchorpy: the bytes our builder makes, and the program credits it."""

    async def send() -> tuple[int, int]:
        given = provider(exchange)
        owner, mint = given.wallet.public_key, Pubkey.from_string(exchange["mint"])
        before = await Collateral.fetch(given.connection, pdas.collateral(owner))
        vault = program("collateral_vault", given)
        mine = ix.deposit(owner, 7_000_000, quote_mint=mint)
        names = DepositAccounts.__annotations__
        accounts = dict(zip(names, (meta.pubkey for meta in mine.accounts), strict=True))
        context = anchorpy.Context(accounts=accounts)
        assert vault.instruction["deposit"](7_000_000, ctx=context) == mine
        signature = await vault.rpc["deposit"](7_000_000, ctx=context)
        await given.connection.confirm_transaction(signature, Confirmed)
        after = await Collateral.fetch(given.connection, pdas.collateral(owner))
        await given.connection.close()
        assert before is not None
        assert after is not None
        return before.free_atoms, after.free_atoms

    before_atoms, after_atoms = asyncio.run(send())
    assert after_atoms - before_atoms == 7_000_000
