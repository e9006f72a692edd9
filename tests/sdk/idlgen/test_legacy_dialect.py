"""IDLs in the older dialect say the same as those they are made from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gdx_sdk.anchorpy import legacy_text
from gdx_sdk.errors import InputError
from gdx_sdk.idlgen import IdlError, diff_idls, write_legacy_idls
from gdx_sdk.idlgen.parse.legacy import sighash
from gdx_sdk.programs import PROGRAM_IDS

from .small_idls import alias, defined, small, struct
from .test_refusals import base

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = sorted(PROGRAM_IDS)


@pytest.mark.parametrize("name", PROGRAMS)
def test_only_addresses_and_seeds_are_left_out(name: str, tmp_path: Path) -> None:
    (written,) = write_legacy_idls([ROOT / "idl" / f"{name}.json"], tmp_path)
    found = diff_idls(ROOT / "idl" / f"{name}.json", written)
    assert {change.kind for change in found.changes} <= {
        "pda-changed",
        "account-slot-address",
        "relations-changed",
    }


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_committed_ones_are_made_from_todays_idls(name: str, tmp_path: Path) -> None:
    (written,) = write_legacy_idls([ROOT / "idl" / f"{name}.json"], tmp_path)
    assert (ROOT / "idl" / "legacy" / f"{name}.json").read_text() == written.read_text(), "run make clients"
    assert legacy_text(name) == written.read_text(), "run make clients"


def test_what_the_dialect_cannot_say(tmp_path: Path) -> None:
    file = tmp_path / "small.json"
    file.write_text(json.dumps(base()))
    with pytest.raises(IdlError, match=r"\$.instructions\[0\].discriminator = .*hash of the name"):
        write_legacy_idls([file], tmp_path / "out")
    file.write_text(json.dumps(base() | {"instructions": [], "accounts": []}))
    with pytest.raises(IdlError, match="without generics"):
        write_legacy_idls([file], tmp_path / "out")
    padded = struct("Padded", "u8", "u64") | {"serialization": "bytemuck", "repr": {"kind": "c"}}
    file.write_text(json.dumps(small(types=[padded])))
    with pytest.raises(IdlError, match=r"\$.types\[0\] = 'Padded': expected a type without padding"):
        write_legacy_idls([file], tmp_path / "out")
    file.write_text(json.dumps(small(types=[alias("A", {"vec": defined("A")})])))
    with pytest.raises(IdlError, match="does not stand for itself"):
        write_legacy_idls([file], tmp_path / "out")
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputError, match="must be one of"):
        legacy_text("nonsense")


def test_a_member_that_is_null_is_as_good_as_none(tmp_path: Path) -> None:
    """Found by GDX_IDL_SEED=3 in `test_mutations.py`."""
    dense = struct("Dense", "u64", "u8", {"array": ["u8", 7]}) | {"serialization": "bytemuck"}
    slot = {"name": "a", "writable": None, "accounts": None}
    tag = list(sighash("global", "go"))
    call = {"name": "go", "discriminator": tag, "accounts": [slot], "args": None, "docs": None}
    file = tmp_path / "nulls.json"
    file.write_text(json.dumps(small(types=[dense], instructions=[call], accounts=None, events=None)))
    (written,) = write_legacy_idls([file], tmp_path / "out")
    assert not diff_idls(file, written).changes
