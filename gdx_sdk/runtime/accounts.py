"""Bases of generated accounts: discriminator checks, fetching, filters and columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from struct import Struct as Packer
from textwrap import indent
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from solders.pubkey import Pubkey

from gdx_sdk.errors import CodecError
from gdx_sdk.runtime.codecs import PUBKEY
from gdx_sdk.runtime.columns import Window, table, whole, window
from gdx_sdk.runtime.filters import MemcmpFilter
from gdx_sdk.runtime.records import Struct, compiled, converters, filling, twin, values_of
from gdx_sdk.runtime.source import AccountSource, account_data, accounts_data

if TYPE_CHECKING:
    import numpy as np

_CLOSED = b"\xff" * 8


class Account(Struct):
    """An account of a program: its discriminator, then its fields.

    A Borsh account may be followed by bytes of no meaning (space kept for growth, or what a longer value
    left behind), so these are ignored; a fixed layout (``FixedAccount``) allows only zeros there.
    """

    __slots__ = ()
    DISCRIMINATOR: ClassVar[bytes] = b""
    PROGRAM_ID: ClassVar[Pubkey | None] = None
    OFFSETS: ClassVar[Mapping[str, int]]

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the account these bytes hold.

        Raises CodecError when the discriminator is another's (both are shown), when the data ends too
        early, or when a value is malformed.
        """
        check_discriminator(cls, data)
        values, _ = cls.LAYOUT.read(data, len(cls.DISCRIMINATOR))
        return cast(Self, cast(Any, cls)(*values))

    def encode(self) -> bytes:
        """Return the account's bytes, discriminator included; CodecError names what does not fit."""
        return self.DISCRIMINATOR + self.LAYOUT.encode(*values_of(self))

    @classmethod
    def decode_many(cls, datas: Iterable[bytes]) -> list[Self]:
        """Decode each account's bytes, in order; the first one that is not such an account raises."""
        decode = cls.decode
        return [decode(data) for data in datas]

    @classmethod
    async def fetch(
        cls,
        client: AccountSource,
        address: Pubkey,
        *,
        commitment: Any = None,
        program_id: Pubkey | None = None,
    ) -> Self | None:
        """Read one account; ``None`` when there is none at that address.

        ``client`` is a ``solana.rpc.async_api.AsyncClient`` or anything with its ``get_account_info``.
        Raises CodecError when the account belongs to another program or is of another type.
        """
        data = await account_data(client, address, program_id or cls.PROGRAM_ID, commitment)
        return None if data is None else cls.decode_at(address, data)

    @classmethod
    async def fetch_multiple(
        cls,
        client: AccountSource,
        addresses: Sequence[Pubkey],
        *,
        commitment: Any = None,
        program_id: Pubkey | None = None,
    ) -> list[Self | None]:
        """Read many accounts, 100 per call; ``None`` where there is no account. Errors as ``fetch``."""
        datas = await accounts_data(client, addresses, program_id or cls.PROGRAM_ID, commitment)
        pairs = zip(addresses, datas, strict=True)
        return [None if data is None else cls.decode_at(address, data) for address, data in pairs]

    @classmethod
    def decode_at(cls, address: Pubkey, data: bytes) -> Self:
        """As ``decode``; the CodecError names the account's address too."""
        try:
            return cls.decode(data)
        except CodecError as error:
            raise CodecError(f"account {address}: {error.field}", error.value, error.rule) from error

    @classmethod
    def memcmp(cls, field: str, value: object) -> MemcmpFilter:
        """A filter for ``getProgramAccounts``: accounts whose ``field`` holds ``value``.

        A dotted path reaches into a nested record. Raises KeyError for an unknown field or one whose
        offset is not fixed, CodecError for a value that does not fit.
        """
        record: Any = cls
        offset = 0
        *path, last = field.split(".")
        for name in path:
            offset += record.LAYOUT.offsets[name]
            record = record.LAYOUT.field(name).codec
        offset += record.LAYOUT.offsets[last]
        codec = record.LAYOUT.field(last).codec
        raw = codec.encode(value) if not isinstance(codec, type) else cast(Any, value).encode()
        return MemcmpFilter(offset, raw)

    @classmethod
    def discriminator_filter(cls) -> MemcmpFilter:
        """A filter for ``getProgramAccounts``: accounts of this type."""
        return MemcmpFilter(0, cls.DISCRIMINATOR)


