"""Filters for ``getProgramAccounts``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class MemcmpFilter:
    """Accounts whose data holds ``data`` at byte ``offset``.

    It has the attributes of solana-py's ``MemcmpOpts`` (``offset`` and ``bytes``), so an ``AsyncClient``
    takes it as it is; ``to_solana`` satisfies a type checker too, ``to_rpc`` is the RPC method's JSON.
    """

    offset: int
    data: bytes

    @property
    def bytes(self) -> str:
        """The data in base58, as the RPC method takes it."""
        return base58(self.data)

    def to_solana(self) -> Any:
        """The filter as the installed solana-py's own ``MemcmpOpts``."""
        from importlib import import_module

        try:
            models = import_module("solana.rpc.models")
        except ImportError:  # solana-py before 0.37
            models = import_module("solana.rpc.types")
        return models.MemcmpOpts(offset=self.offset, bytes=self.bytes)

    def to_rpc(self) -> dict[str, Any]:
        """The filter as JSON-RPC takes it."""
        return {"memcmp": {"offset": self.offset, "bytes": self.bytes, "encoding": "base58"}}


def base58(data: bytes) -> str:
    """Bytes in Bitcoin's base58, without a checksum."""
    number, digits = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        digits = _ALPHABET[digit] + digits
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "1" * zeros + digits


def from_base58(text: str) -> bytes:
    """The bytes behind Bitcoin's base58; ValueError for a letter that is none of it."""
    number = 0
    for letter in text:
        number = number * 58 + _ALPHABET.index(letter)
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
