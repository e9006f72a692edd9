"""anchorpy and our client: the same bytes for every instruction and account (`make anchorpy-test`)."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

anchorpy = pytest.importorskip("anchorpy", reason="anchorpy is not installed: make anchorpy-test")

from solders.keypair import Keypair  # noqa: E402  # after the skip
from solders.pubkey import Pubkey  # noqa: E402

from gdx_sdk.anchorpy import program  # noqa: E402
from gdx_sdk.programs import PROGRAM_IDS  # noqa: E402
from tests.sdk.idlgen.conftest import Naive  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
SEEDS = range(8)


def provider() -> Any:
    """One that is never asked: nothing here sends."""
    wallet = anchorpy.Wallet(Keypair.from_seed(bytes([1] * 32)))
    return anchorpy.Provider(anchorpy.provider.AsyncClient("http://127.0.0.1:9"), wallet)


def document(name: str) -> dict[str, Any]:
    return dict(json.loads((ROOT / "idl" / f"{name}.json").read_text()))


def plain(value: Any) -> Any:
    """What anchorpy parsed, as the naive reading has it."""
    if isinstance(value, Pubkey):
        return bytes(value)
    if hasattr(value, "_sumtype_attribs"):
        fields = getattr(value, "tuple_data", None)
        given = [getattr(value, a.name) for a in value.__attrs_attrs__] if fields is None else fields
        return value.index, tuple(map(plain, given))
    if hasattr(value, "items"):
        return tuple(plain(item) for key, item in value.items() if not str(key).startswith("_"))
    if hasattr(value, "__dataclass_fields__"):
        return tuple(plain(getattr(value, name)) for name in value.__dataclass_fields__)
    if isinstance(value, list | tuple):
        return tuple(plain(item) for item in value)
    return value


def dicts(value: Any) -> Any:
    """Structs as dicts: anchorpy copies its own dataclasses deeply, which solders' keys do not allow."""
    if hasattr(value, "_sumtype_attribs"):  # a variant, which anchorpy wants as such
        return type(value)(**{a.name: dicts(getattr(value, a.name)) for a in value.__attrs_attrs__})
    if hasattr(value, "__dataclass_fields__"):
        return {name.rstrip("_"): dicts(getattr(value, name)) for name in value.__dataclass_fields__}
    if hasattr(value, "items"):
        return {key: dicts(item) for key, item in value.items() if not str(key).startswith("_")}
    return [dicts(item) for item in value] if isinstance(value, list | tuple) else value


def rebuilt(coder: Any, parsed: Any) -> bytes:
    """What anchorpy writes for the values it read."""
    return bytes(coder.build(type(parsed)(name=parsed.name, data=dicts(parsed.data))))


def as_lists(value: Any) -> Any:
    """Bytes as numbers: anchorpy reads an array of bytes as a list of them."""
    if isinstance(value, bytes):
        return tuple(value)
    return tuple(as_lists(item) for item in value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("name", sorted(PROGRAM_IDS))
def test_every_instruction(name: str) -> None:
    """Random arguments: both read the same values in them and write the same bytes."""
    coder, idl = program(name, provider()).coder.instruction, document(name)
    for seed in SEEDS:
        twin = Naive(idl, seed)
        for entry in idl["instructions"]:
            values, body = twin.record(entry["args"], {})
            data = bytes(entry["discriminator"]) + body
            parsed = coder.parse(data)
            assert parsed.name == entry["name"]
            assert as_lists(plain(parsed.data)) == as_lists(values), f"{entry['name']}, seed {seed}"
            assert rebuilt(coder, parsed) == data
            assert ours(name, entry, body) == data, f"{entry['name']}, seed {seed}"


def ours(name: str, entry: dict[str, Any], body: bytes) -> bytes:
    """The data of the instruction that our client builds from the same arguments."""
    module = import_module(f"gdx_sdk._generated.{name}.instructions.{entry['name']}")
    accounts = {account["name"]: Pubkey.default() for account in entry["accounts"]}
    if not entry["args"]:
        return bytes(getattr(module, entry["name"])(accounts).data)
    values, end = module._ARGS.read(body, 0)
    assert end == len(body)
    args = dict(zip(module._ARGS.names, values, strict=True))
    return bytes(getattr(module, entry["name"])(args, accounts).data)


@pytest.mark.parametrize("name", sorted(PROGRAM_IDS))
def test_every_account(name: str) -> None:
    coder, idl = program(name, provider()).coder.accounts, document(name)
    accounts = import_module(f"gdx_sdk._generated.{name}.accounts")
    for seed in SEEDS:
        twin = Naive(idl, seed)
        for entry in idl["accounts"]:
            values, body = twin.tagged(entry)
            data = bytes(entry["discriminator"]) + body
            parsed = coder.parse(data)
            assert parsed.name == entry["name"]
            assert as_lists(plain(parsed.data)) == as_lists(values), f"{entry['name']}, seed {seed}"
            assert rebuilt(coder, parsed) == data
            assert getattr(accounts, entry["name"]).decode(data).encode() == data


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tests/programs/layouts/accounts").glob("*.bin")), ids=lambda p: p.stem
)
def test_accounts_that_exist(path: Path) -> None:
    """The kept accounts of every present layout, read by anchorpy and written again."""
    name, kind, _ = path.stem.split(".")
    data, accounts = path.read_bytes(), import_module(f"gdx_sdk._generated.{name}.accounts")
    if len(data) != getattr(accounts, kind).SIZE:
        pytest.skip(f"{path.stem} has been outgrown; its migration is tested with the programs")
    coder = program(name, provider()).coder.accounts
    assert rebuilt(coder, coder.parse(data)) == data


@pytest.mark.parametrize("name", sorted(PROGRAM_IDS))
def test_metas_of_an_instruction(name: str) -> None:
    """Order and flags of every instruction's accounts, as anchorpy sends them."""
    made, idl = program(name, provider()), document(name)
    for entry in idl["instructions"]:
        if any(account.get("optional") for account in entry["accounts"]):
            continue  # anchorpy cannot leave one out
        keys = {
            account["name"]: Pubkey.from_bytes(bytes([i + 1] * 32))
            for i, account in enumerate(entry["accounts"])
        }
        body = Naive(idl, 1).record(entry["args"], {})[1]
        parsed = made.coder.instruction.parse(bytes(entry["discriminator"]) + body)
        args = dicts(parsed.data).values()
        built = made.instruction[entry["name"]](*args, ctx=anchorpy.Context(accounts=keys))
        module = import_module(f"gdx_sdk._generated.{name}.instructions.{entry['name']}")
        given = (
            [dict(zip(module._ARGS.names, module._ARGS.read(body, 0)[0], strict=True))]
            if entry["args"]
            else []
        )
        mine = getattr(module, entry["name"])(*given, keys)
        assert list(built.accounts) == list(mine.accounts), entry["name"]
        assert (bytes(built.data), built.program_id) == (bytes(mine.data), mine.program_id), entry["name"]
