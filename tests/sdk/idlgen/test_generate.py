"""The files that are written: the same every time, formatted, strict, and no one else's are touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from solders.pubkey import Pubkey

from gdx_sdk.idlgen import generate
from tests.sdk.idlgen.conftest import check_clean

ROOT = Path(__file__).resolve().parents[3]


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in sorted(directory.rglob("*.py"))}


def test_clients_of_our_own_idls_are_clean(idls: Path, tmp_path: Path) -> None:
    out = tmp_path / "clients"
    generate(sorted(idls.glob("*.json")), out)
    (out / "__init__.py").write_text("")
    check_clean(out)


def test_a_second_run_changes_nothing(idls: Path, tmp_path: Path) -> None:
    first = generate([idls / "features.json"], tmp_path)
    before = contents(tmp_path)
    assert generate([idls / "features.json"], tmp_path) == first
    assert contents(tmp_path) == before
    assert sorted(before) == sorted(f"features/{name}" for name in first[0].files)


def test_stale_files_go_and_foreign_files_stay(idls: Path, tmp_path: Path) -> None:
    generate([idls / "features.json"], tmp_path)
    package = tmp_path / "features"
    (package / "types" / "mine.py").write_text("# written by hand\n")
    idl = json.loads((idls / "features.json").read_text())
    idl["instructions"] = [i for i in idl["instructions"] if i["name"] != "bare"]
    (tmp_path / "new.json").write_text(json.dumps(idl))
    generate([tmp_path / "new.json"], tmp_path)
    assert not (package / "instructions" / "bare.py").exists()
    assert (package / "types" / "mine.py").exists()
    assert (package / "instructions" / "place.py").exists()


def test_an_address_for_an_idl_without_one(idls: Path, tmp_path: Path) -> None:
    address = str(Pubkey.new_unique())
    generate([idls / "legacy.json"], tmp_path, program_ids={"legacy_program": address})
    assert address in (tmp_path / "legacy_program" / "program_id.py").read_text()
    generate([idls / "legacy.json"], tmp_path)
    assert not (tmp_path / "legacy_program" / "program_id.py").exists()


@pytest.mark.parametrize(("name", "code"), [("features.json", 0), ("missing.json", 1)])
def test_the_module_as_a_command(name: str, code: int, idls: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gdx_sdk.idlgen", str(idls / name), "-o", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code
    said = "wrote" if code == 0 else "error: missing.json: $ ="
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_committed_clients_are_whole(tmp_path: Path) -> None:
    """Each of our programs has a committed client made by this generator."""
    for path in sorted((ROOT / "idl").glob("*.json")):
        (package,) = generate([path], tmp_path)
        committed = ROOT / "gdx_sdk" / "_generated" / package.directory.name
        assert set(package.files) == {str(p.relative_to(committed)) for p in committed.rglob("*.py")}, (
            path.name
        )


def test_the_hash_seed_changes_nothing(idls: Path, tmp_path: Path) -> None:
    """Sets are iterated in another order with each seed; files must not follow it."""
    made = []
    for seed in ("0", "1", "4711"):
        out = tmp_path / seed
        command = [sys.executable, "-m", "gdx_sdk.idlgen", str(idls / "features.json"), "-o", str(out)]
        subprocess.run(command, check=True, capture_output=True, env=os.environ | {"PYTHONHASHSEED": seed})
        made.append(contents(out))
    assert made[0] == made[1] == made[2]
    assert len(made[0]) > 10
