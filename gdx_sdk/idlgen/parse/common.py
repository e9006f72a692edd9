"""What both dialects share: types by name, addresses, errors, variants."""

from __future__ import annotations

from collections.abc import Callable

from solders.pubkey import Pubkey

from gdx_sdk.idlgen.model import ConstSeed, ErrorCode, Field, Pda, Primitive, Seed, TypeExpr, Variant
from gdx_sdk.idlgen.parse.node import Node

ReadType = Callable[[Node], TypeExpr]

WORDS = {"usize": Primitive("u64"), "isize": Primitive("i64")}
"""Integers that Anchor's IDLs speak of as if the program defined them; Borsh and the chain take 64 bits."""


def address(node: Node) -> str:
    """A base58 address of 32 bytes."""
    try:
        return str(Pubkey.from_string(node.text()))
    except ValueError:
        node.fail("an address: 32 bytes in base58")


def pda(node: Node, program_key: str, read_seed: Callable[[Node], Seed]) -> Pda:
    """A derived address, within the limits that the chain sets."""
    given = node.need("seeds").elements()
    if len(given) > 15:
        node.need("seeds").fail("at most 15 seeds: the bump is the sixteenth")
    seeds = tuple(read_seed(item) for item in given)
    for item, seed in zip(given, seeds, strict=True):
        if isinstance(seed, ConstSeed) and len(seed.value) > 32:
            item.need("value").fail("at most 32 bytes")
    program = node.get(program_key)
    found = read_seed(program) if program else None
    if program and isinstance(found, ConstSeed) and len(found.value) != 32:
        program.need("value").fail("an address: 32 bytes")
    return Pda(seeds, found)


def errors(root: Node) -> tuple[ErrorCode, ...]:
    """The program's errors; every code once."""
    found: dict[int, str] = {}
    result = []
    for node in root.items("errors"):
        code = node.need("code").integer(0, 2**32 - 1)
        name = node.need("name").name()
        if code in found:
            node.need("code").fail(f"a code of its own; {found[code]} has it")
        found[code] = name
        message = node.get("msg")
        result.append(ErrorCode(code, name, message.text() if message else "", node.path))
    return tuple(result)


def require_own_discriminators(nodes: list[Node]) -> None:
    """IdlError when two have the same discriminator: nothing could tell them apart."""
    holders: dict[bytes, str] = {}
    for node in nodes:
        given = node.get("discriminator")
        tag = given.byte_string() if given else b""
        if given and tag in holders:
            given.fail(f"a discriminator of its own; {holders[tag]} has it")
        holders[tag] = node.path


def fields(node: Node, read_type: ReadType) -> tuple[Field, ...]:
    """The fields of a struct, a variant or an argument list: all named, or all bare types."""
    result: list[Field] = []
    for item in node.elements():
        named = isinstance(item.value, dict) and ("name" in item.value or "type" in item.value)
        if result and (result[0].name is not None) != named:
            item.fail("fields that are all named or all without a name")
        if named:
            name = item.need("name").name()
            result.append(Field(name, read_type(item.need("type")), item.docs(), item.path))
        else:
            result.append(Field(None, read_type(item), "", item.path))
    return tuple(result)


def arguments(node: Node, read_type: ReadType) -> tuple[Field, ...]:
    """The arguments of an instruction, which all have names."""
    found = fields(node, read_type)
    if found and found[0].name is None:
        node.elements()[0].fail("an argument with a name and a type")
    return found


def variants(node: Node, read_type: ReadType) -> tuple[Variant, ...]:
    """The variants of an enum, at most 256."""
    items = node.unique("variants", lambda item: item.need("name").name())
    if not items or len(items) > 256:
        node.need("variants").fail("1 to 256 variants")
    result = []
    for item in items:
        given = item.get("fields")
        parts = fields(given, read_type) if given else ()
        result.append(Variant(item.need("name").name(), parts, item.docs(), item.path))
    return tuple(result)
