"""Variable-length integers of the batch payload: LEB128 in minimal form, u64 range, zig-zag for signed
values.
"""

from __future__ import annotations

from gdx_sdk.errors import CodecError, InputError
from gdx_sdk.units import I64_MAX, I64_MIN, U64_MAX

_MAX_BYTES = 10  # ceil(64 / 7)


def varint_length(value: int) -> int:
    """Bytes that `encode_varint(value)` takes."""
    return max((value.bit_length() + 6) // 7, 1)


def encode_varint(value: int) -> bytes:
    """`value` (u64) as LEB128, least significant group first, in the fewest bytes."""
    if not 0 <= value <= U64_MAX:
        raise InputError("varint", value, "must fit in u64")
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def zigzag(value: int) -> int:
    """Signed i64 as u64: 0, −1, 1, −2, … become 0, 1, 2, 3, …"""
    if not I64_MIN <= value <= I64_MAX:
        raise InputError("zigzag", value, "must fit in i64")
    return value * 2 if value >= 0 else -value * 2 - 1


def unzigzag(value: int) -> int:
    """The signed value behind `zigzag`."""
    return value >> 1 if value & 1 == 0 else -(value >> 1) - 1


class PayloadReader:
    """Reads a batch from an offset on; every refusal names the offset and the rule."""

    __slots__ = ("data", "offset")

    def __init__(self, data: bytes, offset: int = 0) -> None:
        self.data, self.offset = data, offset

    def byte(self, field: str) -> int:
        """The next byte."""
        if self.offset >= len(self.data):
            raise malformed(field, self.offset, None, f"data ends after {len(self.data)} bytes")
        self.offset += 1
        return self.data[self.offset - 1]

    def varint(self, field: str) -> int:
        """The next varint; refused when it is not minimal or exceeds u64."""
        start, value = self.offset, 0
        for index in range(_MAX_BYTES):
            byte = self.byte(field)
            value |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                if byte == 0 and index:
                    raise malformed(field, start, value, "varint must be in its shortest form")
                if value > U64_MAX:
                    break
                return value
        raise malformed(field, start, value, "varint must fit in u64")

    def signed(self, field: str) -> int:
        """The next zig-zag varint."""
        return unzigzag(self.varint(field))

    def end(self) -> None:
        """Refuse bytes after the last entry."""
        if self.offset != len(self.data):
            extra = len(self.data) - self.offset
            raise malformed("batch", self.offset, extra, "no bytes may follow the last entry")


def malformed(field: str, offset: int, value: object, rule: str) -> CodecError:
    """The error of a malformed batch: field and byte offset, value, rule."""
    return CodecError(f"{field} at byte {offset}", value, rule)
