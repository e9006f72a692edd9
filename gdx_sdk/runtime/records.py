"""Bases of generated structs and of enums whose variants carry data.

A generated class holds its fields and a ``LAYOUT``; reading and writing live here. For a record of a
fixed size the first read compiles a function for that class, the way ``dataclasses`` compiles
``__init__``: it fills a plain twin of the frozen class slot by slot and then turns it into the frozen
class, which takes a third of the time of a frozen dataclass's own ``__init__``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self, cast

from gdx_sdk.errors import CodecError
from gdx_sdk.runtime.codecs import U8
from gdx_sdk.runtime.layout import Field, Layout

Reader = Callable[[bytes, int], tuple[Any, int]]


class _RecordType(type):
    """Lets a record class of a fixed size stand in a layout like any codec."""

    @property
    def FORMAT(cls) -> str:
        return f"{cast(Any, cls).SIZE}s"

    @property
    def from_raw(cls) -> Callable[[bytes], Any]:
        return cast(Any, cls).decode  # type: ignore[no-any-return]

    @property
    def to_raw(cls) -> Callable[[Any], bytes]:
        def encode(value: Any) -> bytes:
            if not isinstance(value, cls):
                raise CodecError(cls.__name__, value, f"must be a {cls.__name__}")
            return cast(bytes, cast(Any, value).encode())

        return encode


class Struct(metaclass=_RecordType):
    """A record. ``SIZE`` is its length in bytes, ``None`` when that depends on the values."""

    __slots__ = ()
    LAYOUT: ClassVar[Layout]
    SIZE: ClassVar[int | None] = None

    @classmethod
    def read(cls, data: bytes, at: int) -> tuple[Self, int]:
        """Return the record that starts at byte ``at`` and the offset after it, or raise CodecError."""
        if cls.SIZE is None:
            values, at = cls.LAYOUT.read(data, at)
            return cast(Any, cls)(*values), at
        reader = compile_reader(cls)
        cast(Any, cls).read = staticmethod(reader)
        return cast(tuple[Self, int], reader(data, at))

    def write(self, out: bytearray) -> None:
        """Append the record's bytes; CodecError names the field that does not fit."""
        self.LAYOUT.write(values_of(self), out)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the record these bytes are, all of them; CodecError when short or trailing."""
        value, end = cls.read(data, 0)
        if end != len(data):
            raise trailing(cls.__name__, data, end)
        return value

    def encode(self) -> bytes:
        """Return the record's bytes; CodecError names the field that does not fit."""
        return self.LAYOUT.encode(*values_of(self))

    @classmethod
    def numpy_type(cls) -> Any:
        """The numpy dtype of one record; only for records of a fixed size."""
        import numpy

        return numpy.dtype(cast(Any, cls.LAYOUT.numpy_type()))


def trailing(name: str, data: bytes, end: int) -> CodecError:
    """The error for bytes after the end of a record."""
    return CodecError(name, f"{len(data)} bytes", f"the record ends at byte {end}; nothing may follow")


def values_of(record: Struct) -> Sequence[Any]:
    """Every field's value, in the layout's order."""
    layout = record.LAYOUT
    return (
        cast(Sequence[Any], layout.getter(record))
        if layout.getter
        else [getattr(record, n) for n in layout.names]
    )


def twin(cls: type) -> type:
    """A class with the slots of ``cls`` that is not frozen; its instances may become ``cls``."""
    return type(cls)(cls.__name__, cls.__bases__, {"__slots__": cast(Any, cls).__slots__})


def filling(run: Sequence[Field], unpacked: str, raw: Sequence[str] = (), *, before: str = "") -> str:
    """Source lines that make ``record`` and unpack into its slots.

    Values that need no converting go straight there, which is a third quicker than over local variables.
    Fields named in ``raw`` are not converted; ``before`` are targets of values that come before the fields.
    """
    converted = [
        (index, field.name)
        for index, field in enumerate(run)
        if field.from_raw is not None and field.name not in raw
    ]
    locals_ = {index for index, _ in converted}
    targets = "".join(
        f"v{index}, " if index in locals_ else f"record.{field.name}, " for index, field in enumerate(run)
    )
    lines = ["record = twin()", f"({before}{targets}) = {unpacked}"]
    lines += [f"record.{name} = c{index}(v{index})" for index, name in converted]
    return "".join(f"    {line}\n" for line in lines)


def converters(run: Sequence[Field]) -> dict[str, Any]:
    """The names that ``filling``'s source calls."""
    return {f"c{index}": field.from_raw for index, field in enumerate(run) if field.from_raw is not None}


def compile_reader(cls: type[Struct]) -> Reader:
    """Build ``read(data, at)`` for a record of a fixed size."""
    run = cls.LAYOUT.run
    source = (
        f"def read(data, at):\n  try:\n{filling(run.fields, 'unpack(data, at)')}"
        "  except refusals:\n    layout.read(data, at)\n    raise\n"
        f"  record.__class__ = cls\n  return record, at + {run.size}\n"
    )
    scope: dict[str, Any] = {"unpack": run.unpack_from, "twin": twin(cls), "cls": cls, "layout": cls.LAYOUT}
    return cast(Reader, compiled(source, "read", scope | converters(run.fields))["read"])


def compiled(source: str, name: str, scope: dict[str, Any]) -> dict[str, Any]:
    """Run source we wrote ourselves (no outside text: names come from layouts); the names it defined."""
    from struct import error

    scope["refusals"] = (CodecError, error)
    exec(compile(source, f"<compiled {name}>", "exec"), scope)
    return scope


class TaggedUnion(Struct):
    """An enum whose variants carry data: a one-byte tag, then the variant's fields.

    The enum's class is the base of its variants' classes; ``VARIANTS`` lists them by tag.
    """

    __slots__ = ()
    TAG: ClassVar[int]
    VARIANTS: ClassVar[tuple[type[Any], ...]] = ()

    @classmethod
    def read(cls, data: bytes, at: int) -> tuple[Self, int]:
        """Return the variant that starts at byte ``at`` and the offset after it, or raise CodecError."""
        tag, at = U8.read(data, at)
        if tag >= len(cls.VARIANTS):
            raise CodecError(cls.__name__, tag, f"its tag must be 0 to {len(cls.VARIANTS) - 1}")
        variant = cls.VARIANTS[tag]
        values, at = variant.LAYOUT.read(data, at)
        return cast(Any, variant)(*values), at

    def write(self, out: bytearray) -> None:
        """Append the tag and the variant's bytes; CodecError names the field that does not fit."""
        out.append(self.TAG)
        self.LAYOUT.write(values_of(self), out)

    def encode(self) -> bytes:
        """Return the tag and the variant's bytes; CodecError names the field that does not fit."""
        out = bytearray()
        self.write(out)
        return bytes(out)
