"""Every account, event and instruction: the generated codecs against a naive reading of the same IDL."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from solders.pubkey import Pubkey

from gdx_sdk.idlgen.names import class_name, field_name, unique
from tests.sdk.idlgen.conftest import builder_modules

SEEDS = range(12)


def check_records(
    client: ModuleType,
    idl: dict[str, Any],
    naive: Any,
    as_plain: Callable[[Any], Any],
    seeds: Iterable[int] = SEEDS,
) -> int:
    """Random bytes of every account and event decode to the naive values and encode to the same bytes."""
    checked = 0
    for seed in seeds:
        twin = naive(idl, seed)
        for kind, module in (("accounts", client.accounts), ("events", client.events)):
            for entry in idl.get(kind, []):
                cls = getattr(module, class_name(entry["name"]))
                values, body = twin.tagged(entry)
                data = cls.DISCRIMINATOR + body
                what = f"{entry['name']}, seed {seed}"
                decoded = cls.decode(data)
                assert as_plain(decoded) == values, what
                assert decoded.encode() == data, what
                assert decoded == cls.decode(data), what
                assert cls.SIZE in (None, len(data) if kind == "accounts" else len(body)), what
                checked += 1
    return checked


def check_instructions(
    client: ModuleType, idl: dict[str, Any], naive: Any, seeds: Iterable[int] = SEEDS
) -> int:
    """Random arguments of every instruction give the naive bytes after the discriminator."""
    checked, modules = 0, builder_modules(client, idl)
    for seed in seeds:
        twin = naive(idl, seed)
        for entry in idl["instructions"]:
            module = modules[entry["name"]]
            name = module.__name__.rpartition(".")[2]
            _, body = twin.record(entry["args"], {})
            args = {}
            if entry["args"]:
                values, end = module._ARGS.read(body, 0)
                assert end == len(body), f"{name}, seed {seed}"
                args = dict(zip(module._ARGS.names, values, strict=True))
                assert list(args) == unique([field_name(arg["name"]) for arg in entry["args"]])
            instruction = invoke(getattr(client.instructions, name), entry, args)
            assert bytes(instruction.data) == module.DISCRIMINATOR + body, f"{name}, seed {seed}"
            checked += 1
    return checked


def invoke(builder: Callable[..., Any], entry: dict[str, Any], args: dict[str, Any]) -> Any:
    """Call a builder with every account given."""
    given: list[Any] = [args] if args else []
    if accounts := all_accounts(entry["accounts"]):
        given.append(accounts)
    needs_program = "program_id" in builder.__annotations__ and "PROGRAM_ID" not in builder.__globals__
    return builder(*given, *([Pubkey.new_unique()] if needs_program else []))


def all_accounts(items: list[Any]) -> dict[str, Any]:
    names = unique([field_name(item["name"]) for item in items])
    given = {
        name: all_accounts(item["accounts"]) if "accounts" in item else Pubkey.new_unique()
        for name, item in zip(names, items, strict=True)
    }
    return {name: value for name, value in given.items() if value != {}}  # a group without accounts is none


@pytest.mark.parametrize("name", ["features", "legacy"])
def test_our_own_idls(
    name: str, request: pytest.FixtureRequest, idls: Path, naive: Any, as_plain: Callable[[Any], Any]
) -> None:
    client = request.getfixturevalue(name)
    idl = json.loads((idls / f"{name}.json").read_text())
    assert check_records(client, idl, naive, as_plain) >= 3 * len(SEEDS)
    assert check_instructions(client, idl, naive) == len(idl["instructions"]) * len(SEEDS)


def test_real_idls(
    third_party: Path, third_party_clients: dict[str, ModuleType], naive: Any, as_plain: Callable[[Any], Any]
) -> None:
    checked = 0
    for path in sorted(third_party.glob("*.json")):
        idl = json.loads(path.read_text())
        if path.stem == "spl_token":
            continue  # native: other tags and codecs, tested by themselves
        client = third_party_clients[path.stem]
        checked += check_records(client, idl, naive, as_plain)
        checked += check_instructions(client, idl, naive)
    assert checked > 5_000
