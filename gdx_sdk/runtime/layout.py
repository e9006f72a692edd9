"""A record's layout: its fields in order, compiled into runs of ``struct`` and the dynamic rest."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from gdx_sdk.errors import CodecError
from gdx_sdk.runtime.codecs import numpy_type, short

_REFUSALS = (CodecError, struct.error, OverflowError, TypeError, AttributeError)


class Field:
    """One row of a layout, with what ``struct`` and the converters need to know about it."""

    __slots__ = ("codec", "format", "from_raw", "name", "offset", "size", "to_raw")

    def __init__(self, name: str, codec: Any, offset: int | None) -> None:
        self.name, self.codec, self.offset = name, codec, offset
        self.size: int | None = codec.SIZE
        if self.size is None:
            return
        self.format: str = codec.FORMAT
        self.from_raw: Callable[[Any], Any] | None = codec.from_raw
        self.to_raw: Callable[[Any], Any] | None = codec.to_raw


class Run:
    """Neighboring fields of a fixed size: one ``struct`` for all of them."""

    __slots__ = ("fields", "format", "from_raw", "pack", "size", "to_raw", "unpack_from")

    def __init__(self, fields: Sequence[Field], format: str) -> None:
        compiled = struct.Struct("<" + format)
        self.fields, self.format = tuple(fields), format
        self.size, self.pack, self.unpack_from = compiled.size, compiled.pack, compiled.unpack_from
        self.from_raw = [(i, f.from_raw) for i, f in enumerate(fields) if f.from_raw is not None]
        self.to_raw = [(i, f.to_raw) for i, f in enumerate(fields) if f.to_raw is not None]


class Layout:
    """The fields of a record as they lie in bytes.

    Each row is ``(name, codec)`` or ``(name, codec, offset)``; a gap between a field's end and the next
    offset is padding, written as zeros. Offsets count from the start of the account's data, so the first
    row of an account stands at the length of its discriminator (``start`` says it when there is no row).
    ``size`` is given when padding follows the last field.
    """

    def __init__(
        self, *rows: tuple[str, Any] | tuple[str, Any, int], start: int | None = None, size: int | None = None
    ) -> None:
        self.owner = "args"
        self.fields = tuple(Field(row[0], row[1], row[2] if len(row) > 2 else None) for row in rows)
        self.names = tuple(field.name for field in self.fields)
        # attrgetter answers with a tuple only for two names or more
        self.getter = attrgetter(*self.names) if len(self.names) > 1 else None
        first = self.fields[0].offset if self.fields else 0
        self.start = start if start is not None else first or 0
        self.offsets = MappingProxyType({f.name: f.offset for f in self.fields if f.offset is not None})
        self._steps: list[Run | Field] = list(self._compile(size))
        only = self._steps[0]
        self._only = only if len(self._steps) == 1 and isinstance(only, Run) else None
        self.size = None if self._only is None else self._only.size

    def __set_name__(self, owner: type, name: str) -> None:
        self.owner = owner.__name__

    def _compile(self, size: int | None) -> Iterator[Run | Field]:
        run: list[Field] = []
        format, at = "", self.start
        for field in self.fields:
            if field.size is None:
                if format:
                    yield Run(run, format)
                run, format = [], ""
                yield field
                continue
            if field.offset is not None and field.offset != at:
                format += f"{field.offset - at}x"
                at = field.offset
            run.append(field)
            format += field.format
            at += field.size
        if size is not None and size != at:
            format += f"{size - at}x"
        if format or not self.fields:
            yield Run(run, format)

    @property
    def run(self) -> Run:
        """The single run of a fixed layout."""
        assert self._only is not None, f"{self.owner} has no fixed size"
        return self._only

    def read(self, data: bytes, at: int) -> tuple[list[Any], int]:
        """Return every field's value from byte ``at`` on, and the offset after the last."""
        values: list[Any] = []
        for step in self._steps:
            try:
                if isinstance(step, Run):
                    part: list[Any] = list(step.unpack_from(data, at))
                    for index, convert in step.from_raw:
                        part[index] = convert(part[index])
                    values += part
                    at += step.size
                else:
                    value, at = step.codec.read(data, at)
                    values.append(value)
            except (CodecError, struct.error) as error:
                raise self._unreadable(step, data, at, error) from None
        return values, at

    def write(self, values: Sequence[Any], out: bytearray) -> None:
        """Append every field's bytes; CodecError names the field that does not fit."""
        at = 0
        for step in self._steps:
            if isinstance(step, Run):
                count = len(step.fields)
                out += self._pack(step, values[at : at + count])
                at += count
                continue
            try:
                step.codec.write(values[at], out)
            except _REFUSALS as error:
                raise self._unwritable(step.name, values[at], error) from None
            at += 1

    def encode(self, *values: Any) -> bytes:
        """Return the record's bytes, fields in order."""
        if self._only is not None:
            return self._pack(self._only, values)
        out = bytearray()
        self.write(values, out)
        return bytes(out)

    def _pack(self, run: Run, values: Sequence[Any]) -> bytes:
        try:
            raw = values
            if run.to_raw:
                raw = list(values)
                for index, convert in run.to_raw:
                    raw[index] = convert(raw[index])
            return run.pack(*raw)
        except _REFUSALS as error:
            raise self._refused(run, values, error) from None

    def _refused(self, run: Run, values: Sequence[Any], error: Exception) -> CodecError:
        """Find the field that was refused, by trying each on its own."""
        for field, value in zip(run.fields, values, strict=False):
            try:
                struct.pack("<" + field.format, value if field.to_raw is None else field.to_raw(value))
            except _REFUSALS as cause:
                return self._unwritable(field.name, value, cause)
        return self._unwritable("fields", values, error)

    def _unwritable(self, name: str, value: object, error: Exception) -> CodecError:
        if isinstance(error, CodecError):
            return _within(f"{self.owner}.{name}", error)
        return CodecError(f"{self.owner}.{name}", value, f"does not fit: {error}")

    def _unreadable(self, step: Run | Field, data: bytes, at: int, error: Exception) -> CodecError:
        if isinstance(step, Field):
            return _within(f"{self.owner}.{step.name}", error)
        if at + step.size > len(data):
            return short(self.owner, step.size, data, at)
        for field, raw in zip(step.fields, step.unpack_from(data, at), strict=True):
            if field.from_raw is None:
                continue
            try:
                field.from_raw(raw)
            except CodecError as cause:
                return _within(f"{self.owner}.{field.name}", cause)
        return _within(self.owner, error)

    def field(self, name: str) -> Field:
        """The row of that name; KeyError when there is none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    def numpy_type(self) -> dict[str, Any]:
        """What ``numpy.dtype`` needs: names, formats, offsets, item size (offsets as in the rows)."""
        assert self.size is not None
        return {
            "names": list(self.names),
            "formats": [numpy_type(field.codec) for field in self.fields],
            "offsets": [field.offset for field in self.fields],
            "itemsize": self.start + self.size,
        }


def _within(name: str, error: Exception) -> CodecError:
    """The same error, seen from the field it happened in: its path grows outward."""
    if not isinstance(error, CodecError):
        return CodecError(name, "data", str(error))
    _, dot, inner = error.field.partition(".")
    return CodecError(name + dot + inner, error.value, error.rule)
