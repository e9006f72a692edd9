"""Borsh by borsh-construct, straight from an IDL's JSON: a third opinion beside the naive one and ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import borsh_construct as bc
from construct import GreedyBytes

from tests.sdk.idlgen.conftest import Naive

Native = Callable[[Any], Any]
PRIMITIVES = {
    **{
        f"{sign.lower()}{bits}": getattr(bc, f"{sign}{bits}")
        for sign in "UI"
        for bits in (8, 16, 32, 64, 128)
    },
    "f32": bc.F32,
    "f64": bc.F64,
    "bool": bc.Bool,
    "string": bc.String,
    "bytes": bc.Bytes,
    **dict.fromkeys(("pubkey", "publicKey"), bc.U8[32]),
}


class Unsayable(Exception):
    """borsh-construct has no such type; the text says which."""


class Borsh:
    """Makes a construct and a function from the naive reading's values to what that construct builds from."""

    def __init__(self, idl: dict[str, Any]) -> None:
        self.naive = Naive(idl, 0)
        self.open: list[str] = []
        self.enums = 0

    def encode(self, members: list[Any], values: tuple[Any, ...]) -> bytes:
        """The bytes of a list of fields or arguments."""
        con, native = self.record(members, {})
        return bytes(con.build(native(values)))

    def make(self, type_: Any, env: dict[str, Any]) -> tuple[Any, Native]:
        if isinstance(type_, str):
            if type_ not in PRIMITIVES:
                raise Unsayable(type_)
            return PRIMITIVES[type_], list if type_ in ("pubkey", "publicKey") else lambda value: value
        ((kind, inner),) = type_.items()
        if kind == "generic":
            return self.make(env[inner], env)
        if kind == "option":
            return self.option(inner, env)
        if kind == "vec":
            con, native = self.make(inner, env)
            return bc.Vec(con), lambda value: [native(item) for item in value]
        if kind == "array":
            con, native = self.make(inner[0], env)
            length = env[inner[1]["generic"]] if isinstance(inner[1], dict) else inner[1]
            return con[int(length)], lambda value: [native(item) for item in value]
        if kind not in ("defined", "definedWithTypeArgs"):
            raise Unsayable(kind)
        return self.defined(inner, env)

    def option(self, inner: Any, env: dict[str, Any]) -> tuple[Any, Native]:
        con, native = self.make(inner, env)
        if self.naive.may_be_none(inner):
            raise Unsayable("option of an option")
        return bc.Option(con), lambda value: None if value is None else native(value)

    def defined(self, inner: Any, env: dict[str, Any]) -> tuple[Any, Native]:
        name, given = (inner, []) if isinstance(inner, str) else (inner["name"], inner.get("generics"))
        given = inner.get("args", []) if given is None else given
        if name not in self.naive.types:
            raise Unsayable(str(name).split("<")[0])
        definition = self.naive.types[name]
        names = [p if isinstance(p, str) else p["name"] for p in definition.get("generics", [])]
        args = [self.naive.argument(argument, env) for argument in given]
        if (what := f"{name} {args}") in self.open:
            raise Unsayable("type that contains itself")
        self.open.append(what)
        try:
            return self.body(definition, dict(zip(names, args, strict=True)))
        finally:
            self.open.pop()

    def body(self, definition: dict[str, Any], env: dict[str, Any]) -> tuple[Any, Native]:
        if definition.get("serialization", "borsh") != "borsh":
            raise Unsayable("bytemuck")
        body = definition["type"]
        if body["kind"] in ("type", "alias"):
            return self.make(body.get("alias", body.get("value")), env)
        if body["kind"] == "struct":
            return self.record(body.get("fields", []), env)
        return self.enum(body["variants"], env)

    def enum(self, variants: list[Any], env: dict[str, Any]) -> tuple[Any, Native]:
        parts, natives = [], []
        for number, variant in enumerate(variants):
            self.enums += 1
            made = self.members(variant.get("fields") or [], env)
            self.enums -= 1
            parts.append(f"v{number}" / bc.TupleStruct(*(con for con, _ in made)) if made else f"v{number}")
            natives.append([native for _, native in made])
        con = bc.Enum(*parts, enum_name="Kind")

        def build(value: Any) -> Any:
            tag, record = value if isinstance(value, tuple) else (value, ())
            given = [native(item) for native, item in zip(natives[tag], record, strict=True)]
            return getattr(con.enum, f"v{tag}")(*([given] if given else []))

        if not self.enums:
            return con, build
        # borsh-construct loses an enum inside an enum when it writes: it gets the inner one's bytes.
        return GreedyBytes, lambda value: bytes(con.build(build(value)))

    def record(self, members: list[Any], env: dict[str, Any]) -> tuple[Any, Native]:
        made = self.members(members, env)
        con = bc.CStruct(*(f"f{number}" / part for number, (part, _) in enumerate(made)))
        return con, lambda values: {
            f"f{number}": native(value)
            for number, ((_, native), value) in enumerate(zip(made, values, strict=True))
        }

    def members(self, members: list[Any], env: dict[str, Any]) -> list[tuple[Any, Native]]:
        types = [m["type"] if isinstance(m, dict) and "name" in m and "type" in m else m for m in members]
        return [self.make(type_, env) for type_ in types]
