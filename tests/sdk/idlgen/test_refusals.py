"""Broken IDLs: the error names the JSON path and what was expected there, and nothing is written."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gdx_sdk.errors import InputError
from gdx_sdk.idlgen import IdlError, generate

Edit = Callable[[dict[str, Any]], None]


def put(path: str, value: Any) -> Edit:
    """Replace (or with ``...`` remove) the member at a dotted path."""

    def edit(idl: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        node: Any = idl
        for part in parents:
            node = node[int(part)] if part.isdigit() else node[part]
        if value is ...:
            del node[int(last) if last.isdigit() else last]
        else:
            node[int(last) if last.isdigit() else last] = value

    return edit


def base() -> dict[str, Any]:
    """A small IDL in which everything is right."""
    return {
        "address": "Stake11111111111111111111111111111111111111",
        "metadata": {"name": "small", "version": "0.1.0", "spec": "0.1.0"},
        "instructions": [
            {
                "name": "go",
                "discriminator": [1, 2, 3, 4, 5, 6, 7, 8],
                "accounts": [{"name": "a", "pda": {"seeds": [{"kind": "const", "value": [1]}]}}],
                "args": [{"name": "x", "type": "u8"}, {"name": "y", "type": {"defined": {"name": "S"}}}],
            }
        ],
        "accounts": [{"name": "S", "discriminator": [1, 2, 3, 4, 5, 6, 7, 8]}],
        "errors": [{"code": 1, "name": "A"}],
        "types": [
            {"name": "S", "type": {"kind": "struct", "fields": [{"name": "f", "type": "u8"}]}},
            {"name": "E", "type": {"kind": "enum", "variants": [{"name": "V"}]}},
            {
                "name": "G",
                "generics": [{"kind": "type", "name": "T"}],
                "type": {"kind": "struct", "fields": [{"name": "f", "type": {"generic": "T"}}]},
            },
        ],
        "constants": [{"name": "C", "type": "u8", "value": "1"}],
    }


def field(type_: Any) -> Edit:
    return put("types.0.type.fields.0.type", type_)


MEMORY = {"kind": "struct", "fields": [{"name": "f", "type": "string"}]}
CASES: list[tuple[str, Edit, str, str]] = [
    ("no name", put("metadata.name", ...), "$.metadata.name", "missing"),
    ("other spec", put("metadata.spec", "0.2.0"), "$.metadata.spec", '"0.1.0"'),
    ("no address", put("address", ...), "$.address", "missing"),
    ("bad address", put("address", "nonsense"), "$.address", "32 bytes in base58"),
    ("instructions no array", put("instructions", {}), "$.instructions", "an array"),
    ("empty name", put("instructions.0.name", " "), "$.instructions[0].name", "not empty"),
    (
        "no discriminator",
        put("instructions.0.discriminator", ...),
        "$.instructions[0].discriminator",
        "missing",
    ),
    (
        "same discriminator",
        put("instructions", [{"name": name, "discriminator": [1], "accounts": []} for name in "ab"]),
        "$.instructions[1].discriminator",
        "$.instructions[0] has it",
    ),
    (
        "COption of a COption",
        field({"coption": {"coption": "u8"}}),
        "$.types[0].type.fields[0].type",
        "never absent itself",
    ),
    ("not a byte", put("accounts.0.discriminator", [1, 256]), "$.accounts[0].discriminator[1]", "0 to 255"),
    ("unknown account", put("accounts.0.name", "Z"), "$.accounts[0].name", 'struct in "types"'),
    (
        "flag",
        put("instructions.0.accounts.0.signer", 1),
        "$.instructions[0].accounts[0].signer",
        "true or false",
    ),
    (
        "seed kind",
        put("instructions.0.accounts.0.pda.seeds.0.kind", "magic"),
        "$.instructions[0].accounts[0].pda.seeds[0].kind",
        '"const", "arg", "account"',
    ),
    (
        "seed too long",
        put("instructions.0.accounts.0.pda.seeds.0.value", [1] * 33),
        "$.instructions[0].accounts[0].pda.seeds[0].value",
        "at most 32 bytes",
    ),
    (
        "too many seeds",
        put("instructions.0.accounts.0.pda.seeds", [{"kind": "const", "value": [1]}] * 16),
        "$.instructions[0].accounts[0].pda.seeds",
        "at most 15 seeds",
    ),
    (
        "program of a seed",
        put("instructions.0.accounts.0.pda.program", {"kind": "const", "value": [1] * 31}),
        "$.instructions[0].accounts[0].pda.program.value",
        "32 bytes",
    ),
    (
        "type of a constant",
        put("constants.0.type", {"defined": {"name": "Z"}}),
        "$.constants[0].type",
        '"types"',
    ),
    ("primitive", field("u7"), "$.types[0].type.fields[0].type", "a primitive type"),
    ("type keyword", field({"list": "u8"}), "$.types[0].type.fields[0].type", '"option"'),
    ("unknown type", field({"defined": {"name": "Z"}}), "$.types[0].type.fields[0].type", '"types"'),
    ("itself", field({"defined": {"name": "S"}}), "$.types[0].type.fields[0]", "does not contain itself"),
    ("array", field({"array": ["u8"]}), "$.types[0].type.fields[0].type.array", "and a length"),
    ("length", field({"array": ["u8", -1]}), "$.types[0].type.fields[0].type.array[1]", "integer"),
    ("generics", field({"defined": {"name": "G"}}), "$.types[0].type.fields[0].type", "1 generic arguments"),
    ("parameter", field({"generic": "T"}), "$.types[0].type.fields[0].type", "type parameter"),
    ("type kind", put("types.0.type.kind", "union"), "$.types[0].type.kind", '"struct", "enum", "type"'),
    ("two types", put("types.1.name", "S"), "$.types[1].name", "$.types[0] has it"),
    ("no variants", put("types.1.type.variants", []), "$.types[1].type.variants", "1 to 256"),
    (
        "mixed fields",
        put("types.0.type.fields", [{"name": "a", "type": "u8"}, "u8"]),
        "$.types[0].type.fields[1]",
        "all",
    ),
    (
        "serialization",
        put("types.0.serialization", {"custom": "x"}),
        "$.types[0].serialization",
        "no other layout",
    ),
    ("repr", put("types.0.repr", {"kind": "d"}), "$.types[0].repr.kind", '"transparent"'),
    ("error code", put("errors", [{"code": 1, "name": "A"}] * 2), "$.errors[1].code", "of its own"),
    ("constant", put("constants.0.value", 1), "$.constants[0].value", "a string"),
    (
        "string in memory",
        put("types.0", {"name": "S", "serialization": "bytemuck", "repr": {"kind": "c"}, "type": MEMORY}),
        "$.types[0].type.fields[0].type",
        "inside a bytemuck type",
    ),
]


@pytest.mark.parametrize(
    ("edit", "path", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_broken_idls(edit: Edit, path: str, expected: str, tmp_path: Path) -> None:
    idl = copy.deepcopy(base())
    edit(idl)
    file = tmp_path / "broken.json"
    file.write_text(json.dumps(idl))
    with pytest.raises(IdlError) as caught:
        generate([file], tmp_path / "out")
    assert caught.value.path == path, str(caught.value)
    assert expected in str(caught.value)
    assert str(caught.value).startswith(f"broken.json: {path} = ")
    assert isinstance(caught.value, InputError)
    assert not (tmp_path / "out").exists()


def test_the_small_idl_itself_is_right(tmp_path: Path) -> None:
    file = tmp_path / "small.json"
    file.write_text(json.dumps(base()))
    assert [package.program for package in generate([file], tmp_path / "out")] == ["small"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "expected JSON"),
        ("[]", r"\$ = \[\]: expected an object"),
        ("{}", "an Anchor IDL"),
        ('{"name": "x"}', r"\$.version"),
        ('{"name": "x", "metadata": {"origin": "shank"}}', "written by Shank"),
        ('{"name": "x", "version": "1", "types": [{"name": "T", "type": {"kind": "type"}}]}', '"alias"'),
        ('{"name": "spl_stake_pool", "version": "1"}', "native program"),
        ('{"name": "x", "version": "1", "types": [{"name": "COption<u8>"}]}', "native program"),
        ('{"name": "spl_token", "version": "1", "instructions": [{"name": "mint"}]}', "known by name"),
    ],
)
def test_what_is_no_anchor_idl(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "odd.json"
    file.write_text(text)
    with pytest.raises(IdlError, match=message):
        generate([file], tmp_path / "out")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(IdlError, match=r"nowhere.json: \$ = .*readable"):
        generate([tmp_path / "nowhere.json"], tmp_path)


def test_two_idls_of_one_program(idls: Path, tmp_path: Path) -> None:
    with pytest.raises(IdlError, match="a program of its own per IDL"):
        generate([idls / "legacy.json", idls / "legacy.json"], tmp_path / "out")


def test_a_broken_idl_beside_a_good_one_writes_nothing(idls: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(IdlError):
        generate([idls / "legacy.json", tmp_path / "broken.json"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


EVIL = 'x"""\nimport os\n"""'


@pytest.mark.parametrize(
    "path",
    [
        "metadata.name",
        "metadata.version",
        "instructions.0.name",
        "types.0.type.fields.0.name",
        "errors.0.name",
    ],
)
@pytest.mark.parametrize("text", [EVIL, "a\nb", "it's", 'say "no"', "\\", "nul\0"])
def test_text_that_would_become_code(path: str, text: str, tmp_path: Path) -> None:
    """IDLs come from the chain too: what stands in one must not run when its client is imported."""
    idl = copy.deepcopy(base())
    put(path, text)(idl)
    file = tmp_path / "evil.json"
    file.write_text(json.dumps(idl))
    with pytest.raises(IdlError, match="without quotes, backslashes, line breaks"):
        generate([file], tmp_path / "out")


@pytest.mark.parametrize(
    "program_ids", [{"small": '")'}, {"smal": "Stake11111111111111111111111111111111111111"}]
)
def test_addresses_given_that_cannot_be_meant(program_ids: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "small.json"
    file.write_text(json.dumps(base()))
    with pytest.raises(InputError, match="program_ids"):
        generate([file], tmp_path / "out", program_ids=program_ids)
    assert not (tmp_path / "out").exists()
