"""Borsh codecs: one object per wire type, fixed sizes on ``struct``, the rest hand-rolled.

A codec reads a value at an offset and answers with the value and the offset after it, and appends a
value to a ``bytearray``. Codecs of a fixed size also say how ``struct`` sees them (``FORMAT``) and how
the raw ``struct`` value becomes the Python one, so that a layout unpacks a whole record in one call.
Everything is little-endian, as Borsh and Solana programs are.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any, Generic, Protocol, TypeVar

from solders.pubkey import Pubkey

from gdx_sdk.errors import CodecError

T = TypeVar("T")
E = TypeVar("E", bound=IntEnum)

MAX_EMPTY_ITEMS = 2**20
"""Items of a vec that take no bytes: no data limits their count, which must not fill the memory either."""


class Wire(Protocol[T]):
    """Anything that reads and writes itself: a codec object or a generated record class."""

    def read(self, data: bytes, at: int, /) -> tuple[T, int]: ...
    def write(self, value: T, out: bytearray, /) -> None: ...


class Codec(Generic[T]):
    """One wire type. ``SIZE`` is its length in bytes, ``None`` when that depends on the value."""

    SIZE: int | None = None

    def read(self, data: bytes, at: int) -> tuple[T, int]:
        """Return the value that starts at byte ``at`` and the offset after it, or raise CodecError."""
        raise NotImplementedError

    def write(self, value: T, out: bytearray) -> None:
        """Append the value's bytes, or raise CodecError when it does not fit the type."""
        raise NotImplementedError

    def decode(self, data: bytes) -> T:
        """Return the value these bytes are, all of them; CodecError when short or trailing."""
        value, end = self.read(data, 0)
        if end != len(data):
            raise CodecError(
                "data", f"{len(data)} bytes", f"the value ends at byte {end}; nothing may follow"
            )
        return value

    def encode(self, value: T) -> bytes:
        """Return the value's bytes, or raise CodecError when it does not fit the type."""
        out = bytearray()
        self.write(value, out)
        return bytes(out)


class FixedCodec(Codec[T]):
    """A type of one size: ``struct`` reads it as ``format``, two functions convert where needed."""

    SIZE: int

    def __init__(
        self,
        name: str,
        format: str,
        numpy: Any,
        from_raw: Callable[[Any], T] | None = None,
        to_raw: Callable[[T], Any] | None = None,
    ) -> None:
        self.name, self.FORMAT, self._numpy = name, format, numpy
        self.from_raw, self.to_raw = from_raw, to_raw
        self._struct = struct.Struct("<" + format)
        self.SIZE = self._struct.size

    def read(self, data: bytes, at: int) -> tuple[T, int]:
        try:
            (raw,) = self._struct.unpack_from(data, at)
        except struct.error:
            raise short(self.name, self.SIZE, data, at) from None
        return (raw if self.from_raw is None else self.from_raw(raw)), at + self.SIZE

    def write(self, value: T, out: bytearray) -> None:
        raw = value if self.to_raw is None else self.to_raw(value)
        try:
            out += self._struct.pack(raw)
        except (struct.error, OverflowError) as error:
            raise CodecError(self.name, value, f"does not fit: {error}") from None

    def numpy_type(self) -> Any:
        """The numpy type of one value (anything ``numpy.dtype`` accepts)."""
        return self._numpy() if callable(self._numpy) else self._numpy


def short(name: str, size: int, data: bytes, at: int) -> CodecError:
    """The error for data that ends too early."""
    left = max(len(data) - at, 0)
    return CodecError(
        name, f"{left} bytes left", f"needs {size} bytes at offset {at}; the data ends too early"
    )


class _Bools(dict[int, bool]):
    """0 and 1 by lookup: quicker than a branch, and any other byte is an error as Borsh demands."""

    def __missing__(self, raw: object) -> bool:
        raise CodecError("bool", raw, "must be 0 or 1")


