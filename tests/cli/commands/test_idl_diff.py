"""`gdx idl diff` as a real command: every kind of breaking change ends with exit code 1."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

import gdx_sdk.idlgen.diff as package
from tests.cli.commands.idl_changes import (
    ADDRESS,
    BAD,
    BAD_LEGACY,
    BUY,
    FIELD,
    KIND,
    NEW_ACCOUNT,
    SHOP,
    Edit,
    append,
    carve,
    drop,
    legacy,
    modern,
    put,
    struct,
    swap,
)
from tests.cli.conftest import RunProcess

# name, edit, severity and kind of the one change reported (none: no change)
GOOD: list[tuple[str, Edit, str, str]] = [
    ("nothing", lambda idl: None, "safe", ""),
    ("version", put("metadata.version", "0.2.0"), "safe", ""),
    ("instructions listed in another order", swap("instructions"), "safe", ""),
    ("types listed in another order", swap("types"), "safe", ""),
    ("errors listed in another order", swap("errors"), "safe", ""),
    (
        "instruction",
        append("instructions", {"name": "go", "discriminator": [8] * 8, "accounts": [], "args": []}),
        "safe",
        "instruction-added",
    ),
    ("error", append("errors", {"code": 6002, "name": "New"}), "safe", "error-added"),
    ("error text", put("errors.0.msg", "far too small"), "safe", "error-text"),
    (
        "event",
        lambda idl: (
            append("events", {"name": "Won", "discriminator": [8] * 8})(idl),
            append("types", struct("Won", x="u8"))(idl),
        ),
        "safe",
        "event-added",
    ),
    (
        "account",
        lambda idl: (
            append("accounts", {"name": "Box", "discriminator": [8] * 8})(idl),
            append("types", struct("Box", x="u8"))(idl),
        ),
        "safe",
        "account-added",
    ),
    ("type", append("types", struct("New", x="u8")), "safe", "type-added"),
    ("variant at the end", append(KIND, {"name": "Cheque"}), "safe", "variant-added"),
    ("field of a type that nothing holds", append("types.9.type.fields", FIELD), "safe", "type-grown"),
    ("constant", append("constants", {"name": "MIN", "type": "u8", "value": "1"}), "safe", "constant-added"),
    ("field carved out of reserved space", carve, "safe", "field-carved"),
    ("slot need not sign", put(f"{BUY}.accounts.0.signer", False), "safe", "account-slot-signer"),
    (
        "slot becomes optional",
        put(f"{BUY}.accounts.3.accounts.0.optional", True),
        "safe",
        "account-slot-required",
    ),
    ("slot is no longer fixed", drop(f"{BUY}.accounts.4.address"), "safe", "account-slot-address"),
    ("relations", drop(f"{BUY}.accounts.1.relations"), "safe", "relations-changed"),
    (
        "optional slot at the end",
        append(f"{BUY}.accounts", NEW_ACCOUNT | {"optional": True}),
        "migration",
        "optional-account-added",
    ),
    ("account with a version grows", append(SHOP, FIELD), "migration", "account-grown"),
]


def run_diff(run_process: RunProcess, folder: Path, old: Any, edit: Edit) -> tuple[int, dict[str, Any]]:
    new = copy.deepcopy(old)
    edit(new)
    for name, idl in (("old", old), ("new", new)):
        (folder / f"{name}.json").write_text(json.dumps(idl))
    done = run_process("idl", "diff", str(folder / "old.json"), str(folder / "new.json"), "--json")
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize(("edit", "kind", "path"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_what_breaks_clients(
    edit: Edit, kind: str, path: str, run_process: RunProcess, tmp_path: Path
) -> None:
    code, found = run_diff(run_process, tmp_path, modern(), edit)
    assert code == 1
    assert found["is_breaking"] is True
    assert (kind, path) in [(change["kind"], change["path"]) for change in found["breaking"]], found
    assert all(len(change["sentence"].split()) >= 4 for change in found["breaking"])


@pytest.mark.parametrize(
    ("edit", "kind", "path"), [b[1:] for b in BAD_LEGACY], ids=[b[0] for b in BAD_LEGACY]
)
def test_what_breaks_clients_of_the_legacy_dialect(
    edit: Edit, kind: str, path: str, run_process: RunProcess, tmp_path: Path
) -> None:
    code, found = run_diff(run_process, tmp_path, legacy(), edit)
    assert code == 1
    assert (kind, path) in [(change["kind"], change["path"]) for change in found["breaking"]], found


@pytest.mark.parametrize(("edit", "severity", "kind"), [g[1:] for g in GOOD], ids=[g[0] for g in GOOD])
def test_what_breaks_nobody(
    edit: Edit, severity: str, kind: str, run_process: RunProcess, tmp_path: Path
) -> None:
    code, found = run_diff(run_process, tmp_path, modern(), edit)
    assert (code, found["is_breaking"], found["breaking"]) == (0, False, [])
    kinds = [change["kind"] for change in [*found["migration"], *found["safe"]]]
    assert kinds == ([kind] if kind else [])
    assert not kind or found[severity]


def test_every_kind_of_breaking_change_is_tried() -> None:
    """A kind that the sources can report but no bad IDL above shows."""
    folder = Path(package.__file__).parent
    text = "".join(path.read_text() for path in folder.glob("*.py"))
    constant = set(re.findall(r'found\.(?:gone|broken)\(\s*"([a-z-]+)"', text))
    built = {f"{kind}-{what}" for kind in ("account", "event") for what in ("removed", "renamed")}
    flags = {f"account-slot-{flag}" for flag in ("writable", "signer", "required")}
    assert (constant | built | flags) - {"event-renamed"} <= {bad[2] for bad in BAD}
    assert len(BAD) + len(BAD_LEGACY) >= 25


def test_the_table_says_it_in_sentences(run_process: RunProcess, tmp_path: Path) -> None:
    old, new = modern(), modern()
    drop("errors.1")(new)
    append("constants", {"name": "MIN", "type": "u8", "value": "1"})(new)
    for name, idl in (("old", old), ("new", new)):
        (tmp_path / f"{name}.json").write_text(json.dumps(idl))
    done = run_process("idl", "diff", str(tmp_path / "old.json"), str(tmp_path / "new.json"))
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "breaking: $.errors[1]: error 6001 TooLarge is gone; keep its number, unused",
        "safe: $.constants[1]: the constant MIN is new",
    ]
    same = run_process("idl", "diff", str(tmp_path / "old.json"), str(tmp_path / "old.json"))
    assert (same.returncode, same.stdout) == (0, "shop: no change\n")


def test_one_program_in_two_dialects(run_process: RunProcess, tmp_path: Path) -> None:
    """What the newer dialect only says more of is no change of the program."""
    new = {
        "address": ADDRESS,
        "metadata": {"name": "shop", "version": "0.1.0", "spec": "0.1.0"},
        "instructions": [],
        "types": [{"name": "Kind", "type": legacy()["types"][0]["type"]}],
        "errors": legacy()["errors"],
    }
    old = legacy() | {"instructions": [], "accounts": [], "events": []}
    (tmp_path / "old.json").write_text(json.dumps(old))
    (tmp_path / "new.json").write_text(json.dumps(new))
    done = run_process("idl", "diff", str(tmp_path / "old.json"), str(tmp_path / "new.json"))
    assert (done.returncode, done.stdout) == (0, "shop: no change\n")


@pytest.mark.parametrize("text", ["{", "[]", '{"name": "x", "metadata": {"origin": "shank"}}'])
def test_what_is_no_idl_does_not_pass(text: str, run_process: RunProcess, tmp_path: Path) -> None:
    (tmp_path / "good.json").write_text(json.dumps(modern()))
    (tmp_path / "bad.json").write_text(text)
    good, bad = str(tmp_path / "good.json"), str(tmp_path / "bad.json")
    for pair in ((good, bad), (bad, good)):
        done = run_process("idl", "diff", *pair)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("error: bad.json: $")
    assert run_process("idl", "diff", good).returncode == 2
    assert run_process("idl", "diff", good, str(tmp_path / "none.json")).returncode == 2
