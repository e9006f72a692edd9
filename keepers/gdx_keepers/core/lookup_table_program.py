"""Instructions of Solana's address lookup table program, which solders does not build.

Layout: bincode, a u32 tag first; source: solana-address-lookup-table-interface, `ProgramInstruction`.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from solders.address_lookup_table_account import ID as LOOKUP_TABLE_PROGRAM
from solders.address_lookup_table_account import derive_lookup_table_address
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey
from solders.system_program import ID as SYSTEM_PROGRAM

MAX_ADDRESSES = 256
MAX_ADDRESSES_PER_EXTEND = 20  # leaves room for budget instructions below 1,232 bytes

_CREATE, _EXTEND = 0, 2


def table_address(authority: Pubkey, recent_slot: int) -> Pubkey:
    """Where `create_table` with the same arguments puts the table."""
    return derive_lookup_table_address(authority, recent_slot)[0]


def create_table(authority: Pubkey, payer: Pubkey, recent_slot: int) -> Instruction:
    """Create an empty table; `recent_slot` must be in the slot-hashes sysvar when it executes."""
    address, bump = derive_lookup_table_address(authority, recent_slot)
    accounts = [
        AccountMeta(address, is_signer=False, is_writable=True),
        AccountMeta(authority, is_signer=True, is_writable=False),
        AccountMeta(payer, is_signer=True, is_writable=True),
        AccountMeta(SYSTEM_PROGRAM, is_signer=False, is_writable=False),
    ]
    return Instruction(LOOKUP_TABLE_PROGRAM, struct.pack("<IQB", _CREATE, recent_slot, bump), accounts)


def extend_table(table: Pubkey, authority: Pubkey, payer: Pubkey, addresses: Sequence[Pubkey]) -> Instruction:
    """Append `addresses`; they can be used from the next slot on."""
    data = struct.pack("<IQ", _EXTEND, len(addresses)) + b"".join(bytes(key) for key in addresses)
    accounts = [
        AccountMeta(table, is_signer=False, is_writable=True),
        AccountMeta(authority, is_signer=True, is_writable=False),
        AccountMeta(payer, is_signer=True, is_writable=True),
        AccountMeta(SYSTEM_PROGRAM, is_signer=False, is_writable=False),
    ]
    return Instruction(LOOKUP_TABLE_PROGRAM, data, accounts)
