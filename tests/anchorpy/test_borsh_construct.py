"""Random values of every type: our bytes are borsh-construct's, for our programs and third parties' IDLs."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from enum import IntEnum
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("borsh_construct", reason="borsh-construct is not installed: make anchorpy-test")

from gdx_sdk.idlgen.names import class_name  # after the skip
from tests.anchorpy.borsh import Borsh, Unsayable
from tests.sdk.idlgen.conftest import Naive, builder_modules, load, plain

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = [
    ROOT / "idl",
    ROOT / "tests/sdk/idlgen/idls",
    Path(os.environ.get("GDX_TEST_DATA", "/nonexistent")) / "idls",
]
IDLS = [path for folder in FOLDERS for path in sorted(folder.glob("*.json"))]
SEED = int(os.environ.get("GDX_IDL_SEED", "0")) or random.SystemRandom().randrange(1, 2**32)
ROUNDS = 3
# Reasons for which borsh-construct cannot be asked; any other is a failure.
BEYOND = {
    "u256",
    "i256",
    "coption",
    "bytemuck",
    "option of an option",
    "type that contains itself",
    "COption",
}


@pytest.mark.parametrize("path", IDLS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_same_bytes(path: Path, tmp_path: Path) -> None:
    idl = json.loads(path.read_text())
    (client,) = load([path], tmp_path)
    checked, beyond = 0, Counter[str]()
    for number in range(ROUNDS):
        twin, borsh = Naive(idl, SEED + number), Borsh(idl)
        for what, members, ours in things(idl, client):
            try:
                borsh.record(members, {})
            except Unsayable as error:
                beyond[str(error)] += 1
                continue
            values, body = twin.record(members, {})
            said = f"{path.stem}: {what}, GDX_IDL_SEED={SEED + number}"
            assert borsh.encode(members, values) == body, said
            found, again = ours(body)
            assert (found, again) == (values, body), said
            checked += 1
    print(
        f"{path.stem}: {checked} records equal, beyond borsh-construct: {dict(beyond)}, GDX_IDL_SEED={SEED}"
    )
    assert checked > 0
    assert set(beyond) <= BEYOND


def things(idl: dict[str, Any], client: Any) -> Any:
    """Every list of fields of an IDL, with how our client reads and writes its bytes."""
    definitions = {t["name"]: t for t in [*idl.get("types", []), *idl.get("accounts", [])] if "type" in t}
    for kind, module in (("accounts", client.accounts), ("events", client.events)):
        for entry in idl.get(kind, []):
            definition = definitions.get(entry["name"], {})
            fields = entry.get("fields") or definition.get("type", {}).get("fields", [])
            cls = getattr(module, class_name(entry["name"]))
            if definition.get("serialization", "borsh") == "borsh":
                yield entry["name"], fields, lambda body, cls=cls: tagged(cls, body)
    for entry in idl.get("types", []):
        if entry["type"]["kind"] in ("struct", "enum") and not entry.get("generics"):
            cls = getattr(client.types, class_name(entry["name"]), None)
            inner = entry["name"] if "version" in idl else {"name": entry["name"]}
            if cls is not None and entry.get("serialization", "borsh") == "borsh":
                yield entry["name"], [{"defined": inner}], lambda body, cls=cls: bare(cls, body)
    modules = builder_modules(client, idl)
    for entry in idl["instructions"]:
        if entry["args"] and idl.get("name") != "spl_token":  # its arguments are not all Borsh
            layout = modules[entry["name"]]._ARGS
            yield entry["name"], entry["args"], lambda body, layout=layout: arguments(layout, body)


def tagged(cls: Any, body: bytes) -> tuple[Any, bytes]:
    value = cls.decode(cls.DISCRIMINATOR + body)
    return plain(value), value.encode()[len(cls.DISCRIMINATOR) :]


def bare(cls: Any, body: bytes) -> tuple[Any, bytes]:
    if issubclass(cls, IntEnum):
        return (int(cls(body[0])),), bytes([cls(body[0])])
    value, end = cls.read(body, 0)
    assert end == len(body)
    return (plain(value),), value.encode()


def arguments(layout: Any, body: bytes) -> tuple[Any, bytes]:
    values, end = layout.read(body, 0)
    assert end == len(body)
    return tuple(map(plain, values)), layout.encode(*values)
