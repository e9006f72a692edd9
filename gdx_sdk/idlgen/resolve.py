"""From the model to concrete types: generics filled in, aliases followed, sizes and offsets known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from gdx_sdk.idlgen.errors import IdlError
from gdx_sdk.idlgen.model import (
    Array,
    COption,
    Defined,
    Field,
    Instruction,
    Option,
    Parameter,
    Primitive,
    Program,
    Ref,
    Tagged,
    TypeDef,
    TypeExpr,
    Vec,
)
from gdx_sdk.idlgen.names import field_name, unique
from gdx_sdk.idlgen.spelling import spell

SIZES = {"bool": 1, "pubkey": 32, "f32": 4, "f64": 8} | {
    f"{sign}{bits}": bits // 8 for sign in "ui" for bits in (8, 16, 32, 64, 128, 256)
}
# Alignment in the programs' memory: on chain no integer is aligned to more than eight bytes.
_MAX_ALIGN = 8
MAX_EXPANSIONS = 16
"""How often a definition may occur inside itself with other arguments of its generics."""

Resolved: TypeAlias = TypeExpr  # without Parameter and Defined
Environment: TypeAlias = dict[str, "Resolved | int"]


@dataclass(frozen=True, slots=True)
class Member:
    """A field with its Python name, its concrete type and where it lies (``None`` after a dynamic one)."""

    name: str
    type: Resolved
    docs: str
    offset: int | None


@dataclass(eq=False, slots=True)
class Case:
    """A variant: its name in the IDL, its class name (unions) and its fields."""

    name: str
    docs: str
    members: tuple[Member, ...] = ()
    class_name: str = ""


@dataclass(eq=False, slots=True)
class Item:
    """A concrete struct or enum; ``is_memory`` when its bytes are its memory and padding matters."""

    source: TypeDef
    arguments: tuple[Resolved | int, ...] = ()
    is_memory: bool = False
    members: tuple[Member, ...] = ()
    cases: tuple[Case, ...] | None = None
    size: int | None = None
    align: int = 1
    is_complete: bool = False
    class_name: str = ""
    kind_name: str = ""
    """Of an enum with data: the name of the union of its variants' classes."""
    module: str = ""
    cycle: tuple[Item, ...] = field(default=(), repr=False)

    @property
    def is_union(self) -> bool:
        """An enum with data in at least one variant."""
        return self.cases is not None and any(case.members for case in self.cases)

    @property
    def is_unit_enum(self) -> bool:
        """An enum without data."""
        return self.cases is not None and not self.is_union

    def all_members(self) -> Iterator[Member]:
        """Its fields, and those of its variants."""
        yield from self.members
        for case in self.cases or ():
            yield from case.members

    def refs(self) -> Iterator[Item]:
        """The items its fields use, in order."""
        for member in self.all_members():
            yield from refs_in(member.type)


@dataclass(frozen=True, slots=True)
class Record:
    """An account or event: its struct and its discriminator; offsets include the discriminator."""

    tag: Tagged
    item: Item


@dataclass(frozen=True, slots=True)
class Call:
    """An instruction with the concrete types of its arguments."""

    source: Instruction
    args: tuple[Member, ...]
    returns: Resolved | None
    function: str = ""
    """Name of its builder and module; ``base`` begins the names of its classes."""
    base: str = ""


def refs_in(type_: Resolved) -> Iterator[Item]:
    """The items a type uses."""
    if isinstance(type_, Ref):
        yield type_.item
    elif isinstance(type_, Option | COption | Vec | Array):
        yield from refs_in(type_.inner)


