"""An account that is not what was asked for: a typed error that names it, from every call that decodes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from solders.pubkey import Pubkey

from gdx_sdk.accounts import Collateral, PriceFeed
from gdx_sdk.client import AccountInfo, Client
from gdx_sdk.errors import AccountNotFound, CodecError, RpcError
from gdx_sdk.programs import PROGRAM_IDS
from gdx_sdk.testing import FakeRpc

VAULT = PROGRAM_IDS["collateral_vault"]
GOOD = Collateral.DISCRIMINATOR + bytes(Collateral.SIZE - 8)
ADDRESS = Pubkey.from_bytes(bytes([9]) * 32)
FETCHES: dict[str, Callable[[Client], Awaitable[Any]]] = {
    "fetch": lambda client: client.fetch(Collateral, ADDRESS),
    "fetch_optional": lambda client: client.fetch_optional(Collateral, ADDRESS),
    "fetch_multiple": lambda client: client.fetch_multiple(Collateral, [ADDRESS]),
}
WRONG = {
    "another type": (
        AccountInfo(PriceFeed.DISCRIMINATOR + GOOD[8:], VAULT, 1),
        "account of another type",
    ),
    "short": (AccountInfo(GOOD[:-1], VAULT, 1), f"must be {Collateral.SIZE} bytes"),
    "no data": (AccountInfo(b"", VAULT, 1), "the data has 0 bytes"),
    "trailing": (AccountInfo(GOOD + b"x", VAULT, 1), "other data follows the account"),
    "closed": (AccountInfo(b"\xff" * 8 + GOOD[8:], VAULT, 1), "has been closed"),
    "emptied": (AccountInfo(b"", Pubkey.default(), 1), "this account has been closed"),
    "without lamports": (AccountInfo(b"", Pubkey.default(), 0), "this account has been closed"),
    "a wallet with data": (AccountInfo(b"x", Pubkey.default(), 1), f"must be the program {VAULT}"),
    "another program's": (AccountInfo(GOOD, PROGRAM_IDS["oracle"], 1), f"must be the program {VAULT}"),
}


@pytest.mark.parametrize("name", FETCHES)
@pytest.mark.parametrize("what", WRONG)
async def test_a_wrong_account_is_named(name: str, what: str) -> None:
    account, words = WRONG[what]
    client = Client(FakeRpc({ADDRESS: account}))
    with pytest.raises(CodecError) as failed:
        await FETCHES[name](client)
    assert str(ADDRESS) in str(failed.value)
    assert words in str(failed.value)


async def test_no_account_is_told_apart_from_a_wrong_one() -> None:
    client = Client(FakeRpc())
    with pytest.raises(AccountNotFound, match=f"no Collateral account at {ADDRESS}"):
        await client.fetch(Collateral, ADDRESS)
    assert await client.fetch_optional(Collateral, ADDRESS) is None
    assert await client.fetch_multiple(Collateral, [ADDRESS]) == [None]


async def test_a_scan_names_the_account_that_is_wrong() -> None:
    accounts = {ADDRESS: AccountInfo(GOOD + b"x", VAULT, 1)}
    with pytest.raises(CodecError, match=f"account {ADDRESS}: .*other data follows"):
        await Client(FakeRpc(accounts)).scan(Collateral)  # type: ignore[arg-type]


async def test_many_accounts_come_in_order_however_many_calls_it_takes() -> None:
    addresses = [Pubkey.new_unique() for _ in range(1_234)]
    rpc = FakeRpc({key: AccountInfo(GOOD, VAULT, 1) for key in addresses[::2]})
    found = await Client(rpc).fetch_multiple(Collateral, addresses)
    assert [item is not None for item in found] == [place % 2 == 0 for place in range(1_234)]
    assert rpc.count("getMultipleAccounts") == 13
    assert await Client(rpc).fetch_multiple(Collateral, []) == []


async def test_one_call_that_fails_fails_them_all_with_its_own_error() -> None:
    rpc = FakeRpc()
    rpc.fail_next("getMultipleAccounts", RpcError("getMultipleAccounts", "broken"))
    with pytest.raises(RpcError, match="broken"):
        await Client(rpc).fetch_multiple(Collateral, [Pubkey.new_unique() for _ in range(500)])
