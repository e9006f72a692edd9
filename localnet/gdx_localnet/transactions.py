"""Wire transactions: size, form, the accounts they name (lookup tables resolved), signatures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from solders.account import Account
from solders.hash import Hash
from solders.message import Message, MessageV0, MessageV1
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

MAX_WIRE_BYTES = 1232
"""A transaction's longest wire form: the cluster's PACKET_DATA_SIZE."""

ADDRESS_LOOKUP_TABLE = Pubkey.from_string("AddressLookupTab1e1111111111111111111111111")
TOKEN = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
TOKEN_2022 = Pubkey.from_string("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")

_TABLE_HEADER_BYTES = 56
_NONCE_BYTES, _NONCE_AUTHORITY, _NONCE_VALUE = 80, slice(8, 40), slice(40, 72)
_NOT_DEACTIVATED = 2**64 - 1


class Unsanitary(Exception):
    """A transaction that can't even be tried; `err` is the transaction error in its JSON form."""

    def __init__(self, err: Any) -> None:
        self.err = err
        super().__init__(str(err))


@dataclass(slots=True)
class Resolved:
    """A transaction's accounts in runtime order: static, then loaded writable, then loaded read-only."""

    keys: list[Pubkey]
    writable: list[int]
    loaded_writable: list[Pubkey]
    loaded_readonly: list[Pubkey]
    needs_slot_hashes: bool
    table_count: int

    @property
    def payer(self) -> Pubkey:
        """The account that pays the fee."""
        return self.keys[0]


def resolve(tx: VersionedTransaction, read: Callable[[Pubkey], Account | None], slot: int) -> Resolved:
    """The accounts `tx` names.

    Raises Unsanitary when a lookup table is missing, foreign, malformed or too short at `slot`.
    """
    message = tx.message
    if not isinstance(message, Message | MessageV0):
        raise Unsanitary("UnsupportedVersion")
    keys = list(message.account_keys)
    writable = _static_writable(message)
    loaded_writable: list[Pubkey] = []
    loaded_readonly: list[Pubkey] = []
    needs_slot_hashes = ADDRESS_LOOKUP_TABLE in keys
    tables = 0
    if isinstance(message, MessageV0):
        tables = len(message.address_table_lookups)
        for lookup in message.address_table_lookups:
            table = _read_table(read(lookup.account_key), slot)
            loaded_writable += table.pick(lookup.writable_indexes)
            loaded_readonly += table.pick(lookup.readonly_indexes)
            needs_slot_hashes |= table.is_deactivating
        writable += range(len(keys), len(keys) + len(loaded_writable))
        keys += loaded_writable
        keys += loaded_readonly
    return Resolved(keys, writable, loaded_writable, loaded_readonly, needs_slot_hashes, tables)


def _static_writable(message: Message | MessageV0 | MessageV1) -> list[int]:
    """The accounts that a message itself names, not a lookup table, and locks for writing."""
    header, count = message.header, len(message.account_keys)
    signed = header.num_required_signatures
    first_readonly = count - header.num_readonly_unsigned_accounts
    return [*range(signed - header.num_readonly_signed_accounts), *range(signed, first_readonly)]


@dataclass(slots=True)
class _Table:
    data: bytes
    usable: int
    is_deactivating: bool

    def pick(self, indexes: bytes) -> list[Pubkey]:
        if indexes and max(indexes) >= self.usable:
            raise Unsanitary("InvalidAddressLookupTableIndex")
        starts = (_TABLE_HEADER_BYTES + 32 * index for index in indexes)
        return [Pubkey.from_bytes(self.data[start : start + 32]) for start in starts]


def _read_table(account: Account | None, slot: int) -> _Table:
    if account is None:
        raise Unsanitary("AddressLookupTableNotFound")
    if account.owner != ADDRESS_LOOKUP_TABLE:
        raise Unsanitary("InvalidAddressLookupTableOwner")
    data = account.data
    if len(data) < _TABLE_HEADER_BYTES or data[0] != 1:
        raise Unsanitary("InvalidAddressLookupTableData")
    extended_slot = int.from_bytes(data[12:20], "little")
    # Addresses become usable in the slot after the one that added them.
    usable = (len(data) - _TABLE_HEADER_BYTES) // 32 if slot > extended_slot else data[20]
    return _Table(data, usable, int.from_bytes(data[4:12], "little") != _NOT_DEACTIVATED)


def signatures_hold(tx: VersionedTransaction) -> bool:
    """Whether every required signature is there and verifies."""
    try:
        return all(tx.verify_with_results())
    except ValueError:
        return False


def nonce_index(tx: VersionedTransaction, read: Callable[[Pubkey], Account | None]) -> int | None:
    """Where the durable nonce account of `tx` stands among its keys, or None when it does not live by one.

    It does when its first instruction advances a writable nonce that holds the blockhash that `tx` names, and
    the nonce's authority signs that instruction.
    """
    if not tx.uses_durable_nonce():
        return None
    message = tx.message
    accounts = message.instructions[0].accounts
    if not accounts or accounts[0] not in _static_writable(message):
        return None
    account = read(message.account_keys[accounts[0]])
    if account is None or account.owner != Pubkey.default() or len(account.data) != _NONCE_BYTES:
        return None
    data, signed = account.data, message.header.num_required_signatures
    signers = [bytes(message.account_keys[index]) for index in accounts if index < signed]
    is_ours = data[_NONCE_VALUE] == bytes(message.recent_blockhash) and data[_NONCE_AUTHORITY] in signers
    return int(accounts[0]) if is_ours else None


def advanced_nonce(account: Account, blockhash: Hash) -> Account:
    """A nonce account after its nonce moved on to the one that `blockhash` gives."""
    data = bytearray(account.data)
    data[_NONCE_VALUE] = bytes(Hash.hash(b"DURABLE_NONCE" + bytes(blockhash)))
    return Account(account.lamports, bytes(data), account.owner, account.executable, account.rent_epoch)
