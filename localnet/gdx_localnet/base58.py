"""Base58 with Bitcoin's alphabet, for byte strings of any length."""

from __future__ import annotations

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_CHUNK = 10
_CHUNK_BASE = 58**_CHUNK
"""Digits are taken ten at a time: a long division by 58 for each would be quadratic ten times over."""


def encode(raw: bytes) -> str:
    """Base58 text of `raw`."""
    zeros = len(raw) - len(raw.lstrip(b"\0"))
    number = int.from_bytes(raw, "big")
    digits: list[str] = []
    while number:
        number, chunk = divmod(number, _CHUNK_BASE)
        for _ in range(_CHUNK):
            chunk, value = divmod(chunk, 58)
            digits.append(ALPHABET[value])
    return "1" * zeros + "".join(reversed(digits)).lstrip("1")


def decode(text: str) -> bytes | None:
    """The bytes of base58 `text`, or None when a character is not of the alphabet."""
    number = 0
    for character in text:
        value = _VALUE.get(character)
        if value is None:
            return None
        number = number * 58 + value
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def first_foreign(text: str) -> tuple[str, int] | None:
    """The first character outside the alphabet and where it stands."""
    return next(((char, at) for at, char in enumerate(text) if char not in _VALUE), None)
