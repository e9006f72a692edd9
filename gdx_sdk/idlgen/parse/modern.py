"""The dialect of Anchor 0.30 and later: spec 0.1.0."""

from __future__ import annotations

from gdx_sdk.idlgen.model import (
    PRIMITIVES,
    Account,
    AccountItem,
    AccountSeed,
    ArgSeed,
    Array,
    Constant,
    ConstSeed,
    COption,
    Defined,
    Group,
    Instruction,
    Option,
    Parameter,
    Primitive,
    Program,
    Repr,
    Seed,
    Tagged,
    TypeDef,
    TypeExpr,
    Vec,
)
from gdx_sdk.idlgen.parse import common
from gdx_sdk.idlgen.parse.constants import read_constant
from gdx_sdk.idlgen.parse.node import Node


def parse(root: Node) -> Program:
    """Read a spec 0.1.0 IDL."""
    metadata = root.need("metadata")
    if metadata.need("spec").text() != "0.1.0":
        metadata.need("spec").fail('"0.1.0", the one spec this generator knows')
    types = {node.need("name").name(): _type_def(node) for node in root.unique("types", _name)}
    description = metadata.get("description")
    for kind in ("instructions", "accounts", "events"):
        common.require_own_discriminators(root.items(kind))
    return Program(
        name=metadata.need("name").name(),
        version=metadata.need("version").name(),
        docs=root.docs() or (description.text() if description else ""),
        address=common.address(root.need("address")),
        instructions=tuple(_instruction(node) for node in root.unique("instructions", _name)),
        accounts=tuple(_tagged(node, types) for node in root.unique("accounts", _name)),
        events=tuple(_tagged(node, types) for node in root.unique("events", _name)),
        errors=common.errors(root),
        constants=tuple(_constant(node) for node in root.unique("constants", _name)),
        types=types,
    )


def _name(node: Node) -> str:
    return node.need("name").name()


def _tagged(node: Node, types: dict[str, TypeDef]) -> Tagged:
    name = _name(node)
    if name not in types:
        node.need("name").fail('the name of a struct in "types"')
    return Tagged(name, node.need("discriminator").byte_string(), node.path)


def _constant(node: Node) -> Constant:
    return read_constant(node, read_type)


def _instruction(node: Node) -> Instruction:
    args = node.get("args")
    returns = node.get("returns")
    discriminator = node.need("discriminator").byte_string()
    if not discriminator:
        node.need("discriminator").fail("at least one byte")
    return Instruction(
        name=_name(node),
        discriminator=discriminator,
        accounts=_accounts(node.items("accounts")),
        args=common.arguments(args, read_type) if args else (),
        docs=node.docs(),
        returns=read_type(returns) if returns else None,
        path=node.path,
    )


def _accounts(nodes: list[Node]) -> tuple[AccountItem, ...]:
    return tuple(_account(node) for node in nodes)


def _account(node: Node) -> AccountItem:
    if node.get("accounts") is not None:
        return Group(_name(node), _accounts(node.items("accounts")))
    pda, address = node.get("pda"), node.get("address")
    return Account(
        name=_name(node),
        docs=node.docs(),
        is_writable=node.flag("writable"),
        is_signer=node.flag("signer"),
        is_optional=node.flag("optional"),
        address=common.address(address) if address else None,
        pda=common.pda(pda, "program", _seed) if pda else None,
        relations=tuple(item.name() for item in node.items("relations")),
        path=node.path,
    )


def _seed(node: Node) -> Seed:
    kind = node.need("kind")
    if kind.value == "const":
        return ConstSeed(node.need("value").byte_string())
    if kind.value not in ("arg", "account"):
        kind.fail('one of "const", "arg", "account"')
    path = tuple(node.need("path").name().split("."))
    account = node.get("account")
    return ArgSeed(path) if kind.value == "arg" else AccountSeed(path, account.name() if account else None)


def _type_def(node: Node) -> TypeDef:
    body = node.need("type")
    kind = body.need("kind")
    serialization, shape = node.get("serialization"), node.get("repr")
    if serialization is not None and not isinstance(serialization.value, (str, dict)):
        serialization.fail('"borsh", "bytemuck", "bytemuckunsafe" or {"custom": …}')
    known = serialization.value if serialization else "borsh"
    if known not in ("borsh", "bytemuck", "bytemuckunsafe"):
        node.need("serialization").fail('"borsh", "bytemuck" or "bytemuckunsafe"; no other layout is known')
    if kind.value not in ("struct", "enum", "type"):
        kind.fail('one of "struct", "enum", "type"')
    given = body.get("fields")
    return TypeDef(
        name=_name(node),
        path=node.path,
        docs=node.docs(),
        parameters=tuple(_parameter(item) for item in node.items("generics")),
        is_memory=known != "borsh",
        repr=_repr(shape) if shape else Repr(),
        fields=(common.fields(given, read_type) if given else ()) if kind.value == "struct" else None,
        variants=common.variants(body, read_type) if kind.value == "enum" else None,
        alias=read_type(body.need("alias")) if kind.value == "type" else None,
    )


def _parameter(node: Node) -> str:
    if node.need("kind").value not in ("type", "const"):
        node.need("kind").fail('"type" or "const"')
    return _name(node)


def _repr(node: Node) -> Repr:
    kind, align = node.need("kind"), node.get("align")
    if kind.value not in ("rust", "c", "transparent"):
        kind.fail('one of "rust", "c", "transparent"')
    if align is not None and align.integer(1, 2**29).bit_count() != 1:
        align.fail("a power of two")
    return Repr(kind.text(), node.flag("packed"), align.integer() if align else None)


def read_type(node: Node) -> TypeExpr:
    """Read a type expression."""
    if isinstance(node.value, str):
        if node.value not in PRIMITIVES:
            node.fail("a primitive type (bool, u8 … i256, f32, f64, bytes, string, pubkey)")
        return Primitive(node.value)
    if not isinstance(node.value, dict) or len(node.value) != 1:
        node.fail("a type: a primitive's name or an object with one member")
    kind = next(iter(node.value))
    inner = node.need(kind)
    if kind == "option":
        return Option(read_type(inner))
    if kind == "coption":
        return COption(read_type(inner))
    if kind == "vec":
        return Vec(read_type(inner))
    if kind == "generic":
        return Parameter(inner.name())
    if kind == "array":
        return _array(inner)
    if kind == "defined":
        name, arguments = inner.need("name").name(), inner.items("generics")
        return common.WORDS.get(name) or Defined(name, tuple(_argument(item) for item in arguments))
    return node.fail('a type: "option", "coption", "vec", "array", "defined" or "generic"')


def _array(node: Node) -> Array:
    parts = node.elements()
    if len(parts) != 2:
        node.fail("an element type and a length")
    length = parts[1]
    if isinstance(length.value, dict):
        return Array(read_type(parts[0]), length.need("generic").name())
    return Array(read_type(parts[0]), length.integer(0, 2**32))


def _argument(node: Node) -> TypeExpr | int:
    kind = node.need("kind")
    if kind.value == "type":
        return read_type(node.need("type"))
    if kind.value != "const":
        kind.fail('"type" or "const"')
    value = node.need("value")
    if not isinstance(value.value, str) or not value.value.isdecimal():
        value.fail("a number in a string")
    return int(value.value)
