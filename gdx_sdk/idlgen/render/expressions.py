"""Python annotations and codec expressions of concrete types."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gdx_sdk.idlgen.model import Array, COption, Option, Primitive, Ref, TypeExpr, Vec
from gdx_sdk.idlgen.render.text import Module
from gdx_sdk.idlgen.resolve import Item

Use = Literal["field", "argument", "result"]


@dataclass
class Source(Module):
    """A module in the making that knows where the package's types are."""

    types: str = "..types."
    own_program_id: bool = True
    here: set[Item] = field(default_factory=set)

    def type_name(self, item: Item, name: str = "") -> str:
        """The name of an item's class, or one beside it, imported when another module defines it."""
        name = name or item.class_name
        return name if item in self.here else self.relative_type(f"{self.types}{item.module}", name)

    def annotation(self, type_: TypeExpr, use: Use) -> str:
        """The Python type: fields hold tuples, arguments take any sequence."""
        match type_:
            case Primitive("pubkey"):
                return self.runtime("Pubkey")
            case Primitive(name):
                return {"bool": "bool", "string": "str", "bytes": "bytes", "tail_string": "str"}.get(
                    name, "float" if name[0] == "f" else "int"
                )
            case Array(Primitive("u8")) | Vec(Primitive("u8")):
                return "bytes"
            case Array(inner) | Vec(inner):
                if use == "argument":
                    sequence = self.standard("collections.abc", "Sequence")
                    return f"{sequence}[{self.annotation(inner, use)}]"
                return f"tuple[{self.annotation(inner, use)}, ...]"
            case Option(Option() | COption() as inner):
                return f"{self.runtime('Some')}[{self.annotation(inner, use)}] | None"
            case Option(inner) | COption(inner):
                return f"{self.annotation(inner, use)} | None"
            case Ref(item):
                return self.type_name(item, item.kind_name if use != "result" else "")
        raise TypeError(f"{type_} is not concrete")

    def codec(self, type_: TypeExpr, defining: Item | None = None) -> str:
        """The codec expression; inside a circle of types ``defining`` is the one being defined."""
        match type_:
            case Primitive(name):
                return self.runtime(name.upper())
            case Vec(Primitive("u8")):
                return self.runtime("BYTES")
            case Array(Primitive("u8"), length):
                return f"{self.runtime('fixed_bytes')}({length})"
            case Array(inner, length):
                return f"{self.runtime('array')}({self.codec(inner, defining)}, {length})"
            case Option(Option(inner)) if not isinstance(inner, Option | COption):
                return f"{self.runtime('nested_option')}({self.codec(inner, defining)})"
            case Option(Option() | COption() as inner):
                return f"{self.runtime('explicit_option')}({self.codec(inner, defining)})"
            case Vec(inner) | Option(inner) | COption(inner):
                name = type(type_).__name__.lower()
                return f"{self.runtime(name)}({self.codec(inner, defining)})"
            case Ref(item):
                return self._item_codec(item, defining)
        raise TypeError(f"{type_} is not concrete")

    def _item_codec(self, item: Item, defining: Item | None) -> str:
        name = self.type_name(item)
        if item.is_unit_enum:
            return f"{self.runtime('unit_enum')}({name}{', 4' if item.size == 4 else ''})"
        if defining is not None and item in defining.cycle:
            return f"{self.runtime('deferred')}(lambda: {name})"
        return name
