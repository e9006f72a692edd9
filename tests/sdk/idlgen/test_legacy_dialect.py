"""IDLs in the older dialect say the same as those they are made from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gdx_sdk.anchorpy import legacy_text
from gdx_sdk.errors import InputError
from gdx_sdk.idlgen import IdlError, diff_idls, write_legacy_idls
from gdx_sdk.programs import PROGRAM_IDS

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
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputError, match="must be one of"):
        legacy_text("nonsense")
