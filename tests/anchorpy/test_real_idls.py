"""Third-party IDLs that anchorpy can read: its bytes and those of our generated clients are the same."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

anchorpy = pytest.importorskip("anchorpy", reason="anchorpy is not installed: make anchorpy-test")

from gdx_sdk.idlgen import IdlError  # noqa: E402  # after the skip
from gdx_sdk.idlgen.legacy_dialect import legacy_idl  # noqa: E402
from gdx_sdk.idlgen.names import class_name  # noqa: E402
from tests.anchorpy.test_equal_bytes import plain, rebuilt  # noqa: E402
from tests.sdk.idlgen.conftest import Naive, builder_modules, load  # noqa: E402

FOLDER = Path(os.environ.get("GDX_TEST_DATA", "/nonexistent")) / "idls"
SEED = int(os.environ.get("GDX_IDL_SEED", "0")) or random.SystemRandom().randrange(1, 2**32)
KEPT_SEED = 1016  # a key in a struct in a variant (kamino_lending), which anchorpy cannot copy
SEEDS = (KEPT_SEED, *range(SEED, SEED + 4))
# Why anchorpy cannot read the others, or the older dialect cannot say them.
OUT_OF_REACH = {
    "anchor_test_generics": "anchorpy has no generics",
    "exponent_core": "its discriminators are not hashes of names, and anchorpy knows no others",
    "spl_token": "anchorpy knows no COption and no one-byte tags",
}


# anchorpy reads these to the same values, but does not write an enum inside a variant's fields back.
READ_ONLY = {"jupiter_v6", "squads_v4"}


def readable() -> list[Path]:
    return [path for path in sorted(FOLDER.glob("*.json")) if path.stem not in OUT_OF_REACH]


def text_of(path: Path) -> str:
    """The IDL in the legacy dialect."""
    idl = json.loads(path.read_text())
    return path.read_text() if "version" in idl else json.dumps(legacy_idl(path))


@pytest.mark.parametrize("path", readable(), ids=lambda path: path.stem)
def test_the_same_bytes(path: Path, tmp_path: Path) -> None:
    idl = json.loads(path.read_text())
    instructions, accounts = coders(text_of(path))
    (client,) = load([path], tmp_path)
    checked, modules = 0, builder_modules(client, idl)
    for seed in SEEDS:
        twin = Naive(idl, seed)
        for entry in idl["instructions"]:
            values, body = twin.record(entry["args"], {})
            module = modules[entry["name"]]
            data = module.DISCRIMINATOR + body
            parsed = instructions.parse(data)
            assert normal(plain(parsed.data)) == normal(values), f"{entry['name']}, GDX_IDL_SEED={SEED}"
            if path.stem not in READ_ONLY:
                assert rebuilt(instructions, parsed) == data, f"{entry['name']}, seed {seed}"
            if entry["args"]:
                assert module._ARGS.encode(*module._ARGS.read(body, 0)[0]) == body
            checked += 1
        for entry in idl["accounts"]:
            values, body = twin.tagged(entry) if "type" not in entry else twin.struct(entry, {})
            kind = getattr(client.accounts, class_name(entry["name"]))
            data = kind.DISCRIMINATOR + body
            parsed = accounts.parse(data)
            assert normal(plain(parsed.data)) == normal(values), f"{entry['name']}, GDX_IDL_SEED={SEED}"
            assert path.stem in READ_ONLY or rebuilt(accounts, parsed) == data
            assert kind.decode(data).encode() == data
            checked += 1
    every = len(idl["instructions"]) + len(idl.get("accounts", []))
    print(f"{path.stem}: {checked} instructions and accounts equal ({every} kinds), GDX_IDL_SEED={SEED}")
    assert checked == every * len(SEEDS) > 0


def normal(value: Any) -> Any:
    """Bytes as numbers, and a variant without fields as its tag: anchorpy does not tell these apart."""
    if isinstance(value, bytes):
        return tuple(value)
    if not isinstance(value, tuple):
        return value
    if len(value) == 2 and type(value[0]) is int and value[1] == ():
        return value[0]
    return tuple(normal(item) for item in value)


@pytest.mark.parametrize("name", sorted(OUT_OF_REACH))
def test_those_out_of_reach_are_so(name: str) -> None:
    """The list is not longer than it has to be."""
    path = FOLDER / f"{name}.json"
    if not path.exists():
        pytest.skip("real IDLs are not here: set GDX_TEST_DATA to the folder that holds idls/")
    print(f"{name}: not compared with anchorpy, {OUT_OF_REACH[name]}")
    with pytest.raises((IdlError, ValueError)) as caught:
        coders(text_of(path))
    print(type(caught.value).__name__, str(caught.value)[:200])


def coders(text: str) -> tuple[Any, Any]:
    """anchorpy's coders of instructions and accounts; it raises for what it cannot read."""
    found = anchorpy.Idl.from_json(text)
    return anchorpy.InstructionCoder(found), anchorpy.AccountsCoder(found)
