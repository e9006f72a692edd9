"""The dialect of Anchor up to 0.29: camelCase names, types inside accounts, no discriminators."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

from solders.pubkey import Pubkey

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
    Field,
    Group,
    Instruction,
    Option,
    Parameter,
    Primitive,
    Program,
    Seed,
    Tagged,
    TypeDef,
    TypeExpr,
    Vec,
)
from gdx_sdk.idlgen.names import snake
from gdx_sdk.idlgen.parse import common, native
from gdx_sdk.idlgen.parse.constants import read_constant
from gdx_sdk.idlgen.parse.node import Node

_SPELLINGS = {"publicKey": "pubkey", "Pubkey": "pubkey", "String": "string"}


def parse(root: Node) -> Program:
    """Read a legacy IDL. A native program's one-byte tags are known or the IDL is refused."""
    tags = native.tags(root)
    accounts, events = root.unique("accounts", _name), root.unique("events", _name)
    metadata = root.get("metadata")
    address = metadata.get("address") if metadata else root.get("address")
    return Program(
        name=snake(_name(root)),
        version=root.need("version").name(),
        docs=root.docs(),
        address=tags.address if tags else common.address(address) if address else None,
        instructions=tuple(_instruction(node, tags) for node in root.unique("instructions", _name)),
        accounts=tuple(
            Tagged(_name(node), b"" if tags else sighash("account", _name(node)), node.path)
            for node in accounts
        ),
        events=tuple(Tagged(_name(node), sighash("event", _name(node)), node.path) for node in events),
        errors=common.errors(root),
        constants=tuple(_constant(node) for node in root.unique("constants", _name)),
        types={_name(node): _type_def(node) for node in root.unique("types", _name)},
        event_structs={_name(node): _event_struct(node) for node in events},
        account_structs={_name(node): _type_def(node) for node in accounts},
    )


def sighash(namespace: str, name: str) -> bytes:
    """Anchor's discriminator: the first eight bytes of ``sha256("namespace:name")``."""
    return hashlib.sha256(f"{namespace}:{name}".encode()).digest()[:8]


def _name(node: Node) -> str:
    return node.need("name").name()


def _constant(node: Node) -> Constant:
    return read_constant(node, read_type)


def _instruction(node: Node, tags: native.Tags | None) -> Instruction:
    name = _name(node)
    args, returns = node.get("args"), node.get("returns")
    found = common.arguments(args, read_type) if args else ()
    if tags:
        found = tuple(native.argument(arg) for arg in found)
    return Instruction(
        name=snake(name),
        discriminator=tags.of(node) if tags else sighash("global", snake(name)),
        accounts=_accounts(node.items("accounts")),
        args=found,
        docs=node.docs(),
        returns=read_type(returns) if returns else None,
        path=node.path,
    )


def _accounts(nodes: list[Node]) -> tuple[AccountItem, ...]:
    return tuple(_account(node) for node in nodes)


def _account(node: Node) -> AccountItem:
    if node.get("accounts") is not None:
        return Group(snake(_name(node)), _accounts(node.items("accounts")))
    pda = node.get("pda")
    return Account(
        name=snake(_name(node)),
        docs=node.docs(),
        is_writable=node.flag("isMut"),
        is_signer=node.flag("isSigner"),
        is_optional=node.flag("isOptional"),
        pda=common.pda(pda, "programId", _seed) if pda else None,
        relations=tuple(snake(item.name()) for item in node.items("relations")),
        path=node.path,
    )


def _seed(node: Node) -> Seed:
    kind, type_ = node.need("kind"), read_type(node.need("type"))
    if kind.value == "const":
        return ConstSeed(_const_seed(type_, node.need("value")))
    if kind.value not in ("arg", "account"):
        kind.fail('one of "const", "arg", "account"')
    path = tuple(snake(part) for part in node.need("path").name().split("."))
    if kind.value == "arg":
        return ArgSeed(path, type_)
    account = node.get("account")
    return AccountSeed(path, account.name() if account else None, type_)


