"""`gdx idl`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Invoke

IDL = {
    "address": "11111111111111111111111111111112",
    "metadata": {"name": "counter", "version": "0.1.0", "spec": "0.1.0"},
    "instructions": [
        {
            "name": "add",
            "discriminator": [1, 2, 3, 4, 5, 6, 7, 8],
            "accounts": [{"name": "owner", "signer": True}],
            "args": [{"name": "amount", "type": "u64"}],
        }
    ],
}
LEGACY = {
    "version": "0.1.0",
    "name": "old_counter",
    "instructions": [{"name": "addTwo", "accounts": [], "args": [{"name": "amount", "type": "u64"}]}],
}


def write(folder: Path, name: str, content: object) -> str:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def test_packages_are_written_for_both_dialects_and_work(invoke: Invoke, tmp_path: Path) -> None:
    idls = [write(tmp_path, "counter.json", IDL), write(tmp_path, "old.json", LEGACY)]
    out = tmp_path / "clients"
    given = ["--program-id", "old_counter=11111111111111111111111111111113"]
    done = invoke("idl", "generate", *idls, "-o", str(out), *given, "--json")
    assert done.exit_code == 0, done.stderr
    packages = json.loads(done.stdout)["packages"]
    assert [package["program"] for package in packages] == ["counter", "old_counter"]
    script = (
        "from solders.pubkey import Pubkey\n"
        "from counter.instructions import add\n"
        "import old_counter\n"
        "made = add({'amount': 7}, {'owner': Pubkey.default()})\n"
        "print(made.data.hex(), old_counter.PROGRAM_ID)"
    )
    ran = subprocess.run([sys.executable, "-c", script], cwd=out, capture_output=True, text=True)
    assert ran.stdout.split() == ["01020304050607080700000000000000", "11111111111111111111111111111113"], ran


def test_the_table_names_what_was_written(invoke: Invoke, tmp_path: Path) -> None:
    done = invoke("idl", "generate", write(tmp_path, "counter.json", IDL), "-o", str(tmp_path / "out"))
    assert done.exit_code == 0
    assert done.stdout.startswith("counter: ")


def test_a_broken_idl_is_one_sentence_and_writes_nothing(invoke: Invoke, tmp_path: Path) -> None:
    broken = write(tmp_path, "broken.json", IDL | {"instructions": [{"name": 5}]})
    good = write(tmp_path, "counter.json", IDL)
    done = invoke("idl", "generate", good, broken, "-o", str(tmp_path / "out"))
    assert done.exit_code == 1
    assert "broken.json" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
    nonsense = write(tmp_path, "nonsense.json", "{")
    assert invoke("idl", "generate", nonsense, "-o", str(tmp_path / "out")).exit_code == 1


@pytest.mark.parametrize(
    ("idl", "said"),
    [
        (LEGACY | {"metadata": {"origin": "shank"}}, "this one was written by Shank"),
        (LEGACY | {"name": "spl_stake_pool"}, "this is a native program"),
    ],
)
def test_programs_that_are_not_anchors_are_refused(
    idl: dict[str, object], said: str, invoke: Invoke, tmp_path: Path
) -> None:
    done = invoke("idl", "generate", write(tmp_path, "odd.json", idl), "-o", str(tmp_path / "out"))
    assert (done.exit_code, done.stdout) == (1, "")
    assert said in done.stderr
    assert "wrong bytes" in done.stderr
    assert not (tmp_path / "out").exists()


def test_wrong_arguments_are_exit_code_2(invoke: Invoke, tmp_path: Path) -> None:
    good = write(tmp_path, "counter.json", IDL)
    assert invoke("idl", "generate", good).exit_code == 2
    assert invoke("idl", "generate", str(tmp_path / "none.json"), "-o", "x").exit_code == 2
    assert invoke("idl", "generate", good, "-o", str(tmp_path), "--program-id", "x").exit_code == 2
