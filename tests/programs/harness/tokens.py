"""Mints and token accounts of both token programs, planted as bytes."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from solders.pubkey import Pubkey

if TYPE_CHECKING:
    from .chain import Chain

TOKEN = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
TOKEN_2022 = Pubkey.from_string("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")
OTHER_TOKEN_PROGRAM = {
    TOKEN: (TOKEN_2022, "runtime.IncorrectProgramId"),
    TOKEN_2022: (TOKEN, "runtime.ExternalAccountDataModified"),
}
"""For each token program the other one, and what stops that from touching an account of the first."""
USDT = 10**6
"""Atoms in one unit of the quote token."""

_ACCOUNT_BYTES = 165
_KIND_MINT, _KIND_ACCOUNT = b"\1", b"\2"
_NONE = bytes(36)


def put_mint(
    chain: Chain,
    program: Pubkey = TOKEN,
    *,
    decimals: int = 6,
    extensions: bytes = b"",
    key: Pubkey | None = None,
) -> Pubkey:
    """A mint without freeze authority; `extensions` are Token-2022's type, length and value entries."""
    authority = bytes(chain.new_key())
    data = struct.pack("<I32sQBB", 1, authority, 10**18, decimals, 1) + _NONE
    if extensions:
        data = data.ljust(_ACCOUNT_BYTES, b"\0") + _KIND_MINT + extensions
    return chain.put(key or chain.new_key(), data, program)


def extension(kind: int, value: bytes) -> bytes:
    """One Token-2022 extension as it stands in a mint or an account."""
    return struct.pack("<HH", kind, len(value)) + value


def put_token(
    chain: Chain,
    mint: Pubkey,
    owner: Pubkey,
    amount_atoms: int = 0,
    program: Pubkey = TOKEN,
    *,
    delegate: Pubkey | None = None,
    delegated_atoms: int = 0,
    is_frozen: bool = False,
    extensions: bytes = b"",
    key: Pubkey | None = None,
) -> Pubkey:
    """A token account."""
    option = struct.pack("<I", 1) + bytes(delegate) if delegate else _NONE
    state = 2 if is_frozen else 1
    data = bytes(mint) + bytes(owner) + struct.pack("<Q", amount_atoms) + option
    data += bytes([state]) + bytes(12) + struct.pack("<Q", delegated_atoms) + _NONE
    if extensions:
        data += _KIND_ACCOUNT + extensions
    return chain.put(key or chain.new_key(), data, program)


def amount_of(chain: Chain, token: Pubkey) -> int:
    """Atoms in a token account."""
    return int.from_bytes(chain.data(token)[64:72], "little")


def set_amount(chain: Chain, token: Pubkey, amount_atoms: int) -> None:
    """Change a balance past the token program."""
    _patch(chain, token, 64, struct.pack("<Q", amount_atoms))


def delegation_of(chain: Chain, token: Pubkey) -> tuple[Pubkey | None, int]:
    """Delegate and delegated atoms of a token account."""
    data = chain.data(token)
    delegate = Pubkey.from_bytes(data[76:108]) if data[72] else None
    return delegate, int.from_bytes(data[121:129], "little")


def set_delegation(chain: Chain, token: Pubkey, delegate: Pubkey | None, delegated_atoms: int) -> None:
    """What the owner could do with the token program's own Approve and Revoke."""
    option = struct.pack("<I", 1) + bytes(delegate) if delegate else _NONE
    _patch(chain, token, 72, option)
    _patch(chain, token, 121, struct.pack("<Q", delegated_atoms))


def freeze(chain: Chain, token: Pubkey) -> None:
    """Freeze a token account."""
    _patch(chain, token, 108, b"\2")


def _patch(chain: Chain, key: Pubkey, at: int, value: bytes) -> None:
    account = chain.account(key)
    assert account is not None
    data = bytearray(account.data)
    data[at : at + len(value)] = value
    chain.put(key, bytes(data), account.owner)
