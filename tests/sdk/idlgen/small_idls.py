"""Small IDLs of spec 0.1.0, put together by hand."""

from __future__ import annotations

from typing import Any


def small(**parts: Any) -> dict[str, Any]:
    base = {"address": "7ALdXZ8KnJ2C4VRY3RcRQi2ZETRoNKr97snq7nJiz89g", "instructions": []}
    return base | {"metadata": {"name": "small", "version": "0.1.0", "spec": "0.1.0"}} | parts


def struct(name: str, *types: Any) -> dict[str, Any]:
    fields = [{"name": f"field_{i}", "type": type_} for i, type_ in enumerate(types)]
    return {"name": name, "type": {"kind": "struct", "fields": fields}}


def defined(name: str, *arguments: Any) -> dict[str, Any]:
    """A use of a type; a generic argument is a number or a type."""
    generics = [
        {"kind": "const", "value": str(a)} if isinstance(a, int) else {"kind": "type", "type": a}
        for a in arguments
    ]
    return {"defined": {"name": name} | ({"generics": generics} if generics else {})}


def enum(name: str, **variants: list[Any] | None) -> dict[str, Any]:
    """An enum: each variant's fields, or None."""
    made = [{"name": variant} | ({"fields": given} if given else {}) for variant, given in variants.items()]
    return {"name": name, "type": {"kind": "enum", "variants": made}}


def alias(name: str, type_: Any, *parameters: str) -> dict[str, Any]:
    """A type alias, with type parameters."""
    generics = [{"kind": "type", "name": parameter} for parameter in parameters]
    return {"name": name, "generics": generics, "type": {"kind": "type", "alias": type_}}