class FixedAccount(Account):
    """An account of one size. Its keys become ``Pubkey`` objects when they are first looked at."""

    __slots__ = ()
    SIZE: ClassVar[int] = 0

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the account these bytes hold.

        Raises CodecError when the discriminator is another's (both are shown), when the data is short,
        when anything but zeros follows the account, or when a value is malformed.
        """
        _compile_decoders(cls)
        return cls.decode(data)

    @classmethod
    def decode_many(cls, datas: Iterable[bytes]) -> list[Self]:
        """Decode each account's bytes, in order; the first one that is not such an account raises."""
        _compile_decoders(cls)
        return cls.decode_many(datas)

    @classmethod
    def dtype(cls) -> np.dtype[np.void]:
        """The numpy dtype of one account's data, discriminator included (needs numpy)."""
        return whole(cls).dtype()

    @classmethod
    def columns(
        cls, datas: Iterable[bytes] | bytes | bytearray | memoryview
    ) -> np.ndarray[Any, np.dtype[np.void]]:
        """Many accounts' data as one numpy array, a column per field (needs numpy).

        `datas` is each account's data, or all of it in one piece, which is not copied. Raises CodecError when
        an account's length or discriminator is not this type's.
        """
        return table(cls, datas)

    @classmethod
    def window(cls, *fields: str) -> Window:
        """The part of the account that holds `fields`, for a scan that reads only that.

        Raises InputError for an unknown field or for none.
        """
        return window(cls, fields)


def check_discriminator(cls: type[Account], data: bytes) -> None:
    """Raise CodecError, showing both discriminators, when the data is not an account of this type."""
    expected = cls.DISCRIMINATOR
    found = bytes(data[: len(expected)])
    if found == expected:
        return
    name = f"{cls.__name__}.discriminator"
    if len(found) < len(expected):
        raise CodecError(name, found.hex(), f"must be {expected.hex()}, but the data has {len(data)} bytes")
    if found == _CLOSED[: len(found)] and len(found) == 8:
        raise CodecError(name, found.hex(), f"must be {expected.hex()}; this account has been closed")
    raise CodecError(name, found.hex(), f"must be {expected.hex()}; this is an account of another type")


def _checked(cls: type[FixedAccount], data: bytes) -> bytes:
    """Return the data as bytes when it is an account of this type and size, zeros may follow."""
    check_discriminator(cls, data)
    size = cls.SIZE
    if len(data) < size:
        raise CodecError(f"{cls.__name__}.data", f"{len(data)} bytes", f"must be {size} bytes")
    if any(data[size:]) or (not cls.DISCRIMINATOR and len(data) != size):
        raise CodecError(
            f"{cls.__name__}.data",
            f"{len(data)} bytes",
            f"must be {size} bytes; other data follows the account",
        )
    return bytes(data[:size])


def _compile_decoders(cls: type[FixedAccount]) -> None:
    """Give the class its own ``decode`` and ``decode_many``, unless it has them.

    One ``struct`` call reads the discriminator and every field of data that is as it should be; all else goes
    the slow way, which finds out what is wrong, or that only zeros follow the account.
    """
    if "decode" in cls.__dict__:
        return
    run, start = cls.LAYOUT.run, cls.LAYOUT.start
    keys = [field.name for field in run.fields if field.codec is PUBKEY]
    scope: dict[str, Any] = {
        "checked": _checked,
        "cls": cls,
        "discriminator": cls.DISCRIMINATOR,
        "layout": cls.LAYOUT,
        "twin": twin(cls),
        "unpack": Packer(f"<{start}s{run.format}").unpack,
    }
    for name in keys:
        if not isinstance(cls.__dict__[name], property):
            setattr(cls, name, _lazy_key(cls.__dict__[name]))
    attempt = (
        f"  try:\n{filling(run.fields, 'unpack(data)', keys, before='found, ')}"
        "  except refusals:\n    found = None\n"
        "  if found == discriminator:\n    record.__class__ = cls\n"
        "  else:\n    record = slowly(data)\n"
    )
    source = (
        "def slowly(data):\n  data = checked(cls, data)\n"
        f"  try:\n{filling(run.fields, 'unpack(data)', keys, before='_, ')}"
        f"  except refusals:\n    layout.read(data, {start})\n    raise\n"
        "  record.__class__ = cls\n  return record\n"
        f"def decode(data):\n{attempt}  return record\n"
        f"def decode_many(datas):\n  records = []\n  for data in datas:\n{indent(attempt, '  ')}"
        "    records.append(record)\n  return records\n"
    )
    made = compiled(source, cls.__name__, scope | converters(run.fields))
    cast(Any, cls).decode_many, cast(Any, cls).decode = map(
        staticmethod, (made["decode_many"], made["decode"])
    )


def _lazy_key(slot: Any) -> property:
    """A property over a slot that holds a key, or the key's bytes until someone looks at it."""
    get, put, make = slot.__get__, slot.__set__, Pubkey.from_bytes

    def key(record: FixedAccount) -> Any:
        value = get(record)
        if type(value) is bytes:
            value = make(value)
            put(record, value)
        return value

    return property(key, put)
