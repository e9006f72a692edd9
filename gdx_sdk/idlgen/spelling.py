"""Types as Rust spells them: equal spellings are the same bytes as far as the type's own name tells."""

from __future__ import annotations

from gdx_sdk.idlgen.model import (
    Array,
    COption,
    Defined,
    Option,
    Parameter,
    Primitive,
    Ref,
    TypeExpr,
    Vec,
)


def spell(type_: TypeExpr | int) -> str:
    """``Option<[u8; 32]>``, ``Vec<Point>``, ``Ring<u64, 8>``."""
    match type_:
        case int():
            return str(type_)
        case Primitive(name) | Parameter(name):
            return name
        case Array(inner, length):
            return f"[{spell(inner)}; {length}]"
        case Option(inner) | COption(inner) | Vec(inner):
            return f"{type(type_).__name__}<{spell(inner)}>"
        case Defined(name, arguments):
            return _with_arguments(name, arguments)
        case Ref(item):
            return _with_arguments(item.source.name, item.arguments)
    raise TypeError(f"{type_!r} is no type")


def _with_arguments(name: str, arguments: tuple[TypeExpr | int, ...]) -> str:
    return f"{name}<{', '.join(map(spell, arguments))}>" if arguments else name
