"""Accounts that hold an IDL, as the two conventions lay them out."""

from __future__ import annotations

import gzip
import json
import struct
import zlib
from hashlib import sha256

from solders.pubkey import Pubkey

METADATA_PROGRAM = Pubkey.from_string("ProgM6JCCvbYkfKqJYHePx4xxSUSqJp7rh8Lyv7nk7S")
PROGRAM = Pubkey.from_string("8GnFDsGV4ehaimoscP8BBBFGm6suEdKNRPdLvHpo8Yun")
IDL = {
    "address": str(PROGRAM),
    "metadata": {"name": "shop", "version": "1.0.0", "spec": "0.1.0"},
    "naïve": "🦀",
}
TEXT = json.dumps(IDL, indent=2, ensure_ascii=False)
NONE, GZIP, ZLIB = range(3)
DIRECT, URL, EXTERNAL = range(3)
JSON, YAML = 1, 2


def anchor_place(program: Pubkey = PROGRAM) -> Pubkey:
    """The address, hashed here by hand: base, seed, owner."""
    base, _ = Pubkey.find_program_address([], program)
    return Pubkey.from_bytes(sha256(bytes(base) + b"anchor:idl" + bytes(program)).digest())


def metadata_place(program: Pubkey = PROGRAM) -> Pubkey:
    return Pubkey.find_program_address([bytes(program), b"idl" + bytes(13)], METADATA_PROGRAM)[0]


def anchor_account(text: str | bytes = TEXT, *, spare_bytes: int = 64) -> bytes:
    """Anchor's account: discriminator, authority, length, zlib, and space for a longer IDL."""
    packed = zlib.compress(text if isinstance(text, bytes) else text.encode())
    head = sha256(b"internal:IdlAccount").digest()[:8] + bytes([7] * 32)
    return head + struct.pack("<I", len(packed)) + packed + bytes(spare_bytes)


def pack(text: str | bytes, compression: int) -> bytes:
    data = text if isinstance(text, bytes) else text.encode()
    return {NONE: bytes, GZIP: gzip.compress, ZLIB: zlib.compress}[compression](data)


def metadata_account(
    data: bytes | None = None,
    *,
    program: Pubkey = PROGRAM,
    kind: int = 2,
    encoding: int = 1,
    compression: int = ZLIB,
    format: int = JSON,
    source: int = DIRECT,
    length: int | None = None,
) -> bytes:
    """The Program Metadata program's account: a header of 96 bytes and the data."""
    stored = pack(TEXT, compression) if data is None else data
    head = bytes([kind]) + bytes(program) + bytes([9] * 32) + b"\1\1" + b"idl".ljust(16, b"\0")
    head += bytes([encoding, compression, format, source])
    head += struct.pack("<I", len(stored) if length is None else length) + bytes(5)
    assert len(head) == 96
    return head + stored


def external(address: Pubkey, offset: int = 0, length: int = 0) -> bytes:
    """Where other data are."""
    return bytes(address) + struct.pack("<II", offset, length)
