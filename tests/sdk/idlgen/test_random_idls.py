"""Any IDL: random ones, with names and docs that generated code could trip over, work and are clean."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gdx_sdk.idlgen import generate

from .conftest import Naive, check_clean, load, plain
from .random_idls import programs
from .small_idls import small, struct
from .test_round_trip import check_instructions, check_records

SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]


def client_of(idl: dict[str, Any], root: Path) -> ModuleType:
    """Generate and import, every module of it."""
    path = root / "idl.json"
    path.write_text(json.dumps(idl))
    client = load([path], root)[0]
    for module in ("accounts", "constants", "errors", "events", "instructions", "pdas", "types"):
        found = getattr(client, module)
        assert all(hasattr(found, name) for name in getattr(found, "__all__", ()))
    return client


@settings(max_examples=15, suppress_health_check=SLOW)
@given(idl=programs())
def test_random_values_of_random_idls_round_trip(idl: dict[str, Any], generated_root: Path) -> None:
    client = client_of(idl, generated_root)
    check_records(client, idl, Naive, plain, seeds=range(4))
    check_instructions(client, idl, Naive, seeds=range(4))


@settings(max_examples=1, suppress_health_check=SLOW)
@given(idls=st.lists(programs(), min_size=8, max_size=8))
def test_clients_of_random_idls_are_clean(
    idls: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """As the formatter leaves them, no lint, strict types, the same on a second run."""
    root = tmp_path_factory.mktemp("random")
    paths = [root / f"{number}.json" for number in range(len(idls))]
    for number, (path, idl) in enumerate(zip(paths, idls, strict=True)):
        idl["metadata"]["name"] = f"random_{number}"
        path.write_text(json.dumps(idl))
    out = root / "clients"
    generate(paths, out)
    (out / "__init__.py").write_text("")
    before = {path: path.read_bytes() for path in out.rglob("*.py")}
    generate(paths, out)
    assert {path: path.read_bytes() for path in out.rglob("*.py")} == before
    check_clean(out)


Build = Callable[[dict[str, Any]], ModuleType]


def test_options_inside_options_tell_every_none_apart(build: Build) -> None:
    """What a random IDL found: an option of a COption lost which of the two was absent."""
    from gdx_sdk.runtime import Some

    three = {"option": {"option": {"option": "u8"}}}
    client = build(small(types=[struct("S", {"option": {"coption": "u8"}}, three)]))
    kind = client.types.S
    for value, data in [
        (kind(None, None), "0000"),
        (kind(Some(None), Some(None)), "0100000000000100"),
        (kind(Some(7), Some(Some(None))), "010100000007010100"),
        (kind(None, Some(Some(9))), "0001010109"),
    ]:
        assert value.encode().hex() == data
        assert kind.decode(bytes.fromhex(data)) == value


def test_a_type_that_only_an_alias_uses_is_there(build: Build) -> None:
    grid = {
        "name": "Grid",
        "generics": [{"kind": "type", "name": "T"}],
        "type": {"kind": "struct", "fields": [{"name": "cell", "type": {"generic": "T"}}]},
    }
    used = {"defined": {"name": "Grid", "generics": [{"kind": "type", "type": "u16"}]}}
    alias = {"name": "Cells", "type": {"kind": "type", "alias": used}}
    client = build(small(types=[grid, alias]))
    assert client.types.GridU16(5).encode() == b"\5\0"
    assert client.types.Cells is client.types.GridU16


def test_a_group_without_accounts_adds_nothing(build: Build) -> None:
    accounts = [{"name": "empty", "accounts": []}, {"name": "owner", "signer": True}]
    call = {"name": "go", "discriminator": [1], "accounts": accounts, "args": []}
    alone = call | {"name": "stay", "discriminator": [2], "accounts": accounts[:1]}
    client = build(small(instructions=[call, alone]))
    owner = client.PROGRAM_ID
    assert [meta.pubkey for meta in client.instructions.go({"owner": owner}).accounts] == [owner]
    assert client.instructions.stay().accounts == []


def test_names_that_differ_only_in_spelling(build: Build) -> None:
    """Rust could have them; each gets a class, a module and a builder of its own."""
    calls = [
        {"name": name, "discriminator": [tag], "accounts": [{"name": "owner"}], "args": [], "returns": "u8"}
        for tag, name in enumerate(["place_order", "placeOrder", "PlaceOrder"])
    ]
    kinds = [struct("Order", "u8"), struct("order", "u16"), struct("名前", "u32"), struct("_", "u64")]
    tagged = [{"name": kind["name"], "discriminator": [tag]} for tag, kind in enumerate(kinds)]
    client = build(small(instructions=calls, accounts=tagged, events=tagged, types=kinds))
    builders = client.instructions
    for tag, name in enumerate(["place_order", "place_order_2", "place_order_3"]):
        assert bytes(getattr(builders, name)({"owner": client.PROGRAM_ID}).data) == bytes([tag])
        assert getattr(builders, f"decode_{name}_return")(b"\7") == 7
    any_event = struct("AnyEvent", "u8")
    renamed = build(small(events=[{"name": "AnyEvent", "discriminator": [9]}], types=[any_event]))
    assert renamed.events.decode_event(b"\x09\1") == renamed.events.AnyEvent_2(1)
    for module in (client.accounts, client.events):
        found = [getattr(module, name) for name in ("Order", "Order_2", "名前", "_")]
        assert [
            kind.decode(bytes([tag, 1] + [0] * 7)[: 2**tag + 1]).field_0 for tag, kind in enumerate(found)
        ] == [1] * 4


async def test_discriminators_that_begin_one_another(build: Build) -> None:
    """The longer one tells: of two accounts, and of two events."""
    from types import SimpleNamespace

    from gdx_sdk.runtime import ChainLookup

    kinds = [struct("Short", "u8", "u8"), struct("Long", "u8")]
    tagged = [{"name": "Short", "discriminator": [1]}, {"name": "Long", "discriminator": [1, 2]}]
    calls = [{"name": k["name"].lower(), "discriminator": k["discriminator"], "accounts": []} for k in tagged]
    client = build(small(instructions=calls, accounts=tagged, events=tagged, types=kinds))
    assert client.events.decode_event(b"\1\2\3") == client.events.Long(3)
    assert client.events.decode_event(b"\1\3\4") == client.events.Short(3, 4)
    assert [bytes(client.instructions.short().data), bytes(client.instructions.long().data)] == [
        b"\1",
        b"\1\2",
    ]

    class Chain:
        async def get_account_info(self, pubkey: Any, commitment: Any = None) -> Any:
            account = SimpleNamespace(data=b"\1\2\7", owner=client.PROGRAM_ID)
            return SimpleNamespace(value=account)

        async def get_multiple_accounts(self, pubkeys: Any, commitment: Any = None) -> Any:
            raise NotImplementedError

    lookup = ChainLookup(Chain(), client.accounts.Short, client.accounts.Long)
    assert await lookup.field(client.PROGRAM_ID, "field_0") == 7