def _const_seed(type_: TypeExpr, value: Node) -> bytes:
    match type_:
        case Primitive("string"):
            return value.text().encode()
        case Primitive("pubkey"):
            return bytes(Pubkey.from_string(common.address(value)))
        case Primitive(name) if name[0] in "ui":
            bits, signed = int(name[1:]), name[0] == "i"
            low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
            return value.integer(low, high).to_bytes(bits // 8, "little", signed=signed)
    return value.byte_string()


def _type_def(node: Node) -> TypeDef:
    body = node.need("type")
    kind, given = body.need("kind"), body.get("fields")
    if kind.value not in ("struct", "enum", "alias"):
        kind.fail('one of "struct", "enum", "alias"')
    return TypeDef(
        name=_name(node),
        path=node.path,
        docs=node.docs(),
        parameters=tuple(item.name() for item in node.items("generics")),
        fields=(common.fields(given, read_type) if given else ()) if kind.value == "struct" else None,
        variants=common.variants(body, read_type) if kind.value == "enum" else None,
        alias=read_type(body.need("value")) if kind.value == "alias" else None,
    )


def _event_struct(node: Node) -> TypeDef:
    given = node.get("fields")
    fields: tuple[Field, ...] = common.fields(given, read_type) if given else ()
    return TypeDef(name=_name(node), path=node.path, docs=node.docs(), fields=fields)


def read_type(node: Node) -> TypeExpr:
    """Read a type expression."""
    if isinstance(node.value, str):
        name = _SPELLINGS.get(node.value, node.value)
        if name not in PRIMITIVES:
            node.fail("a primitive type (bool, u8 … i256, f32, f64, bytes, string, publicKey)")
        return Primitive(name)
    if not isinstance(node.value, dict) or len(node.value) != 1:
        node.fail("a type: a primitive's name or an object with one member")
    kind = next(iter(node.value))
    reader = _READERS.get(kind)
    if reader is None:
        node.fail("a type: one of " + ", ".join(f'"{known}"' for known in _READERS))
    return reader(node.need(kind))


def _defined(node: Node) -> TypeExpr:
    if not isinstance(node.value, str):
        return common.WORDS.get(name := node.need("name").name()) or Defined(name)
    if node.value.replace(" ", "").startswith("&") and node.value.endswith("str"):
        return Primitive("tail_string")
    found = re.fullmatch(r"COption<(\w+)>", node.value)
    if found is None:
        return common.WORDS.get(name := node.name()) or Defined(name)
    name = _SPELLINGS.get(found[1], found[1])
    return COption(Primitive(name) if name in PRIMITIVES else Defined(name))


def _with_arguments(node: Node) -> TypeExpr:
    arguments: list[Any] = []
    for item in node.need("args").elements():
        value = item.get("value")
        if value is None:
            arguments.append(read_type(item.need("type")))
        elif isinstance(value.value, str) and value.value.isdecimal():
            arguments.append(int(value.value))
        else:
            value.fail("a number in a string")
    return Defined(node.need("name").name(), tuple(arguments))


def _array(node: Node) -> TypeExpr:
    parts = node.elements()
    if len(parts) != 2:
        node.fail("an element type and a length")
    if isinstance(parts[1].value, str):
        return Array(read_type(parts[0]), parts[1].name())
    return Array(read_type(parts[0]), parts[1].integer(0, 2**32))


_READERS: dict[str, Callable[[Node], TypeExpr]] = {
    "option": lambda node: Option(read_type(node)),
    "coption": lambda node: COption(read_type(node)),
    "vec": lambda node: Vec(read_type(node)),
    "array": _array,
    "genericLenArray": _array,
    "defined": _defined,
    "definedWithTypeArgs": _with_arguments,
    "generic": lambda node: Parameter(node.name()),
}
