"""From spec 0.1.0 to the legacy dialect, for tools that read nothing newer (anchorpy)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gdx_sdk.idlgen.concrete import Concrete, concrete
from gdx_sdk.idlgen.errors import IdlError
from gdx_sdk.idlgen.names import snake
from gdx_sdk.idlgen.parse import parse_text
from gdx_sdk.idlgen.parse.legacy import sighash

_KINDS = (("instructions", "global"), ("accounts", "account"), ("events", "event"))


def legacy_idl(path: str | Path) -> dict[str, Any]:
    """The IDL of a spec 0.1.0 file as Anchor up to 0.29 would have written it.

    Addresses of accounts and seeds are left out: tools of that time take them from the caller. IdlError for
    what the dialect cannot say: discriminators that are not hashes of names, generics, padded layouts.
    """
    source = Path(path)
    text = source.read_text(encoding="utf-8")
    program = parse_text(text, source.name)
    document: dict[str, Any] = _without_nulls(json.loads(text))
    if "spec" not in document.get("metadata", {}):
        raise IdlError("$.metadata.spec", None, "expected an IDL of spec 0.1.0", source.name)
    _require_unpadded(concrete(program))
    _require_hashed(document, source.name)
    types = {
        entry["name"]: _definition(entry, f"$.types[{number}]", source.name)
        for number, entry in enumerate(document.get("types") or [])
    }
    accounts = [entry["name"] for entry in (document.get("accounts") or [])]
    events = [entry["name"] for entry in (document.get("events") or [])]
    for number, name in enumerate(events):
        _require_named(types[name], f"$.events[{number}]", source.name)
    return {
        "version": document["metadata"]["version"],
        "name": document["metadata"]["name"],
        "instructions": [_instruction(entry) for entry in (document.get("instructions") or [])],
        "accounts": [types[name] for name in accounts],
        "types": [entry for name, entry in types.items() if name not in {*accounts, *events}],
        "events": [_event(types[name]) for name in events],
        "errors": (document.get("errors") or []),
        "constants": [
            _typed(entry) | {"value": entry["value"]} for entry in (document.get("constants") or [])
        ],
        "metadata": {"address": document["address"]},
    }


def _require_named(definition: dict[str, Any], path: str, source: str) -> None:
    body = definition["type"]
    if body["kind"] != "struct" or any("name" not in field for field in _field_objects(body)):
        rule = "expected a struct with named fields: the legacy dialect has no other events"
        raise IdlError(path, definition["name"], rule, source)


def _field_objects(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [field if isinstance(field, dict) else {} for field in body.get("fields") or []]


def _require_unpadded(program: Concrete) -> None:
    for source in program.program.types.values():
        is_plain = source.alias is not None or source.parameters or not source.is_memory
        if not is_plain and program.resolver.item(source, (), True).is_memory:
            rule = "expected a type without padding: the legacy dialect has only Borsh"
            raise IdlError(source.path, source.name, rule, program.program.source)


def _without_nulls(value: Any) -> Any:
    """A member that is null is as good as none."""
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value


def _require_hashed(document: dict[str, Any], source: str) -> None:
    for kind, namespace in _KINDS:
        for number, entry in enumerate(document.get(kind, [])):
            expected = sighash(namespace, entry["name"])
            if bytes(entry["discriminator"]) != expected:
                path = f"$.{kind}[{number}].discriminator"
                rule = f"expected {list(expected)}, the hash of the name: the legacy dialect knows no other"
                raise IdlError(path, entry["discriminator"], rule, source)


def _camel(name: str) -> str:
    """``placeOrder``, where that leads back to the same name; else the name itself."""
    first, *rest = name.split("_")
    found = first + "".join(part[:1].upper() + part[1:] for part in rest)
    return found if snake(found) == name else name


def _documented(entry: dict[str, Any]) -> dict[str, Any]:
    return {"docs": entry["docs"]} if entry.get("docs") else {}


def _instruction(entry: dict[str, Any]) -> dict[str, Any]:
    made = {"name": _camel(entry["name"])} | _documented(entry)
    made |= {"accounts": [_account(account) for account in (entry.get("accounts") or [])]}
    made |= {"args": [_typed(arg) for arg in (entry.get("args") or [])]}
    return made | ({"returns": _type(entry["returns"])} if entry.get("returns") else {})


def _account(entry: dict[str, Any]) -> dict[str, Any]:
    name = {"name": _camel(entry["name"])}
    if "accounts" in entry:
        return name | {"accounts": [_account(inner) for inner in entry["accounts"]]}
    flags = {"isMut": entry.get("writable", False), "isSigner": entry.get("signer", False)}
    return name | flags | {"isOptional": entry.get("optional", False)} | _documented(entry)


def _typed(entry: dict[str, Any]) -> dict[str, Any]:
    """A field, an argument or a constant."""
    is_constant = entry["name"].isupper()
    name = entry["name"] if is_constant else _camel(entry["name"])
    return {"name": name} | _documented(entry) | {"type": _type(entry["type"])}


def _event(definition: dict[str, Any]) -> dict[str, Any]:
    fields = [{"name": f["name"], "type": f["type"], "index": False} for f in definition["type"]["fields"]]
    return {"name": definition["name"], "fields": fields}


def _definition(entry: dict[str, Any], path: str, source: str) -> dict[str, Any]:
    if entry.get("generics"):
        raise IdlError(f"{path}.generics", entry["generics"], "expected a type without generics", source)
    body = entry["type"]
    made: dict[str, Any] = {"kind": "alias" if body["kind"] == "type" else body["kind"]}
    if body["kind"] == "struct":
        made["fields"] = _fields(body.get("fields") or [])
    elif body["kind"] == "enum":
        made["variants"] = [_variant(variant) for variant in body["variants"]]
    else:
        made["value"] = _type(body["alias"])
    return {"name": entry["name"]} | _documented(entry) | {"type": made}


def _variant(entry: dict[str, Any]) -> dict[str, Any]:
    fields = entry.get("fields")
    return {"name": entry["name"]} | ({"fields": _fields(fields)} if fields else {})


def _fields(entries: list[Any]) -> list[Any]:
    return [_typed(e) if isinstance(e, dict) and {"name", "type"} <= e.keys() else _type(e) for e in entries]


def _type(type_: Any) -> Any:
    if isinstance(type_, str):
        return "publicKey" if type_ == "pubkey" else type_
    ((kind, inner),) = type_.items()
    if kind == "defined":
        return {"defined": inner["name"]}
    if kind == "array":
        return {"array": [_type(inner[0]), inner[1]]}
    if kind == "coption":
        return {"coption": _type(inner)}
    return {kind: _type(inner)}
