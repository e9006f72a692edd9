"""`gdx idl fetch` against accounts on the embedded chain, behind a real port."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from gdx_localnet import EmbeddedChain, start_in_thread
from solders.account import Account
from solders.pubkey import Pubkey

from gdx_sdk.programs import PROGRAM_IDS
from tests.cli.conftest import DEAD_URL, Invoke
from tests.sdk.idlgen.published import (
    METADATA_PROGRAM,
    PROGRAM,
    anchor_account,
    anchor_place,
    metadata_account,
    metadata_place,
    pack,
)

ROOT = Path(__file__).resolve().parents[3]
BROKEN = PROGRAM_IDS["funding_rate"]
SILENT = PROGRAM_IDS["ephemeral_vault"]
TEXT = (ROOT / "idl" / "position_mgmt.json").read_text()
ORACLE = (ROOT / "idl" / "oracle.json").read_text()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A chain on which two programs publish their IDL, one another's, and one nonsense."""
    chain = EmbeddedChain()

    def put(address: Pubkey, data: bytes, owner: Pubkey) -> None:
        chain.set_account(address, Account(10**10, data, owner, False, 0))

    oracle, vault = PROGRAM_IDS["oracle"], PROGRAM_IDS["collateral_vault"]
    put(anchor_place(), anchor_account(TEXT), PROGRAM)
    put(
        metadata_place(oracle),
        metadata_account(pack(ORACLE, 1), compression=1, program=oracle),
        METADATA_PROGRAM,
    )
    put(anchor_place(vault), anchor_account(ORACLE), vault)
    put(anchor_place(BROKEN), anchor_account("{"), BROKEN)
    server = start_in_thread(chain)
    yield server.url
    server.stop()


def test_an_idl_is_printed_as_it_was_published(invoke: Invoke, url: str) -> None:
    done = invoke("idl", "fetch", str(PROGRAM), "-u", url)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == TEXT + "\n"


def test_a_file_is_written_and_generates_a_client(invoke: Invoke, url: str, tmp_path: Path) -> None:
    file = tmp_path / "oracle.json"
    done = invoke("idl", "fetch", "oracle", "-o", str(file), "--url", url)
    assert done.exit_code == 0, done.stderr
    place = metadata_place(PROGRAM_IDS["oracle"])
    assert done.stdout == f"wrote {file} from the program-metadata account {place}\n"
    assert file.read_text() == ORACLE
    assert invoke("idl", "diff", str(file), str(ROOT / "idl" / "oracle.json")).stdout == "oracle: no change\n"
    assert invoke("idl", "generate", str(file), "-o", str(tmp_path / "out")).exit_code == 0


def test_json(invoke: Invoke, url: str) -> None:
    shown = json.loads(invoke("idl", "fetch", "position_mgmt", "-u", url, "--json").stdout)
    assert shown == {
        "program": str(PROGRAM),
        "address": str(anchor_place()),
        "origin": "anchor",
        "file": None,
        "idl": json.loads(TEXT),
    }


def test_an_idl_of_another_program_is_told(invoke: Invoke, url: str) -> None:
    done = invoke("idl", "fetch", "collateral_vault", "-u", url)
    assert done.exit_code == 0
    assert done.stderr == f"warning: the IDL says that it is of {PROGRAM_IDS['oracle']}\n"


def test_failures_are_a_sentence_and_write_nothing(invoke: Invoke, url: str, tmp_path: Path) -> None:
    file = tmp_path / "idl.json"
    for program, said in ((BROKEN, "is not JSON"), (SILENT, "no Anchor IDL account")):
        done = invoke("idl", "fetch", str(program), "-u", url, "-o", str(file))
        assert (done.exit_code, done.stdout) == (1, "")
        assert said in done.stderr
        assert done.stderr.count("\n") == 1
    assert not file.exists()
    assert invoke("idl", "fetch", str(PROGRAM), "-u", DEAD_URL).exit_code == 4
    assert invoke("idl", "fetch", "nonsense", "-u", url).exit_code == 2
