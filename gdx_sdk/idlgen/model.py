"""What an IDL says, whichever dialect it was written in. Nothing here knows about Python or files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from gdx_sdk.runtime import Some

if TYPE_CHECKING:
    from gdx_sdk.idlgen.resolve import Item

INTEGERS = frozenset(["u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "u128", "i128", "u256", "i256"])
PRIMITIVES = INTEGERS | {"bool", "f32", "f64", "bytes", "string", "pubkey"}


@dataclass(frozen=True, slots=True)
class Primitive:
    """A built-in type by its spec 0.1.0 name (``tail_string``: text up to the end, native programs only)."""

    name: str


@dataclass(frozen=True, slots=True)
class Option:
    """``Option<T>``."""

    inner: TypeExpr


@dataclass(frozen=True, slots=True)
class COption:
    """``COption<T>``: a four-byte tag and a value that is always there."""

    inner: TypeExpr


@dataclass(frozen=True, slots=True)
class Vec:
    """``Vec<T>``."""

    inner: TypeExpr


@dataclass(frozen=True, slots=True)
class Array:
    """``[T; N]``; the length may be the name of a const parameter."""

    inner: TypeExpr
    length: int | str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A use of a generic parameter."""

    name: str


@dataclass(frozen=True, slots=True)
class Defined:
    """A type of the IDL's own, with the arguments of its generics (a type, or a number for a const)."""

    name: str
    arguments: tuple[TypeExpr | int, ...] = ()


@dataclass(frozen=True, slots=True)
class Ref:
    """A concrete struct or enum; only the resolver makes these, in place of ``Defined``."""

    item: Item


TypeExpr: TypeAlias = Primitive | Option | COption | Vec | Array | Parameter | Defined | Ref


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a struct or variant, or an argument; tuple fields have no name."""

    name: str | None
    type: TypeExpr
    docs: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Variant:
    """One variant of an enum."""

    name: str
    fields: tuple[Field, ...] = ()
    docs: str = ""
    path: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Repr:
    """Rust's memory layout of a type."""

    kind: str = "rust"
    packed: bool = False
    align: int | None = None


@dataclass(frozen=True, slots=True)
class TypeDef:
    """A defined type: a struct (``fields``), an enum (``variants``) or an alias (``alias``)."""

    name: str
    path: str
    docs: str = ""
    parameters: tuple[str, ...] = ()
    is_memory: bool = False
    repr: Repr = field(default_factory=Repr)
    fields: tuple[Field, ...] | None = None
    variants: tuple[Variant, ...] | None = None
    alias: TypeExpr | None = None


@dataclass(frozen=True, slots=True)
class ConstSeed:
    """Bytes that are the same for every address."""

    value: bytes


@dataclass(frozen=True, slots=True)
class ArgSeed:
    """An argument, or a field inside one (``path`` has several names then)."""

    path: tuple[str, ...]
    type: TypeExpr | None = None


@dataclass(frozen=True, slots=True)
class AccountSeed:
    """An account's address, or (``path`` of several names) a field of the data of ``account``."""

    path: tuple[str, ...]
    account: str | None = None
    type: TypeExpr | None = None


Seed: TypeAlias = ConstSeed | ArgSeed | AccountSeed


@dataclass(frozen=True, slots=True)
class Pda:
    """How an address is derived; ``program`` is another program's id when not the IDL's own."""

    seeds: tuple[Seed, ...]
    program: Seed | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """An account an instruction takes."""

    name: str
    docs: str = ""
    is_writable: bool = False
    is_signer: bool = False
    is_optional: bool = False
    address: str | None = None
    pda: Pda | None = None
    relations: tuple[str, ...] = ()
    path: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Group:
    """Accounts that an instruction takes under one name."""

    name: str
    items: tuple[AccountItem, ...]


AccountItem: TypeAlias = Account | Group


@dataclass(frozen=True, slots=True)
class Instruction:
    """An instruction of the program."""

    name: str
    discriminator: bytes
    accounts: tuple[AccountItem, ...]
    args: tuple[Field, ...]
    docs: str = ""
    returns: TypeExpr | None = None
    path: str = ""


@dataclass(frozen=True, slots=True)
class Tagged:
    """An account type or an event: the name of its struct and its discriminator."""

    name: str
    discriminator: bytes
    path: str


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """An error the program can answer with."""

    code: int
    name: str
    sentence: str
    path: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant; ``value`` is ``None`` when its Rust expression (``source``) is not a plain value."""

    name: str
    type: TypeExpr
    value: Some[object] | None
    source: str
    docs: str = ""
    path: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Program:
    """One program's IDL."""

    name: str
    version: str
    docs: str
    address: str | None
    instructions: tuple[Instruction, ...]
    accounts: tuple[Tagged, ...]
    events: tuple[Tagged, ...]
    errors: tuple[ErrorCode, ...]
    constants: tuple[Constant, ...]
    types: dict[str, TypeDef]
    event_structs: dict[str, TypeDef] = field(default_factory=dict)
    account_structs: dict[str, TypeDef] = field(default_factory=dict)
    source: str = field(default="", compare=False)
    """The file it was read from, for errors."""
