"""IDLs that programs publish on chain: Anchor's own IDL account, and the Program Metadata program's.

Layouts: Anchor's `idl.rs` (up to 0.32) and `state/header.rs` of solana-program/program-metadata.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from gdx_sdk.errors import AccountNotFound, CodecError
from gdx_sdk.idlgen.files import write_atomically

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

    from gdx_sdk.runtime import AccountSource

METADATA_PROGRAM: Final = "ProgM6JCCvbYkfKqJYHePx4xxSUSqJp7rh8Lyv7nk7S"
MAX_TEXT_BYTES: Final = 10 * 2**20
"""An inflated IDL may not be larger: as much as an account can hold."""

Origin = Literal["anchor", "program-metadata"]

# The first eight bytes of sha256("internal:IdlAccount").
_ANCHOR_DISCRIMINATOR = bytes.fromhex("184662bf3a907b9e")
_ANCHOR_HEAD = 8 + 32 + 4  # discriminator, authority, length
_METADATA_HEAD = 96
_METADATA, _EXTERNAL_LENGTH = 2, 40
_DIRECT, _URL, _EXTERNAL = range(3)
_ZLIB, _GZIP = 15, 31  # what zlib calls the two formats
_COMPRESSIONS = {0: None, 1: _GZIP, 2: _ZLIB}
_ENCODINGS = range(4)  # none, utf8, base58, base64: how a tool shows the bytes; stored are the bytes
_FORMATS = {0: "none", 1: "JSON", 2: "YAML", 3: "TOML"}
_JSON_FORMATS = (0, 1)


@dataclass(frozen=True, slots=True)
class PublishedIdl:
    """An IDL as a program published it: where it was found, by which convention, and its JSON text."""

    program_id: Pubkey
    address: Pubkey
    origin: Origin
    text: str

    @property
    def document(self) -> dict[str, Any]:
        """The parsed JSON."""
        return dict(json.loads(self.text))

    def save(self, path: str | Path) -> None:
        """Write the text as it was published; OSError when that is not possible."""
        write_atomically(Path(path), self.text.encode())


def anchor_idl_address(program_id: Pubkey) -> Pubkey:
    """Where Anchor up to 0.32 keeps a program's IDL: `"anchor:idl"` below the program's seedless address."""
    from solders.pubkey import Pubkey

    base, _ = Pubkey.find_program_address([], program_id)
    return Pubkey.create_with_seed(base, "anchor:idl", program_id)


def metadata_idl_address(program_id: Pubkey) -> Pubkey:
    """Where the Program Metadata program keeps the IDL that the program's own authority published."""
    from solders.pubkey import Pubkey

    seeds = [bytes(program_id), b"idl".ljust(16, b"\0")]
    return Pubkey.find_program_address(seeds, Pubkey.from_string(METADATA_PROGRAM))[0]


async def fetch_idl(source: AccountSource, program_id: Pubkey) -> PublishedIdl:
    """The IDL that a program publishes; the Program Metadata program's account before Anchor's.

    Raises `AccountNotFound` when there is neither account, `CodecError` naming what is wrong with one:
    another owner, another type, truncated, not inflatable, larger than `MAX_TEXT_BYTES`, not a JSON object;
    also what the source raises.
    """
    places = [metadata_idl_address(program_id), anchor_idl_address(program_id)]
    metadata, anchor = map(_unless_empty, (await source.get_multiple_accounts(places)).value)
    if metadata is not None:
        _require_owner("metadata account", metadata.owner, METADATA_PROGRAM)
        data = await _metadata_bytes(source, bytes(metadata.data), program_id)
        return PublishedIdl(program_id, places[0], "program-metadata", _json_text(data))
    if anchor is not None:
        _require_owner("Anchor IDL account", anchor.owner, str(program_id))
        return PublishedIdl(program_id, places[1], "anchor", _json_text(_anchor_bytes(bytes(anchor.data))))
    missing = f"IDL of the Program Metadata program at {places[0]}, and no Anchor IDL"
    raise AccountNotFound(missing, places[1])


def _unless_empty(account: Any) -> Any:
    """Anyone can send lamports to an address; that alone makes no IDL account, and must not hide one."""
    return account if account is not None and bytes(account.data) else None


def _require_owner(what: str, owner: Pubkey, expected: str) -> None:
    if str(owner) != expected:
        raise CodecError(f"{what}.owner", str(owner), f"must be {expected}")


