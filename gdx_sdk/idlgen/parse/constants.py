"""Values of constants: IDLs hold them as Rust writes them (``Some([1, 2])``, ``"abc"``, ``1_000u64``)."""

from __future__ import annotations

import re
from math import isfinite

from solders.pubkey import Pubkey

from gdx_sdk.idlgen.model import Array, Constant, Option, Primitive, TypeExpr, Vec
from gdx_sdk.idlgen.parse.common import ReadType
from gdx_sdk.idlgen.parse.node import Node
from gdx_sdk.runtime import Some

_INTEGER = re.compile(r"(-?)(0x[0-9a-fA-F]+|0b[01]+|0o[0-7]+|[0-9]+)(?:[iu](?:8|16|32|64|128|size))?")
_FLOAT = re.compile(r"-?[0-9]+(\.[0-9]*)?(e-?[0-9]+)?(?:f32|f64)?")


_ESCAPE = re.compile(r"\\u\{([0-9a-fA-F_]+)\}|\\x([0-9a-fA-F]{2})|\\(.|$)|\"", re.DOTALL)
_BORROWED = {"str": Primitive("string"), "[u8]": Primitive("bytes")}
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "\\": "\\", "'": "'", '"': '"'}


class NotPlain(Exception):
    """The text is an expression, not a value."""


def read_constant(node: Node, read_type: ReadType) -> Constant:
    """A constant. Rust's own types that IDLs have no word for stand there as names: ``&str``, ``&[u8]``."""
    source, given = node.need("value").text(), node.need("type")
    name = given.value.get("defined") if isinstance(given.value, dict) else None
    name = name.get("name") if isinstance(name, dict) else name
    if isinstance(name, str) and name.startswith(("&", "[")):
        type_: TypeExpr = _BORROWED.get(re.sub(r"&|'\w+|\s", "", name), Primitive("string"))
    else:
        type_ = read_type(given)
    value = parse_value(type_, source)
    return Constant(node.need("name").name(), type_, value, source, node.docs(), node.path)


def parse_value(type_: TypeExpr, source: str) -> Some[object] | None:
    """The constant's Python value, ``None`` when its source is an expression this does not evaluate."""
    try:
        return Some(_value(type_, source.strip()))
    except (NotPlain, ValueError, OverflowError):
        return None


def _value(type_: TypeExpr, text: str) -> object:
    match type_:
        case Primitive(name):
            return _primitive(name, text)
        case Option(inner):
            return _option(inner, text)
        case Array(Primitive("u8"), _) | Vec(Primitive("u8")):
            return _bytes(text)
        case Array(inner, _) | Vec(inner):
            return tuple(_value(inner, part) for part in _elements(text))
    raise NotPlain


def _primitive(name: str, text: str) -> object:
    if name == "bool" and text in ("true", "false"):
        return text == "true"
    if name == "string":
        return _string(text)
    if name == "bytes":
        return _bytes(text)
    if name == "pubkey":
        return Pubkey.from_string(re.sub(r'^\w+!\("(.*)"\)$', r"\1", text).strip('"'))
    if name in ("f32", "f64"):
        if not _FLOAT.fullmatch(text.replace("_", "")):
            raise NotPlain
        number = float(text.replace("_", "").removesuffix("f32").removesuffix("f64"))
        if not isfinite(number):
            raise NotPlain
        return number
    found = _INTEGER.fullmatch(text.replace("_", ""))
    if name == "bool" or found is None:
        raise NotPlain
    return int(found[1] + found[2], 0) if not found[2].isdecimal() else int(found[1] + found[2])


def _option(inner: TypeExpr, text: str) -> object:
    if text == "None":
        return None
    if not (text.startswith("Some(") and text.endswith(")")):
        raise NotPlain
    value = _value(inner, text[5:-1].strip())
    return Some(value) if isinstance(inner, Option) else value


def _string(text: str) -> str:
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        raise NotPlain
    return _ESCAPE.sub(_unescaped, text[1:-1])


def _unescaped(found: re.Match[str]) -> str:
    """The character of an escape; NotPlain for a bare quote, and for an escape that Rust does not know."""
    if found[1] or found[2]:
        return chr(int(found[1] or found[2], 16))
    if found[3] not in _SIMPLE:
        raise NotPlain
    return _SIMPLE[found[3]]


def _bytes(text: str) -> bytes:
    text = text.removeprefix("&").strip()
    if text.startswith('b"'):
        return _string(text[1:]).encode("latin-1")
    return bytes(int(part) for part in _elements(text))


def _elements(text: str) -> list[str]:
    """The elements of ``[a, b, [c, d]]``, split at the commas of the outer level."""
    text = text.removeprefix("&").strip()
    if not (text.startswith("[") and text.endswith("]")) or ";" in text:
        raise NotPlain
    parts, depth, current, quoted = [], 0, "", False
    for char in text[1:-1]:
        quoted ^= char == '"'
        depth += (char in "[(") - (char in "])")
        if char == "," and depth == 0 and not quoted:
            parts.append(current.strip())
            current = ""
        else:
            current += char
    return [*parts, current.strip()] if current.strip() else parts
