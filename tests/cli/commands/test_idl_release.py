"""`gdx idl check` and `release`: released IDLs are a contract, and only a release changes them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands.idl_changes import append, drop, modern, put
from tests.cli.conftest import RunProcess

ROOT = Path(__file__).resolve().parents[3]


class Shelf:
    """IDLs of a project and their released ones, driven with the real command."""

    def __init__(self, folder: Path, run: RunProcess) -> None:
        self.idl, self.released, self.run = folder / "shop.json", folder / "released", run
        self.write(modern())

    def write(self, idl: dict[str, Any]) -> None:
        self.idl.write_text(json.dumps(idl))

    def change(self, *edits: Any) -> None:
        idl = json.loads(self.idl.read_text())
        for edit in edits:
            edit(idl)
        self.write(idl)

    def command(self, *args: str) -> subprocess.CompletedProcess[str]:
        return self.run("idl", args[0], str(self.idl), "--released", str(self.released), *args[1:])


@pytest.fixture
def shelf(tmp_path: Path, run_process: RunProcess) -> Shelf:
    return Shelf(tmp_path, run_process)


def test_a_program_that_was_never_released_passes_aloud(shelf: Shelf) -> None:
    done = shelf.command("check")
    assert done.returncode == 0
    assert done.stderr == f"NOT COMPARED: shop has never been released in {shelf.released}\n"
    assert done.stdout == "shop: never released\n"
    shown = json.loads(shelf.command("check", "--json").stdout)
    assert shown == {"programs": [], "never_released": ["shop"]}


def test_a_release_then_a_compatible_then_a_breaking_change(shelf: Shelf) -> None:
    assert shelf.command("release").returncode == 0
    assert (shelf.released / "shop.json").read_bytes() == shelf.idl.read_bytes()
    assert json.loads((shelf.released / "manifest.json").read_text())["shop"]["version"] == "0.1.0"
    same = shelf.command("check")
    assert (same.returncode, same.stdout, same.stderr) == (0, "shop: compatible (released: 0.1.0)\n", "")
    shelf.change(append("errors", {"code": 6002, "name": "New"}))
    assert shelf.command("check").returncode == 0
    shelf.change(drop("errors.0"))
    broken = shelf.command("check")
    assert broken.returncode == 1
    assert broken.stdout.startswith("shop: BREAKS CLIENTS (released: 0.1.0)\n  breaking: $.errors[0]: ")
    shown = json.loads(shelf.command("check", "--json").stdout)["programs"][0]
    assert [change["kind"] for change in shown["breaking"]] == ["error-removed"]


def test_a_breaking_release_has_to_be_meant(shelf: Shelf) -> None:
    shelf.command("release")
    before = (shelf.released / "shop.json").read_bytes()
    shelf.change(drop("errors.0"), put("metadata.version", "0.2.0"))
    done = shelf.command("release")
    assert done.returncode == 1
    assert "$.errors[0]" in done.stderr
    assert (shelf.released / "shop.json").read_bytes() == before
    assert shelf.command("release", "--allow-breaking").returncode == 0
    assert (shelf.released / "shop.json").read_bytes() == shelf.idl.read_bytes()
    assert shelf.command("check").returncode == 0


def test_a_version_is_released_once(shelf: Shelf) -> None:
    shelf.command("release")
    assert shelf.command("release").returncode == 0  # the same content again
    shelf.change(append("errors", {"code": 6002, "name": "New"}))
    done = shelf.command("release")
    assert done.returncode == 1
    assert "'0.1.0': was released with other content; raise it" in done.stderr
    shelf.change(put("metadata.version", "0.1.1"))
    assert shelf.command("release").returncode == 0


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "shop.json").unlink(), "must hold the same programs"),
        (lambda folder: (folder / "manifest.json").unlink(), "must list shop"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "must be a JSON object"),
        (lambda folder: (folder / "manifest.json").write_text('{"shop": 1}'), "must be a JSON object"),
        (lambda folder: (folder / "manifest.json").write_text("{}"), "must hold the same programs"),
        (lambda folder: (folder / "shop.json").write_text("{}"), "changes only at a release"),
        (lambda folder: (folder / "other.json").write_text("{}"), "must hold the same programs"),
    ],
)
def test_released_files_that_were_touched_do_not_pass(spoil: Any, said: str, shelf: Shelf) -> None:
    shelf.command("release")
    spoil(shelf.released)
    for command in ("check", "release"):
        done = shelf.command(command)
        assert (done.returncode, done.stdout) == (1, "")
        assert said in done.stderr


def test_a_released_program_cannot_vanish(shelf: Shelf) -> None:
    shelf.command("release")
    shelf.change(put("metadata.name", "kiosk"))
    done = shelf.command("check")
    assert done.returncode == 1
    assert "shop" in done.stderr


def test_wrong_arguments_are_exit_code_2(shelf: Shelf) -> None:
    assert shelf.run("idl", "check", str(shelf.idl)).returncode == 2
    assert shelf.run("idl", "release", "--released", str(shelf.released)).returncode == 2


def test_our_own_programs_keep_their_released_contract(run_process: RunProcess) -> None:
    idls = [str(path) for path in sorted((ROOT / "idl").glob("*.json"))]
    done = run_process("idl", "check", *idls, "--released", str(ROOT / "idl" / "released"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_make_ends_with_the_gate_s_exit_code(shelf: Shelf) -> None:
    """`make idl-check` fails when the command does, on folders of the test's own."""
    shelf.command("release")
    folders = [f"IDL={shelf.idl.parent}", f"RELEASED={shelf.released}"]

    def make() -> int:
        return subprocess.run(["make", "idl-check", *folders], cwd=ROOT, capture_output=True).returncode

    assert make() == 0
    shelf.change(drop("errors.0"))
    assert make() != 0
