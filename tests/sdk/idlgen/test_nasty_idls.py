"""IDLs and data that someone wrote to make the generator, or a client of its, stumble."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from gdx_sdk.errors import CodecError
from gdx_sdk.idlgen import IdlError, diff_idls, generate
from gdx_sdk.idlgen.names import MEMBERS
from gdx_sdk.runtime import Account, Event, FixedAccount, Struct
from gdx_sdk.runtime.records import TaggedUnion
from tests.sdk.idlgen.conftest import check_clean

from .small_idls import alias, defined, enum, small, struct

Build = Callable[[dict[str, Any]], ModuleType]

LONG_TAG = [*range(1, 256), *range(256)]
WIDE = "価格は正の整数で、 ティックの倍数 でなければ なりません。 " * 8


def tagged(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "discriminator": [tag]} for tag, name in enumerate(names, 1)]


def call(name: str, tag: int, **parts: Any) -> dict[str, Any]:
    return {"name": name, "discriminator": [tag], "accounts": [], "args": []} | parts


def field(name: str, type_: Any) -> dict[str, Any]:
    return {"name": name, "type": type_}


def fields(name: str, *given: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "type": {"kind": "struct", "fields": list(given)}}


def nasty() -> dict[str, dict[str, Any]]:
    """By name: what each tries is in its parts."""
    window = fields("Twap", field("window", "u64"), field("decode_at", "u64"), field("owner", "pubkey"))
    ligature = fields("Größe", *(field(name, "u8") for name in ("größe", "ﬁ", "fi", "µ", "μ")))
    boxed = enum("Expr", Number=["i256"], Negate=[defined("Expr")], Add=[field("left", defined("Body"))])
    long = {"discriminator": LONG_TAG}
    return {
        "members": small(types=[window], accounts=tagged("Twap"), events=tagged("Twap")),
        "long_tags": small(
            types=[struct("Long", "u8")],
            accounts=[{"name": "Long"} | long],
            events=[{"name": "Long"} | long],
            instructions=[call("go", 1) | long, call("stay", 1, discriminator=LONG_TAG[:48])],
        ),
        "wide_docs": small(
            types=[struct("Price", "u8") | {"docs": [WIDE]}],
            instructions=[call("go", 1, docs=[WIDE])],
            errors=[{"code": 1, "name": "WrongPrice", "msg": WIDE}],
        ),
        "constants": small(
            constants=[{"name": name, "type": "u8", "value": "1"} for name in ("Final", "Pubkey", "Some")]
        ),
        "unicode": small(
            types=[ligature],
            accounts=tagged("Größe"),
            instructions=[call("ﬁ", 1, accounts=[{"name": "ﬁ"}, {"name": "fi"}], args=[field("µ", "u8")])],
        ),
        "boxed": small(
            types=[boxed, struct("Body", defined("Expr"), "u8")],
            accounts=tagged("Body"),
            events=tagged("Expr"),
        ),
        "kinds": small(
            types=[
                enum("Order", Limit=["u8"], Kind=None),
                struct("OrderKind", "u8"),
                struct("Both", *map(defined, ("Order", "OrderKind"))),
            ],
            accounts=tagged("Both"),
        ),
        "derived_names": small(
            types=[struct("Market", "pubkey")],
            accounts=tagged("Market"),
            instructions=[
                call(name, tag, returns="u8")
                for tag, name in enumerate(["order", "decode_order_return", "pdas"])
            ]
            + [
                call(
                    "settle", 10, accounts=[{"name": "market"}, {"name": "field_0", "relations": ["market"]}]
                ),
                call("resolve_settle", 11, args=[field("x", "u8")]),
                call("account_types", 12, accounts=[{"name": "market", "pda": {"seeds": []}}]),
            ],
        ),
    }


def test_clients_of_nasty_idls_are_clean(tmp_path: Path) -> None:
    paths = []
    for name, idl in nasty().items():
        idl["metadata"]["name"] = name
        paths.append(tmp_path / f"{name}.json")
        paths[-1].write_text(json.dumps(idl))
    out = tmp_path / "nasty"
    generate(paths, out)
    (out / "__init__.py").write_text("")
    check_clean(out)


def test_no_field_takes_the_place_of_a_method() -> None:
    """What a base class calls must not become a field of a generated class."""
    bases = (Struct, Account, FixedAccount, Event, TaggedUnion, type(Struct))
    public = {name for base in bases for name in dir(base) if not name.startswith("_") and name.islower()}
    assert public <= MEMBERS


def test_an_account_with_fields_named_like_methods(build: Build) -> None:
    client = build(nasty()["members"])
    twap = client.accounts.Twap
    data = twap(5, 6, client.PROGRAM_ID).encode()
    assert (twap.decode(data).window_, twap.decode(data).decode_at_) == (5, 6)
    assert (twap.window("window_").offset, twap.window("window_").length) == (1, 9)
    assert twap.decode_at(client.PROGRAM_ID, data) == twap.decode(data)


def test_long_discriminators_are_whole(build: Build) -> None:
    client = build(nasty()["long_tags"])
    tag = bytes(LONG_TAG)
    assert client.accounts.Long.decode(tag + b"\7").field_0 == 7
    assert bytes(client.instructions.go().data) == tag
    with pytest.raises(CodecError, match="discriminator"):
        client.accounts.Long.decode(tag[:-1] + b"\0\7")


def test_names_are_those_that_python_sees(build: Build) -> None:
    """Python reads ``ﬁ`` as ``fi``: names that only it takes for one are told apart."""
    size = build(nasty()["unicode"]).accounts.Größe
    value = size(*range(1, 6))
    assert size.decode(value.encode()) == value
    assert list(size.LAYOUT.names) == ["größe", "fi", "fi_", "μ", "μ_"]
    assert value.encode() == bytes([1, 1, 2, 3, 4, 5])


def test_an_enum_may_hold_itself(build: Build) -> None:
    """Rust writes ``Box<Expr>``; an IDL says only ``Expr``, and Borsh writes the bytes of that."""
    types = build(nasty()["boxed"]).types
    value = types.ExprNegate(types.ExprAdd(types.Body(types.ExprNumber(-1), 9)))
    assert value.encode() == b"\1\2\0" + b"\xff" * 32 + b"\x09"
    assert types.Expr.decode(value.encode()) == value


def test_a_type_named_like_the_kinds_of_another(build: Build) -> None:
    client = build(nasty()["kinds"])
    types = client.types
    assert types.OrderKind(7).encode() == b"\7"
    assert client.accounts.Both(types.OrderLimit(1), types.OrderKind(2)).encode() == b"\1\0\1\2"


def test_instructions_named_like_what_others_bring(build: Build) -> None:
    builders = build(nasty()["derived_names"]).instructions
    assert builders.decode_order_return(b"\5") == 5
    assert bytes(builders.decode_order_return_().data) == b"\1"
    assert bytes(builders.resolve_settle_({"x": 3}).data) == b"\x0b\3"
    assert builders.resolve_settle.__name__ == "resolve_settle"


DEEP = {"option": defined("Node")}


@pytest.mark.parametrize("what", ["account", "accounts", "event", "type", "return"])
def test_values_nested_without_end_are_a_codec_error(what: str, build: Build) -> None:
    idl = small(
        types=[struct("Node", DEEP)],
        accounts=tagged("Node"),
        events=tagged("Node"),
        instructions=[call("go", 1, returns=defined("Node"))],
    )
    client = build(idl)
    decode: dict[str, Callable[[bytes], Any]] = {
        "account": client.accounts.Node.decode,
        "accounts": lambda data: client.accounts.Node.decode_many([data]),
        "event": client.events.decode_event,
        "type": client.types.Node.decode,
        "return": client.instructions.decode_go_return,
    }
    with pytest.raises(CodecError, match="nested too deeply"):
        decode[what](b"\1" * 100_000)
    value = client.types.Node(None)
    for _ in range(5_000):
        value = client.types.Node(value)
    with pytest.raises(CodecError, match="nested too deeply"):
        value.encode()


def test_a_corrupt_count_of_empty_items_ends_at_once(build: Build) -> None:
    kind = build(small(types=[struct("Empty"), struct("Many", {"vec": defined("Empty")})])).types.Many
    assert len(kind.decode(b"\3\0\0\0").field_0) == 3
    with pytest.raises(CodecError, match="count 4294967295"):
        kind.decode(b"\xff\xff\xff\xff")


@pytest.mark.parametrize(
    "said",
    ["Program log: invoke [1]", "Program log: success", "Program return: x invoke [9]", "Program log: "],
)
def test_what_a_program_logs_hides_no_event(said: str, build: Build) -> None:
    client = build(small(types=[struct("Seen", "u8")], events=tagged("Seen")))
    own, seen = client.PROGRAM_ID, client.events.Seen(5)
    line = f"Program data: {base64.b64encode(seen.encode()).decode()}"
    logs = [f"Program {own} invoke [1]", said, line, f"Program {own} success", line]
    assert client.events.events_from_logs(logs) == [seen]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"\u{6e}\\u{6e}"', "n\\u{6e}"),
        (r'"\\0\0"', "\\0\0"),
        (r'"\x41\n\t\""', 'A\n\t"'),
        (r'"a" + "b"', r'"a" + "b"'),
        (r'"\q"', r'"\q"'),
    ],
)
def test_constants_are_read_as_rust_reads_them(text: str, value: str, build: Build) -> None:
    client = build(small(constants=[{"name": "TEXT", "type": "string", "value": text}]))
    assert value == client.constants.TEXT


RUST = [
    ("&str", '"a"', "a"),
    ("&'static str", '"a"', "a"),
    ("&[u8]", 'b"seed"', b"seed"),
    ("&'static[u8]", "&[1, 2]", b"\1\2"),
    ("usize", "1_024", 1024),
    ("isize", "-1", -1),
    ("[&str; 2]", '["a", "b"]', '["a", "b"]'),
]


@pytest.mark.parametrize("is_legacy", [False, True])
@pytest.mark.parametrize(("kind", "text", "value"), RUST, ids=[row[0] for row in RUST])
def test_types_of_rust_that_real_idls_name(
    kind: str, text: str, value: object, is_legacy: bool, build: Build
) -> None:
    """Programs have such constants; they make no IDL unreadable, and no program a native one."""
    type_ = {"defined": kind if is_legacy else {"name": kind}}
    idl = small(constants=[{"name": "VALUE", "type": type_, "value": text}])
    if is_legacy:
        idl = {"name": "small", "version": "0.1.0", "constants": idl["constants"]}
    assert value == build(idl).constants.VALUE


def test_a_size_of_rust_takes_eight_bytes(build: Build) -> None:
    sizes = struct("Sizes", defined("usize"), {"vec": defined("isize")})
    kind = build(small(types=[sizes])).types.Sizes
    assert kind(3, (-1,)).encode() == b"\3" + bytes(7) + b"\1\0\0\0" + b"\xff" * 8


GROWING = struct("Grow", {"option": defined("Grow", {"vec": {"generic": "T"}})})
GROWING["generics"] = [{"kind": "type", "name": "T"}]


def memory(type_: Any, **shape: Any) -> dict[str, Any]:
    return struct("M", type_) | {"serialization": "bytemuck", "repr": {"kind": "c"} | shape}


@pytest.mark.parametrize(
    ("types", "path", "expected"),
    [
        ([alias("A", defined("B")), alias("B", defined("A"))], "$.types[0]", "stand for itself"),
        ([alias("A", {"vec": defined("A")})], "$.types[0]", "stand for itself"),
        ([GROWING, struct("S", defined("Grow", "u8"))], "$.types[0].type.fields[0].type", "grow without end"),
        ([fields("S", {"name": "x"})], "$.types[0].type.fields[0].type", "'type', which is missing"),
        ([fields("S", {"type": "u8"})], "$.types[0].type.fields[0].name", "'name', which is missing"),
        ([memory({"coption": "u64"})], "$.types[0].type.fields[0].type", "no COption inside a bytemuck type"),
        ([memory("u8", align=3)], "$.types[0].repr.align", "a power of two"),
    ],
)
def test_broken_types(types: list[Any], path: str, expected: str, tmp_path: Path) -> None:
    file = tmp_path / "broken.json"
    file.write_text(json.dumps(small(types=types)))
    with pytest.raises(IdlError) as caught:
        generate([file], tmp_path / "out")
    assert caught.value.path == path
    assert expected in str(caught.value)
    assert str(caught.value).startswith(f"broken.json: {path} = ")


def test_of_two_idls_the_broken_one_is_named(tmp_path: Path) -> None:
    files = tmp_path / "old.json", tmp_path / "new.json"
    for file, types in zip(files, ([], [alias("A", {"vec": defined("A")})]), strict=True):
        file.write_text(json.dumps(small(types=types)))
    assert diff_idls(files[0], files[0]).changes == ()
    for old, new in (files, files[::-1]):
        with pytest.raises(IdlError, match=r"new\.json: \$\.types\[0\] = 'A'"):
            diff_idls(old, new)