class Resolver:
    """Makes each concrete type once."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.defs = program.event_structs | program.account_structs | program.types
        self._items: dict[tuple[str, tuple[Resolved | int, ...], bool], Item] = {}
        self._open: list[str] = []
        """The definitions being resolved, each inside the one before."""

    def resolve(self, type_: TypeExpr, env: Environment, path: str, memory: bool = False) -> Resolved:
        """The concrete type; IdlError for an unknown name, a wrong argument or what memory cannot hold."""
        match type_:
            case Primitive(name):
                if memory and name not in SIZES:
                    raise IdlError(path, name, "expected a type of a fixed size inside a bytemuck type")
                return type_
            case Parameter(name):
                found = env.get(name)
                if found is None or isinstance(found, int):
                    raise IdlError(path, name, "expected the name of a type parameter")
                return found
            case Array(inner, length):
                return Array(self.resolve(inner, env, path, memory), self._length(length, env, path))
            case Option(inner) | Vec(inner):
                if memory:
                    raise IdlError(
                        path, spell(type_), "expected a type of a fixed size inside a bytemuck type"
                    )
                return type(type_)(self.resolve(inner, env, path))
            case COption() if memory:
                raise IdlError(path, spell(type_), "expected no COption inside a bytemuck type")
            case COption(inner):
                value = self.resolve(inner, env, path, memory)
                if self.size_of(value, path) is None:
                    raise IdlError(path, spell(type_), "expected a COption of a type of a fixed size")
                if isinstance(value, COption):
                    raise IdlError(
                        path, spell(type_), "expected a COption of a type that is never absent itself"
                    )
                return COption(value)
            case Defined(name, arguments):
                given = tuple(self._argument(argument, env, path) for argument in arguments)
                return self._defined(name, given, path, memory)
            case Ref():
                return type_

    def _length(self, length: int | str, env: Environment, path: str) -> int:
        found = env.get(length) if isinstance(length, str) else length
        if not isinstance(found, int):
            raise IdlError(path, length, "expected a number or the name of a const parameter")
        return found

    def _argument(self, argument: TypeExpr | int, env: Environment, path: str) -> Resolved | int:
        if isinstance(argument, int):
            return argument
        if isinstance(argument, Parameter) and isinstance(number := env.get(argument.name), int):
            return number  # Anchor writes a const parameter passed on as a type argument
        return self.resolve(argument, env, path)

    def _defined(self, name: str, arguments: tuple[Resolved | int, ...], path: str, memory: bool) -> Resolved:
        source = self.defs.get(name)
        if source is None:
            raise IdlError(path, name, 'expected the name of a type in "types"')
        if len(arguments) != len(source.parameters):
            raise IdlError(
                path, name, f"expected {len(source.parameters)} generic arguments, not {len(arguments)}"
            )
        if self._open.count(name) > MAX_EXPANSIONS:
            raise IdlError(path, name, "expected a type that does not stand for itself, nor grow without end")
        self._open.append(name)
        try:
            if source.alias is not None:
                env: Environment = dict(zip(source.parameters, arguments, strict=True))
                return self.resolve(source.alias, env, source.path, memory)
            return Ref(self.item(source, arguments, memory))
        finally:
            self._open.pop()

    def item(self, source: TypeDef, arguments: tuple[Resolved | int, ...], memory: bool) -> Item:
        """The item of a struct or enum; the memory form only where it differs from the Borsh form."""
        key = (source.name, arguments, memory)
        if key not in self._items:
            self._items[key] = built = Item(source, arguments, memory)
            self.build(built)
            if memory and self._is_borsh_alike(built):
                self._items[key] = self.item(source, arguments, False)
        return self._items[key]

    def _is_borsh_alike(self, built: Item) -> bool:
        if built.is_unit_enum:
            return built.size == 1
        plain = Item(built.source, built.arguments)
        self.build(plain)
        return plain.size == built.size and all(not item.is_memory for item in built.refs())

    def build(self, item: Item, start: int = 0) -> Item:
        """Fill in an item's fields or variants and its size; offsets count from ``start``."""
        source = item.source
        env: Environment = dict(zip(source.parameters, item.arguments, strict=True))
        if source.variants is not None:
            self._build_enum(item, env)
        elif source.alias is not None:
            raise IdlError(source.path, source.name, "expected a struct or an enum, not an alias")
        else:
            item.members = self._members(source.fields or (), env, item, start)
            self._measure(item, start)
        item.is_complete = True
        return item

    def _build_enum(self, item: Item, env: Environment) -> None:
        source = item.source
        # Behind a tag a type may contain itself (a `Box` in Rust), and the size is never fixed.
        item.is_complete = any(variant.fields for variant in source.variants or ())
        item.cases = tuple(
            Case(variant.name, variant.docs, self._members(variant.fields, env, None, None))
            for variant in source.variants or ()
        )
        if item.is_union:
            if item.is_memory:
                raise IdlError(
                    source.path, source.name, "expected an enum without data inside a bytemuck type"
                )
            return
        item.size = item.align = 4 if item.is_memory and source.repr.kind == "c" else 1

    def _members(
        self, fields: tuple[Field, ...], env: Environment, item: Item | None, start: int | None
    ) -> tuple[Member, ...]:
        """The fields with their offsets; without those when there is no ``start``."""
        memory = item is not None and item.is_memory
        packed = item is not None and item.source.repr.packed
        names = unique([field_name(f.name) if f.name else f"item_{i}" for i, f in enumerate(fields)])
        at: int | None = start
        members = []
        for name, given in zip(names, fields, strict=True):
            type_ = self.resolve(given.type, env, f"{given.path}.type", memory)
            size = None if start is None else self.size_of(type_, given.path)
            if start is not None and at is not None and memory and not packed:
                at = start + aligned(at - start, self.align_of(type_))
            members.append(Member(name, type_, given.docs, at))
            at = None if at is None or size is None else at + size
        return tuple(members)

    def _measure(self, item: Item, start: int) -> None:
        shape = item.source.repr
        item.align = max([1, *(self.align_of(member.type) for member in item.members)])
        if shape.packed:
            item.align = 1
        item.align = max(item.align, shape.align or 1)
        if not item.members:
            item.size = 0
            return
        last = item.members[-1]
        size = self.size_of(last.type, item.source.path)
        if last.offset is None or size is None:
            return
        end = last.offset - start + size
        item.size = aligned(end, item.align) if item.is_memory else end

    def size_of(self, type_: Resolved, path: str) -> int | None:
        """As ``fixed_size``; IdlError when a type contains itself."""
        for item in contained(type_):
            if not item.is_complete:
                raise IdlError(path, item.source.name, "expected a type that does not contain itself")
        return fixed_size(type_)

    def align_of(self, type_: Resolved) -> int:
        """The type's alignment in the program's memory."""
        match type_:
            case Primitive("pubkey" | "bool"):
                return 1
            case Primitive(name):
                return min(SIZES.get(name, 1), _MAX_ALIGN)
            case Array(inner, _):
                return self.align_of(inner)
            case COption(inner):
                return max(4, self.align_of(inner))
            case Ref(item):
                return item.align
        return 1

    def record(self, tag: Tagged, defs: dict[str, TypeDef]) -> Record:
        """An account or event with offsets from the start of its data."""
        source = defs.get(tag.name) or self.defs[tag.name]
        if source.parameters:
            raise IdlError(tag.path, tag.name, "expected a type without generic parameters")
        if source.fields is None:
            whole = Field("value", Defined(tag.name), "", source.path)
            source = TypeDef(source.name, source.path, source.docs, fields=(whole,))
        start = len(tag.discriminator)
        item = self.build(Item(source, (), source.is_memory), start)
        return Record(tag, item)

    def call(self, instruction: Instruction) -> Call:
        """An instruction with concrete types."""
        path = instruction.path
        returns = None
        if instruction.returns is not None:
            returns = self.resolve(instruction.returns, {}, f"{path}.returns")
        return Call(instruction, self._members(instruction.args, {}, None, 0), returns)


def contained(type_: Resolved) -> Iterator[Item]:
    """The items that lie inside a value of the type itself, not behind a count or a tag."""
    if isinstance(type_, Ref):
        yield type_.item
    elif isinstance(type_, Array | COption):
        yield from contained(type_.inner)


def fixed_size(type_: Resolved) -> int | None:
    """The length in bytes of a type whose items are complete, ``None`` when it depends on the value."""
    match type_:
        case Primitive(name):
            return SIZES.get(name)
        case Array(inner, length):
            size = fixed_size(inner)
            return None if size is None else size * int(length)
        case COption(inner):
            size = fixed_size(inner)
            return None if size is None else 4 + size
        case Ref(item):
            return item.size
    return None


def aligned(at: int, align: int) -> int:
    """The next multiple of ``align``."""
    return -(-at // align) * align
