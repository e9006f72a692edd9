"""Lookup tables are remembered, since addresses are only ever appended."""

from __future__ import annotations

import struct

import pytest
from solders.address_lookup_table_account import ID as TABLE_PROGRAM
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from gdx_sdk.client import AccountInfo, Client, LookupTables
from gdx_sdk.errors import CodecError
from gdx_sdk.testing import FakeRpc

# kind, deactivation slot (none), slot and place of the last extension, authority (none), padding
EMPTY_TABLE = struct.pack("<IQQBB32sH", 1, 2**64 - 1, 0, 0, 0, bytes(32), 0)


async def test_a_table_is_read_once_until_it_is_asked_for_afresh() -> None:
    address = Pubkey.new_unique()
    rpc = FakeRpc({address: AccountInfo(EMPTY_TABLE, TABLE_PROGRAM, 1)})
    tables = LookupTables(Client(rpc), Keypair())
    assert await tables.fetch(address) is await tables.fetch(address)
    assert rpc.count("getAccountInfo") == 1
    await tables.fetch(address, is_fresh=True)
    assert rpc.count("getAccountInfo") == 2
    rpc.accounts[address] = AccountInfo(b"\x01", TABLE_PROGRAM, 1)
    with pytest.raises(CodecError, match=f"lookup table {address}.*is no table") as failed:
        await tables.fetch(address, is_fresh=True)
    assert failed.value.__cause__ is not None
