"""Two IDLs of one program, and ways to change them: what breaks clients, by kind and JSON path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Edit = Callable[[Any], object]
ADDRESS = "Stake11111111111111111111111111111111111111"
OTHER = "Vote111111111111111111111111111111111111111"


def struct(name: str, **fields: Any) -> dict[str, Any]:
    members = [{"name": field, "type": type_} for field, type_ in fields.items()]
    return {"name": name, "type": {"kind": "struct", "fields": members}}


def zero_copy(name: str, **fields: Any) -> dict[str, Any]:
    return {"serialization": "bytemuck", "repr": {"kind": "c"}} | struct(name, **fields)


def modern() -> dict[str, Any]:
    """An IDL of spec 0.1.0 with one of everything that can change."""
    return {
        "address": ADDRESS,
        "metadata": {"name": "shop", "version": "0.1.0", "spec": "0.1.0"},
        "instructions": [
            {
                "name": "buy",
                "discriminator": [1] * 8,
                "accounts": [
                    {"name": "owner", "signer": True},
                    {"name": "shop", "writable": True, "relations": ["owner"]},
                    {
                        "name": "vault",
                        "pda": {
                            "seeds": [{"kind": "const", "value": [1]}, {"kind": "account", "path": "shop"}]
                        },
                    },
                    {"name": "clerk", "accounts": [{"name": "badge"}, {"name": "token", "optional": True}]},
                    {"name": "system_program", "address": "11111111111111111111111111111111"},
                ],
                "args": [
                    {"name": "amount", "type": "u64"},
                    {"name": "how", "type": {"defined": {"name": "How"}}},
                ],
                "returns": "u64",
            },
            {"name": "shut", "discriminator": [2] * 8, "accounts": [], "args": []},
        ],
        "accounts": [
            {"name": "Shop", "discriminator": [3] * 8},
            {"name": "Stock", "discriminator": [4] * 8},
            {"name": "Till", "discriminator": [5] * 8},
        ],
        "events": [{"name": "Bought", "discriminator": [6] * 8}, {"name": "Shut", "discriminator": [7] * 8}],
        "errors": [
            {"code": 6000, "name": "TooSmall", "msg": "too small"},
            {"code": 6001, "name": "TooLarge", "msg": "too large"},
        ],
        "types": [
            zero_copy(
                "Shop", owner="pubkey", sold="u64", layout_version="u8", reserved={"array": ["u8", 23]}
            ),
            zero_copy("Stock", owner="pubkey", count="u64"),
            struct("Till", owner="pubkey", names={"vec": "string"}, open="bool"),
            struct("Bought", owner="pubkey", amount="u64"),
            struct("Shut", at="i64"),
            struct("How", fast="bool", kind={"defined": {"name": "Kind"}}),
            {
                "name": "Kind",
                "type": {
                    "kind": "enum",
                    "variants": [
                        {"name": "Cash"},
                        {"name": "Card", "fields": [{"name": "pin", "type": "u16"}]},
                    ],
                },
            },
            {
                "name": "Pair",
                "generics": [{"kind": "type", "name": "T"}],
                "type": {"kind": "struct", "fields": [{"name": "a", "type": {"generic": "T"}}]},
            },
            {"name": "Atoms", "type": {"kind": "type", "alias": "u64"}},
            struct("Alone", x="u8"),
        ],
        "constants": [{"name": "MAX", "type": "u64", "value": "10"}],
    }


def legacy() -> dict[str, Any]:
    """The same program in the dialect of Anchor up to 0.29, as far as that says as much."""
    return {
        "version": "0.1.0",
        "name": "shop",
        "metadata": {"address": ADDRESS},
        "instructions": [
            {
                "name": "buyNow",
                "accounts": [
                    {"name": "owner", "isMut": False, "isSigner": True},
                    {
                        "name": "shopVault",
                        "isMut": True,
                        "isSigner": False,
                        "pda": {"seeds": [{"kind": "const", "type": "string", "value": "vault"}]},
                    },
                ],
                "args": [{"name": "amount", "type": "u64"}],
            }
        ],
        "accounts": [struct("Shop", owner="publicKey", sold="u64")],
        "events": [{"name": "Bought", "fields": [{"name": "amount", "type": "u64", "index": False}]}],
        "types": [
            {"name": "Kind", "type": {"kind": "enum", "variants": [{"name": "Cash"}, {"name": "Card"}]}}
        ],
        "errors": [{"code": 6000, "name": "TooSmall", "msg": "too small"}],
    }


def at(idl: Any, path: str) -> Any:
    """The node at `instructions.0.args`."""
    for part in path.split("."):
        idl = idl[int(part)] if part.isdigit() else idl[part]
    return idl


def put(path: str, value: Any) -> Edit:
    parent, _, last = path.rpartition(".")

    def edit(idl: Any) -> None:
        node = at(idl, parent) if parent else idl
        node[int(last) if last.isdigit() else last] = value

    return edit


def drop(path: str) -> Edit:
    parent, _, last = path.rpartition(".")
    return lambda idl: at(idl, parent).pop(int(last) if last.isdigit() else last)


def insert(path: str, index: int, value: Any) -> Edit:
    return lambda idl: at(idl, path).insert(index, value)


def append(path: str, value: Any) -> Edit:
    return lambda idl: at(idl, path).append(value)


def swap(path: str) -> Edit:
    """Exchange the first two elements."""

    def edit(idl: Any) -> None:
        items = at(idl, path)
        items[0], items[1] = items[1], items[0]

    return edit


def carve(idl: Any) -> None:
    """A byte of the 23 reserved ones becomes a field."""
    put(f"{SHOP}.3", {"name": "seen", "type": "u8"})(idl)
    append(SHOP, {"name": "reserved", "type": {"array": ["u8", 22]}})(idl)


FIELD = {"name": "extra", "type": "u64"}
BUY, SHOP, STOCK, TILL = "instructions.0", "types.0.type.fields", "types.1.type.fields", "types.2.type.fields"
HOW, KIND, BOUGHT = "types.5.type.fields", "types.6.type.variants", "types.3.type.fields"
ONE_SEED = {"seeds": [{"kind": "const", "value": [9]}]}
NEW_ACCOUNT = {"name": "extra", "writable": True}

# name, edit of the new IDL, kind of the breaking change that must be among those reported, its JSON path
BAD: list[tuple[str, Edit, str, str]] = [
    ("program address", put("address", OTHER), "program-address", "$.address"),
    ("program name", put("metadata.name", "kiosk"), "program-renamed", "$.metadata.name"),
    ("instruction removed", drop("instructions.1"), "instruction-removed", "$.instructions[1]"),
    ("instruction renamed", put(f"{BUY}.name", "get"), "instruction-renamed", "$.instructions[0].name"),
    (
        "instruction discriminator",
        put(f"{BUY}.discriminator", [9] * 8),
        "discriminator-changed",
        "$.instructions[0].discriminator",
    ),
    ("returns", put(f"{BUY}.returns", "u32"), "returns-changed", "$.instructions[0].returns"),
    ("no returns", drop(f"{BUY}.returns"), "returns-changed", "$.instructions[0].returns"),
    ("argument added", append(f"{BUY}.args", FIELD), "argument-added", "$.instructions[0].args[2]"),
    ("argument removed", drop(f"{BUY}.args.0"), "argument-removed", "$.instructions[0].args[0]"),
    (
        "argument retyped",
        put(f"{BUY}.args.0.type", "i64"),
        "argument-retyped",
        "$.instructions[0].args[0].type",
    ),
    (
        "argument renamed",
        put(f"{BUY}.args.0.name", "n"),
        "argument-renamed",
        "$.instructions[0].args[0].name",
    ),
    ("arguments swapped", swap(f"{BUY}.args"), "argument-moved", "$.instructions[0].args[0]"),
    ("slot removed", drop(f"{BUY}.accounts.1"), "account-slot-removed", "$.instructions[0].accounts[1]"),
    ("slots swapped", swap(f"{BUY}.accounts"), "account-slot-moved", "$.instructions[0].accounts[0]"),
    (
        "slot renamed",
        put(f"{BUY}.accounts.0.name", "payer"),
        "account-slot-renamed",
        "$.instructions[0].accounts[0].name",
    ),
    (
        "slot in a group renamed",
        put(f"{BUY}.accounts.3.accounts.0.name", "card"),
        "account-slot-renamed",
        "$.instructions[0].accounts[3].accounts[0].name",
    ),
    (
        "slot becomes signer",
        put(f"{BUY}.accounts.1.signer", True),
        "account-slot-signer",
        "$.instructions[0].accounts[1]",
    ),
    (
        "slot becomes writable",
        put(f"{BUY}.accounts.0.writable", True),
        "account-slot-writable",
        "$.instructions[0].accounts[0]",
    ),
    (
        "slot becomes required",
        put(f"{BUY}.accounts.3.accounts.1.optional", False),
        "account-slot-required",
        "$.instructions[0].accounts[3].accounts[1]",
    ),
    (
        "required slot appended",
        append(f"{BUY}.accounts", NEW_ACCOUNT),
        "account-slot-added",
        "$.instructions[0].accounts[5]",
    ),
    (
        "optional slot before others",
        insert(f"{BUY}.accounts", 0, NEW_ACCOUNT | {"optional": True}),
        "account-slot-added",
        "$.instructions[0].accounts[0]",
    ),
    (
        "fixed address",
        put(f"{BUY}.accounts.4.address", OTHER),
        "account-slot-address",
        "$.instructions[0].accounts[4].address",
    ),
    ("seeds", put(f"{BUY}.accounts.2.pda", ONE_SEED), "pda-changed", "$.instructions[0].accounts[2].pda"),
    (
        "seeds' program",
        put(f"{BUY}.accounts.2.pda.program", {"kind": "account", "path": "shop"}),
        "pda-changed",
        "$.instructions[0].accounts[2].pda",
    ),
    ("account removed", drop("accounts.0"), "account-removed", "$.accounts[0]"),
    (
        "account discriminator",
        put("accounts.0.discriminator", [9]),
        "discriminator-changed",
        "$.accounts[0].discriminator",
    ),
    (
        "account renamed",
        lambda idl: (put("accounts.1.name", "Goods")(idl), put("types.1.name", "Goods")(idl)),
        "account-renamed",
        "$.accounts[1].name",
    ),
    ("field removed", drop(f"{STOCK}.1"), "field-removed", "$.types[1].type.fields[1]"),
    ("field renamed", put(f"{STOCK}.1.name", "number"), "field-renamed", "$.types[1].type.fields[1].name"),
    ("field retyped", put(f"{STOCK}.1.type", "i64"), "field-retyped", "$.types[1].type.fields[1].type"),
    ("fields swapped", swap(STOCK), "field-moved", "$.types[1].type.fields[0]"),
    ("field of a Borsh account swapped", swap(TILL), "field-moved", "$.types[2].type.fields[0]"),
    ("field inserted", insert(TILL, 2, FIELD), "field-inserted", "$.types[2].type.fields[2]"),
    ("account without a version grows", append(STOCK, FIELD), "account-grown", "$.types[1].type.fields[2]"),
    (
        "Borsh account without a version grows",
        append(TILL, FIELD),
        "account-grown",
        "$.types[2].type.fields[3]",
    ),
    ("reserved space is lost", drop(f"{SHOP}.3"), "shrunk", "$.types[0]"),
    (
        "a field eats bytes in front of the reserved ones",
        put(f"{SHOP}.1", {"name": "sold", "type": "u32"}),
        "field-retyped",
        "$.types[0].type.fields[1].type",
    ),
    (
        "layout of a zero-copy account packed",
        lambda idl: (put(f"{SHOP}.1.type", "u32")(idl), put("types.0.repr.packed", True)(idl)),
        "field-moved",
        "$.types[0].type.fields[2]",
    ),
    ("event removed", drop("events.1"), "event-removed", "$.events[1]"),
    (
        "event discriminator",
        put("events.0.discriminator", [9] * 8),
        "discriminator-changed",
        "$.events[0].discriminator",
    ),
    (
        "event field retyped",
        put(f"{BOUGHT}.1.type", "u32"),
        "field-retyped",
        "$.types[3].type.fields[1].type",
    ),
    ("event grows", append(BOUGHT, FIELD), "event-grown", "$.types[3].type.fields[2]"),
    ("error removed", drop("errors.1"), "error-removed", "$.errors[1]"),
    ("error renumbered", put("errors.1.code", 6002), "error-renumbered", "$.errors[1].code"),
    ("error renamed", put("errors.1.name", "Large"), "error-renamed", "$.errors[1].name"),
    (
        "error inserted",
        put(
            "errors",
            [
                {"code": 6000, "name": "New"},
                {"code": 6001, "name": "TooSmall"},
                {"code": 6002, "name": "TooLarge"},
            ],
        ),
        "error-renumbered",
        "$.errors[1].code",
    ),
    ("variant removed", put(KIND, [{"name": "Cash"}]), "variant-removed", "$.types[6].type.variants[1]"),
    ("variants swapped", swap(KIND), "variant-moved", "$.types[6].type.variants[0]"),
    (
        "variant renamed",
        put(f"{KIND}.0.name", "Coins"),
        "variant-renamed",
        "$.types[6].type.variants[0].name",
    ),
    (
        "variant inserted",
        insert(KIND, 0, {"name": "Cheque"}),
        "variant-moved",
        "$.types[6].type.variants[1]",
    ),
    (
        "variant's data",
        put(f"{KIND}.1.fields.0.type", "u32"),
        "field-retyped",
        "$.types[6].type.variants[1].fields[0].type",
    ),
    (
        "variant gets data",
        put(f"{KIND}.0.fields", [FIELD]),
        "type-grown",
        "$.types[6].type.variants[0].fields[0]",
    ),
    ("argument's struct grows", append(HOW, FIELD), "type-grown", "$.types[5].type.fields[2]"),
    ("type removed", drop("types.9"), "type-removed", "$.types[9]"),
    (
        "struct becomes enum",
        put("types.9.type", {"kind": "enum", "variants": [{"name": "X"}]}),
        "type-changed",
        "$.types[9].type",
    ),
    (
        "generic type",
        put("types.7.type.fields.0.type", {"vec": {"generic": "T"}}),
        "type-changed",
        "$.types[7].type",
    ),
    ("alias", put("types.8.type.alias", "u32"), "type-changed", "$.types[8].type"),
    ("constant changed", put("constants.0.value", "11"), "constant-changed", "$.constants[0].value"),
    ("constant retyped", put("constants.0.type", "u32"), "constant-retyped", "$.constants[0].type"),
    ("constant removed", drop("constants.0"), "constant-removed", "$.constants[0]"),
]

BAD_LEGACY: list[tuple[str, Edit, str, str]] = [
    ("program address", put("metadata.address", OTHER), "program-address", "$.address"),
    ("instruction removed", drop("instructions.0"), "instruction-removed", "$.instructions[0]"),
    (
        "argument retyped",
        put(f"{BUY}.args.0.type", "u32"),
        "argument-retyped",
        "$.instructions[0].args[0].type",
    ),
    (
        "slot becomes writable",
        put(f"{BUY}.accounts.0.isMut", True),
        "account-slot-writable",
        "$.instructions[0].accounts[0]",
    ),
    (
        "seeds",
        put(f"{BUY}.accounts.1.pda.seeds.0.value", "box"),
        "pda-changed",
        "$.instructions[0].accounts[1].pda",
    ),
    ("account removed", drop("accounts.0"), "account-removed", "$.accounts[0]"),
    ("fields swapped", swap("accounts.0.type.fields"), "field-moved", "$.accounts[0].type.fields[0]"),
    (
        "account grows",
        append("accounts.0.type.fields", FIELD),
        "account-grown",
        "$.accounts[0].type.fields[2]",
    ),
    ("event field removed", drop("events.0.fields.0"), "field-removed", "$.events[0].fields[0]"),
    ("error renumbered", put("errors.0.code", 6001), "error-renumbered", "$.errors[0].code"),
    (
        "variant renamed",
        put("types.0.type.variants.0.name", "X"),
        "variant-renamed",
        "$.types[0].type.variants[0].name",
    ),
]