def _anchor_bytes(data: bytes) -> bytes:
    what = "Anchor IDL account"
    _require_length(what, data, _ANCHOR_HEAD)
    if data[:8] != _ANCHOR_DISCRIMINATOR:
        rule = f"must be {_ANCHOR_DISCRIMINATOR.hex()}, that of an IDL account"
        raise CodecError(f"{what}.discriminator", data[:8].hex(), rule)
    length = int.from_bytes(data[40:44], "little")
    _require_length(what, data, _ANCHOR_HEAD + length)
    return _inflate(data[_ANCHOR_HEAD : _ANCHOR_HEAD + length], _ZLIB)


async def _metadata_bytes(source: AccountSource, data: bytes, program_id: Pubkey) -> bytes:
    from solders.pubkey import Pubkey

    what = "metadata account"
    _require_length(what, data, _METADATA_HEAD)
    if data[0] != _METADATA:
        raise CodecError(f"{what}.discriminator", data[0], f"must be {_METADATA}, that of metadata")
    if data[1:33] != bytes(program_id):
        raise CodecError(f"{what}.program", str(Pubkey.from_bytes(data[1:33])), f"must be {program_id}")
    encoding, compression, format_, data_source = data[83:87]
    if encoding not in _ENCODINGS:
        raise CodecError(f"{what}.encoding", encoding, "must be 0 to 3")
    if compression not in _COMPRESSIONS:
        raise CodecError(f"{what}.compression", compression, "must be 0 (none), 1 (gzip) or 2 (zlib)")
    if format_ not in _JSON_FORMATS:
        raise CodecError(
            f"{what}.format", _FORMATS.get(format_, format_), "must be JSON: it is no Anchor IDL"
        )
    length = int.from_bytes(data[87:91], "little")
    _require_length(what, data, _METADATA_HEAD + length)
    stored = data[_METADATA_HEAD : _METADATA_HEAD + length]
    if data_source == _EXTERNAL:
        stored = await _external_bytes(source, stored)
    elif data_source not in (_DIRECT, _URL):
        raise CodecError(f"{what}.data_source", data_source, "must be 0 (direct), 1 (URL) or 2 (external)")
    window = _COMPRESSIONS[compression]
    content = stored if window is None else _inflate(stored, window)
    if data_source == _URL:
        url = content[:500].decode("utf-8", "replace")
        raise CodecError(
            f"{what}.data_source", url, "is a URL, and only what is on chain is read; download it"
        )
    return content


async def _external_bytes(source: AccountSource, where: bytes) -> bytes:
    """The part of another account that holds the data; length 0 means up to its end."""
    from solders.pubkey import Pubkey

    if len(where) != _EXTERNAL_LENGTH:
        raise CodecError(
            "metadata account.data", f"{len(where)} bytes", "must be 40 bytes that name an account"
        )
    address = Pubkey.from_bytes(where[:32])
    start, length = (int.from_bytes(where[at : at + 4], "little") for at in (32, 36))
    found = (await source.get_account_info(address)).value
    if found is None:
        raise AccountNotFound("account that the IDL's metadata refer to", address)
    data = bytes(found.data)
    _require_length("external account", data, start + length)
    return data[start : start + length] if length else data[start:]


def _require_length(what: str, data: bytes, length: int) -> None:
    if len(data) < length:
        raise CodecError(what, f"{len(data)} bytes", f"is truncated: must have at least {length} bytes")


def _inflate(data: bytes, window: int) -> bytes:
    """Inflate, but never more than ``MAX_TEXT_BYTES``: a few kilobytes can claim to be gigabytes."""
    name = "zlib" if window == _ZLIB else "gzip"
    machine = zlib.decompressobj(window)
    try:
        text = machine.decompress(data, MAX_TEXT_BYTES + 1)
    except zlib.error as error:
        raise CodecError("IDL data", f"{len(data)} bytes", f"is not {name}: {error}") from None
    if len(text) > MAX_TEXT_BYTES:
        raise CodecError("IDL data", f"{len(data)} bytes", f"inflates to more than {MAX_TEXT_BYTES} bytes")
    if not machine.eof:
        raise CodecError("IDL data", f"{len(data)} bytes", f"is truncated: the {name} stream has no end")
    return text


def _json_text(data: bytes) -> str:
    try:
        text = data.decode("utf-8")
        document = json.loads(text)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise CodecError("IDL text", repr(data[:40]), f"is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise CodecError("IDL text", text[:40], "must be a JSON object")
    return text
