"""Codecs of values that may be absent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from gdx_sdk.errors import CodecError
from gdx_sdk.runtime.codecs import U8, Codec, FixedCodec, Wire, numpy_type

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Some(Generic[T]):
    """A present value of an option of an option, where a bare ``None`` would be ambiguous."""

    value: T


class _Option(Codec[T | None]):
    def __init__(self, item: Wire[T]) -> None:
        self.item = item

    def read(self, data: bytes, at: int) -> tuple[T | None, int]:
        tag, at = U8.read(data, at)
        if tag == 1:
            return self.item.read(data, at)
        if tag == 0:
            return None, at
        raise CodecError("option", tag, "its tag must be 0 or 1")

    def write(self, value: T | None, out: bytearray) -> None:
        if value is None:
            out.append(0)
        else:
            out.append(1)
            self.item.write(value, out)


class _ExplicitOption(Codec[Some[T] | None]):
    def __init__(self, item: Wire[T]) -> None:
        self.item = item

    def read(self, data: bytes, at: int) -> tuple[Some[T] | None, int]:
        tag, at = U8.read(data, at)
        if tag > 1:
            raise CodecError("option", tag, "its tag must be 0 or 1")
        if tag == 0:
            return None, at
        value, at = self.item.read(data, at)
        return Some(value), at

    def write(self, value: Some[T] | None, out: bytearray) -> None:
        if value is None:
            out.append(0)
            return
        if not isinstance(value, Some):
            raise CodecError("option", value, "an option of an option is None or Some(value)")
        out.append(1)
        self.item.write(value.value, out)


def option(item: Wire[T]) -> Codec[T | None]:
    """``Option<T>``: a byte 0 for None, or 1 and the value."""
    return _Option(item)


def explicit_option(item: Wire[T]) -> Codec[Some[T] | None]:
    """``Option<T>`` of a ``T`` that may be None itself: ``None`` or ``Some(value)``."""
    return _ExplicitOption(item)


def nested_option(item: Wire[T]) -> Codec[Some[T | None] | None]:
    """``Option<Option<T>>`` given ``T``'s codec: ``None``, ``Some(None)`` or ``Some(value)``."""
    return _ExplicitOption(_Option(item))


def coption(item: Wire[T]) -> Codec[T | None]:
    """``COption<T>``: a u32 tag, then the value's bytes always (zeros for None)."""
    size: int | None = getattr(item, "SIZE", None)
    if size is None:
        raise TypeError("COption holds a value of a fixed size")

    def from_raw(raw: bytes) -> T | None:
        tag = int.from_bytes(raw[:4], "little")
        if tag > 1:
            raise CodecError("coption", tag, "its tag must be 0 or 1")
        return item.read(raw, 4)[0] if tag else None

    def to_raw(value: T | None) -> bytes:
        if value is None:
            return bytes(4 + size)
        out = bytearray(b"\1\0\0\0")
        item.write(value, out)
        return bytes(out)

    def numpy() -> Any:
        return [("tag", "<u4"), ("value", numpy_type(item))]

    return FixedCodec("coption", f"{4 + size}s", numpy, from_raw, to_raw)