def _wide(bits: int, signed: bool) -> FixedCodec[int]:
    name, size = f"{'i' if signed else 'u'}{bits}", bits // 8

    def from_raw(raw: bytes) -> int:
        return int.from_bytes(raw, "little", signed=signed)

    def to_raw(value: int) -> bytes:
        try:
            return value.to_bytes(size, "little", signed=signed)
        except (OverflowError, AttributeError):
            raise CodecError(name, value, f"must be an integer that fits {bits} bits") from None

    return FixedCodec(name, f"{size}s", ("<u8", (bits // 64,)), from_raw, to_raw)


def _key_bytes(value: Pubkey) -> bytes:
    if type(value) is not Pubkey:
        raise CodecError("pubkey", value, "must be a solders Pubkey")
    return bytes(value)


BOOLS = _Bools({0: False, 1: True})

U8: FixedCodec[int] = FixedCodec("u8", "B", "u1")
I8: FixedCodec[int] = FixedCodec("i8", "b", "i1")
U16: FixedCodec[int] = FixedCodec("u16", "H", "<u2")
I16: FixedCodec[int] = FixedCodec("i16", "h", "<i2")
U32: FixedCodec[int] = FixedCodec("u32", "I", "<u4")
I32: FixedCodec[int] = FixedCodec("i32", "i", "<i4")
U64: FixedCodec[int] = FixedCodec("u64", "Q", "<u8")
I64: FixedCodec[int] = FixedCodec("i64", "q", "<i8")
U128 = _wide(128, False)
I128 = _wide(128, True)
U256 = _wide(256, False)
I256 = _wide(256, True)
F32: FixedCodec[float] = FixedCodec("f32", "f", "<f4")
F64: FixedCodec[float] = FixedCodec("f64", "d", "<f8")
BOOL: FixedCodec[bool] = FixedCodec("bool", "B", "?", BOOLS.__getitem__, BOOLS.__getitem__)
PUBKEY: FixedCodec[Pubkey] = FixedCodec("pubkey", "32s", "V32", Pubkey.from_bytes, _key_bytes)


def fixed_bytes(size: int) -> FixedCodec[bytes]:
    """``[u8; size]`` as ``bytes``; exactly that many, because ``struct`` alone would pad or cut."""

    def exactly(value: bytes) -> bytes:
        if not isinstance(value, (bytes, bytearray, memoryview)) or len(value) != size:
            raise CodecError(f"[u8; {size}]", value, f"must be exactly {size} bytes")
        return bytes(value)

    return FixedCodec(f"[u8; {size}]", f"{size}s", ("u1", (size,)), None, exactly)


def unit_enum(kind: type[E], size: int = 1) -> FixedCodec[E]:
    """An enum without data: its variant's number in ``size`` bytes; an unknown number is an error."""
    known = f"must be a {kind.__name__}: 0 to {len(kind) - 1}"

    class Tags(dict[int, E]):
        def __missing__(self, raw: object) -> E:
            raise CodecError(kind.__name__, raw, known)

    lookup = Tags({int(member): member for member in kind}).__getitem__
    return FixedCodec(kind.__name__, {1: "B", 2: "H", 4: "I"}[size], f"<u{size}", lookup, lookup)


class _Bytes(Codec[bytes]):
    def read(self, data: bytes, at: int) -> tuple[bytes, int]:
        count, at = U32.read(data, at)
        if at + count > len(data):
            raise short("bytes", count, data, at)
        return bytes(data[at : at + count]), at + count

    def write(self, value: bytes, out: bytearray) -> None:
        if not isinstance(value, (bytes, bytearray, memoryview)):
            raise CodecError("bytes", value, "must be bytes")
        U32.write(len(value), out)
        out += value


class _String(Codec[str]):
    def read(self, data: bytes, at: int) -> tuple[str, int]:
        raw, end = BYTES.read(data, at)
        return _text(raw), end

    def write(self, value: str, out: bytearray) -> None:
        BYTES.write(_utf8(value), out)


class _TailString(Codec[str]):
    """UTF-8 up to the end of the data without a length, as the SPL token program takes text."""

    def read(self, data: bytes, at: int) -> tuple[str, int]:
        return _text(bytes(data[at:])), len(data)

    def write(self, value: str, out: bytearray) -> None:
        out += _utf8(value)


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise CodecError("string", raw, f"must be UTF-8: {error.reason} at byte {error.start}") from None


def _utf8(value: str) -> bytes:
    if not isinstance(value, str):
        raise CodecError("string", value, "must be a str")
    try:
        return value.encode()
    except UnicodeEncodeError as error:
        raise CodecError("string", value, f"must be encodable as UTF-8: {error.reason}") from None


BYTES = _Bytes()
STRING = _String()
TAIL_STRING = _TailString()


class _Vec(Codec[tuple[T, ...]]):
    def __init__(self, item: Wire[T]) -> None:
        self.item = item

    def read(self, data: bytes, at: int) -> tuple[tuple[T, ...], int]:
        count, at = U32.read(data, at)
        # A corrupt count must not start a loop of four thousand million: every item but an empty one
        # takes at least a byte.
        if getattr(self.item, "SIZE", None) == 0:
            if count > MAX_EMPTY_ITEMS:
                raise CodecError("vec", f"count {count}", f"must be at most {MAX_EMPTY_ITEMS} empty items")
            return (self.item.read(data, at)[0],) * count, at
        if count > len(data) - at:
            raise CodecError("vec", f"count {count}", f"only {len(data) - at} bytes follow at offset {at}")
        return _read_items(self.item, count, data, at)

    def write(self, value: Sequence[T], out: bytearray) -> None:
        U32.write(len(value), out)
        for item in value:
            self.item.write(item, out)


class _DynamicArray(Codec[tuple[T, ...]]):
    def __init__(self, item: Wire[T], count: int) -> None:
        self.item, self.count = item, count

    def read(self, data: bytes, at: int) -> tuple[tuple[T, ...], int]:
        return _read_items(self.item, self.count, data, at)

    def write(self, value: Sequence[T], out: bytearray) -> None:
        _check_count(value, self.count)
        for item in value:
            self.item.write(item, out)


def _read_items(item: Wire[T], count: int, data: bytes, at: int) -> tuple[tuple[T, ...], int]:
    values = []
    for _ in range(count):
        value, at = item.read(data, at)
        values.append(value)
    return tuple(values), at


def _check_count(value: Sequence[Any], count: int) -> None:
    if len(value) != count:
        raise CodecError("array", f"{len(value)} items", f"must have exactly {count}")


def vec(item: Wire[T]) -> Codec[tuple[T, ...]]:
    """``Vec<T>``: a u32 count, then the items. Decodes to a tuple; encodes any sequence."""
    return _Vec(item)


def array(item: Wire[T], count: int) -> Codec[tuple[T, ...]]:
    """``[T; count]``: the items, nothing else. Decodes to a tuple; encodes any sequence of that length."""
    size: int | None = getattr(item, "SIZE", None)
    if size is None:
        return _DynamicArray(item, count)
    if isinstance(item, FixedCodec) and item.from_raw is None and item.to_raw is None:
        return _plain_array(item, count)

    def from_raw(raw: bytes) -> tuple[T, ...]:
        return _read_items(item, count, raw, 0)[0]

    def to_raw(value: Sequence[T]) -> bytes:
        _check_count(value, count)
        out = bytearray()
        for entry in value:
            item.write(entry, out)
        return bytes(out)

    return FixedCodec("array", f"{size * count}s", lambda: (numpy_type(item), (count,)), from_raw, to_raw)


def _plain_array(item: FixedCodec[T], count: int) -> FixedCodec[tuple[T, ...]]:
    """An array of plain numbers, in one ``struct`` call."""
    packer = struct.Struct(f"<{count}{item.FORMAT}") if len(item.FORMAT) == 1 else None
    if packer is None:
        raise TypeError(f"{item.name} is not a plain number")

    def to_raw(value: Sequence[T]) -> bytes:
        _check_count(value, count)
        try:
            return packer.pack(*value)
        except (struct.error, OverflowError) as error:
            raise CodecError(f"[{item.name}; {count}]", value, f"does not fit: {error}") from None

    return FixedCodec(
        f"[{item.name}; {count}]", f"{packer.size}s", (item.numpy_type(), (count,)), packer.unpack, to_raw
    )


def numpy_type(wire: Any) -> Any:
    """The numpy type of a codec or of a record class of a fixed size."""
    return wire.numpy_type()


class _Deferred(Codec[T]):
    def __init__(self, find: Callable[[], Wire[T]]) -> None:
        self.find = find

    def read(self, data: bytes, at: int) -> tuple[T, int]:
        try:
            return self.find().read(data, at)
        except RecursionError:  # only here can a type contain itself, as often as the data say
            raise CodecError("data", f"offset {at}", "values are nested too deeply to be read") from None

    def write(self, value: T, out: bytearray) -> None:
        try:
            self.find().write(value, out)
        except RecursionError:
            raise CodecError("value", type(value).__name__, "is nested too deeply to be written") from None


def deferred(find: Callable[[], Wire[T]]) -> Codec[T]:
    """A type that is not defined yet: for types that refer to themselves through a vec or an option."""
    return _Deferred(find)
