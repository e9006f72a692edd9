"""Thousands of accounts as one numpy array: whole ones, or the part that holds a few fields.

Everything here needs numpy (``pip install 'gdx[fast]'``), which is loaded when a function is called.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from gdx_sdk.errors import CodecError, InputError
from gdx_sdk.runtime.codecs import numpy_type
from gdx_sdk.runtime.encoding import decode_base64

if TYPE_CHECKING:
    import numpy as np

    from gdx_sdk.runtime.accounts import FixedAccount

    Table: TypeAlias = np.ndarray[Any, np.dtype[np.void]]


@dataclass(frozen=True, slots=True)
class Window:
    """The bytes of an account that hold some of its fields: what ``dataSlice`` asks a node for."""

    kind: type[FixedAccount]
    fields: tuple[str, ...]
    offset: int
    length: int

    def dtype(self, itemsize: int | None = None) -> np.dtype[np.void]:
        """The fields as they lie in the window; `itemsize` when bytes of no meaning follow it."""
        import numpy

        rows = [self.kind.LAYOUT.field(name) for name in self.fields]
        described = {
            "names": list(self.fields),
            "formats": [numpy_type(row.codec) for row in rows],
            "offsets": [cast(int, row.offset) - self.offset for row in rows],
            "itemsize": itemsize or self.length,
        }
        return cast("np.dtype[np.void]", numpy.dtype(cast(Any, described)))


def window(kind: type[FixedAccount], fields: Sequence[str]) -> Window:
    """The shortest window of `kind` that holds `fields`; `InputError` for an unknown field or for none.

    Its length is a multiple of 3 where the account is long enough, so that its base64 needs no padding.
    """
    unknown = [name for name in fields if name not in kind.LAYOUT.names]
    if unknown or not fields:
        raise InputError("fields", list(fields), f"must be among {', '.join(kind.LAYOUT.names)}")
    rows = [kind.LAYOUT.field(name) for name in fields]
    offset = min(cast(int, row.offset) for row in rows)
    needed = max(cast(int, row.offset) + cast(int, row.size) for row in rows) - offset
    length = min(needed + -needed % 3, kind.SIZE)
    return Window(kind, tuple(fields), min(offset, kind.SIZE - length), length)


def whole(kind: type[FixedAccount]) -> Window:
    """Every field of `kind`, discriminator included."""
    return Window(kind, kind.LAYOUT.names, 0, kind.SIZE)


def table(kind: type[FixedAccount], datas: Iterable[bytes] | bytes | bytearray | memoryview) -> Table:
    """Many whole accounts as one array, a column per field.

    `datas` is each account's data, or all of it in one piece, which is not copied. Raises CodecError when a
    length or a discriminator is not this type's.
    """
    import numpy

    if not isinstance(datas, bytes | bytearray | memoryview):
        pieces = list(datas)
        if any(len(piece) != kind.SIZE for piece in pieces):
            pieces = [kind.decode(piece).encode() for piece in pieces]  # zeros may follow, nothing else
        datas = b"".join(pieces)
    if len(datas) % kind.SIZE:
        rule = f"must be whole accounts of {kind.SIZE} bytes"
        raise CodecError(f"{kind.__name__}.data", f"{len(datas)} bytes", rule)
    check_discriminators(kind, datas, kind.SIZE)
    return numpy.frombuffer(datas, dtype=whole(kind).dtype())


def table_from_base64(part: Window, texts: Sequence[str]) -> Table:
    """The window of each account from its base64, all of them decoded by one call.

    Raises CodecError when a text is not base64 or not of the window's length, and when the window holds the
    discriminator and it is another type's.
    """
    import numpy

    name, padding = part.kind.__name__, -part.length % 3
    stride = part.length + padding
    width = stride // 3 * 4
    rule = f"must be {part.length} bytes in base64, {width} characters"
    if list(map(len, texts)).count(width) != len(texts):
        raise CodecError(name, f"{next(len(text) for text in texts if len(text) != width)} characters", rule)
    joined = bytearray("".join(texts).encode("ascii", "replace"))
    if padding:  # becomes zeros, so that the next text begins where a group of four does
        ends = numpy.frombuffer(joined, "u1").reshape(len(texts), width)[:, width - padding :]
        if (ends != ord("=")).any():
            raise CodecError(name, "no padding at an end", rule)
        ends[:] = ord("A")
    try:
        raw = decode_base64(joined)
    except ValueError as error:
        raise CodecError(name, str(error), rule) from error
    if part.offset == 0 and part.length >= len(part.kind.DISCRIMINATOR):
        check_discriminators(part.kind, raw, stride)
    return numpy.frombuffer(raw, dtype=part.dtype(stride))


def check_discriminators(kind: type[FixedAccount], data: bytes | bytearray | memoryview, stride: int) -> None:
    """Raise CodecError when an account, one every `stride` bytes, is of another type; the first is told."""
    import numpy

    expected = kind.DISCRIMINATOR
    count, size = len(data) // stride, len(expected)
    if not (count and size):
        return
    if size == 8:
        found = numpy.ndarray((count,), "<u8", data, strides=(stride,))
        is_wrong = found != int.from_bytes(expected, "little")
    else:
        square = numpy.frombuffer(data, "u1").reshape(count, stride)[:, :size]
        is_wrong = (square != numpy.frombuffer(expected, "u1")).any(axis=1)
    if is_wrong.any():
        at = int(is_wrong.argmax())
        shown = bytes(data[at * stride : at * stride + size]).hex()
        rule = f"must be {expected.hex()}; this is an account of another type"
        raise CodecError(f"{kind.__name__}[{at}].discriminator", shown, rule)
