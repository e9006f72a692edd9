"""Instructions of the address lookup table program, and reading a table."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from solders.address_lookup_table_account import ID as ADDRESS_LOOKUP_TABLE_ID
from solders.address_lookup_table_account import (
    LOOKUP_TABLE_MAX_ADDRESSES,
    AddressLookupTable,
    AddressLookupTableAccount,
    derive_lookup_table_address,
)
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from gdx_sdk.errors import CodecError, InputError

SYSTEM_PROGRAM_ID = Pubkey.default()  # not from solders.system_program, which loads typing_extensions
MAX_ADDRESSES_PER_EXTEND = 20  # about what fits one transaction: table, authority, payer and 32 bytes each
_CREATE, _FREEZE, _EXTEND, _DEACTIVATE, _CLOSE = range(5)


def create_lookup_table(authority: Pubkey, payer: Pubkey, recent_slot: int) -> tuple[Instruction, Pubkey]:
    """Create an empty table, and its address; `recent_slot` is one of the last 512 that are over."""
    address, bump = derive_lookup_table_address(authority, recent_slot)
    data = struct.pack("<IQB", _CREATE, recent_slot, bump)
    return Instruction(ADDRESS_LOOKUP_TABLE_ID, data, _metas(address, authority, payer)), address


def extend_lookup_table(
    table: Pubkey, authority: Pubkey, payer: Pubkey, addresses: Sequence[Pubkey]
) -> Instruction:
    """Append `addresses` (1 to 20 at a time); they count from the next slot on."""
    if not 1 <= len(addresses) <= MAX_ADDRESSES_PER_EXTEND:
        raise InputError("addresses", len(addresses), f"must be 1 to {MAX_ADDRESSES_PER_EXTEND} at a time")
    data = struct.pack("<IQ", _EXTEND, len(addresses)) + b"".join(map(bytes, addresses))
    return Instruction(ADDRESS_LOOKUP_TABLE_ID, data, _metas(table, authority, payer))


def deactivate_lookup_table(table: Pubkey, authority: Pubkey) -> Instruction:
    """Begin the cool-down of about 512 slots after which the table may be closed."""
    metas = _metas(table, authority, None)
    return Instruction(ADDRESS_LOOKUP_TABLE_ID, struct.pack("<I", _DEACTIVATE), metas)


def close_lookup_table(table: Pubkey, authority: Pubkey, recipient: Pubkey) -> Instruction:
    """Close a deactivated table; its rent goes to `recipient`."""
    metas = [*_metas(table, authority, None), AccountMeta(recipient, is_signer=False, is_writable=True)]
    return Instruction(ADDRESS_LOOKUP_TABLE_ID, struct.pack("<I", _CLOSE), metas)


def decode_lookup_table(address: Pubkey, data: bytes) -> AddressLookupTableAccount:
    """The table's addresses as a message needs them; `CodecError` when `data` is no lookup table."""
    try:
        table = AddressLookupTable.deserialize(data)
    except Exception as error:  # solders raises a bare exception type of its own
        raise CodecError(f"lookup table {address}", f"{len(data)} bytes", f"is no table: {error}") from error
    return AddressLookupTableAccount(address, list(table.addresses))


def room_in(table: AddressLookupTableAccount) -> int:
    """How many addresses can still be appended."""
    return LOOKUP_TABLE_MAX_ADDRESSES - len(table.addresses)


def _metas(table: Pubkey, authority: Pubkey, payer: Pubkey | None) -> list[AccountMeta]:
    metas = [
        AccountMeta(table, is_signer=False, is_writable=True),
        AccountMeta(authority, is_signer=True, is_writable=False),
    ]
    if payer is not None:
        metas.append(AccountMeta(payer, is_signer=True, is_writable=True))
        metas.append(AccountMeta(SYSTEM_PROGRAM_ID, is_signer=False, is_writable=False))
    return metas
