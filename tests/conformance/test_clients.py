"""Four clients, a session each on both engines: what each observes is what it must be, and the same on both.

solana-py runs in this environment and anchorpy in `.venv-anchorpy`; @solana/web3.js and @solana/kit live in
`clients/<name>/`. `make session-clients` installs them. Outside CI one that is not there is skipped aloud.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.exchange import prepare

pytestmark = [pytest.mark.validator, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent / "clients"
COMMANDS: dict[str, list[str]] = {
    "solanapy": [sys.executable, str(FOLDER / "solanapy_session.py")],
    "anchorpy": [str(ROOT / ".venv-anchorpy/bin/python"), str(FOLDER / "anchorpy_session.py")],
    "web3js": ["node", str(FOLDER / "web3js/session.mjs")],
    "kit": ["node", str(FOLDER / "kit/session.mjs")],
}
TRANSFER_LOGS = [f"Program 11111111111111111111111111111111 {word}" for word in ("invoke [1]", "success")]
ALLOWED = {
    "log of a memo": "the engines carry different builds of the Memo program: the newer writes the memo too"
}
"""Observations that may differ between the engines, each with its reason."""


def expected(name: str, setup: dict[str, Any]) -> dict[str, Any]:
    """What a client must observe, whatever the engine."""
    friend = setup["friend"]
    seen = {
        "balance after an airdrop": 5_000_000_000,
        "balance of the friend": 1_000_000_000,
        "fee of a transfer": 5_000,
        "error of a transfer": None,
        "balances changed by a transfer": [-1_000_005_000, 1_000_000_000, 0],
        "parsed transfer": 1_000_000_000,
        "status of a transfer": None,
        "too large a transfer": True,
        "logs of the refusal": True,
        "signatures of the friend": [True],
        "owner of the friend": "11111111111111111111111111111111",
        "account of nobody": None,
        "decimals of the new mint": 9,
        "empty token account": "0",
        "minted": "7000000000",
        "supply": "7",
        "token balance": "7000000000",
        "token accounts of the user": ["7000000000"],
        "free after the deposit": "1000000000",
        "collateral of the position": "600000000",
        "events of the batch": ["BatchSettled"],
        "size after the batch": "1000000",
        "entry price after the batch": "50000000000",
        "trades in the record of the batch": ["1", 1],
        "positions found by memcmp": 1,
        "free after the withdrawal": "100000000",
        "tokens after the withdrawal": "300000000",
        "too large a withdrawal": [6001, "InsufficientFreeCollateral"],
        "addresses of the lookup table": [friend],
        "simulated through the table": [None, 150],
        "version of the transaction": 0,
        "addresses loaded from the table": [friend],
        "signature notification": None,
        "account notification": 2_000_000,
        "logs notification": [None, TRANSFER_LOGS, True],
        "program notification": "11111111111111111111111111111111",
        "slot notification": ["parent", "root", "slot"],
        "root notification": "number",
    }
    return seen | ({"log of a memo": None} if name == "kit" else {})


def is_installed(name: str) -> bool:
    command = COMMANDS[name]
    if command[0] == "node":
        return shutil.which("node") is not None and (Path(command[1]).parent / "node_modules").is_dir()
    return Path(command[0]).exists()


@pytest.fixture(scope="session")
def setups(exchange_chains: dict[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    """By engine and client: an exchange that waits for the client's session."""
    names = [name for name in COMMANDS if is_installed(name)]
    found = {}
    for engine, handle in exchange_chains.items():
        keys, mint = handle.keys["authority"], handle.mints["usdt"]
        found[engine] = asyncio.run(prepare(names, handle.url, handle.ws_url, keys, mint))
    return found


def observe(name: str, setup: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        COMMANDS[name], input=json.dumps(setup), capture_output=True, text=True, timeout=300, cwd=FOLDER
    )
    assert done.returncode == 0, f"{name}:\n{done.stdout}\n{done.stderr}"
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len({line["name"] for line in lines}) == len(lines)
    return {line["name"]: line["value"] for line in lines}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_session_sees_what_it_must_and_the_same_on_both_engines(
    name: str, setups: dict[str, dict[str, dict[str, Any]]]
) -> None:
    if not is_installed(name):
        assert "CI" not in os.environ, f"{name} is not installed"
        pytest.skip(f"{name} is not installed: make session-clients")
    seen = {engine: observe(name, of_engine[name]) for engine, of_engine in setups.items()}
    wanted = expected(name, setups["embedded"][name])
    for engine, observed in seen.items():
        assert observed.keys() == wanted.keys(), engine
        wrong = {case: value for case, value in observed.items() if value != wanted[case]}
        assert {case: value for case, value in wrong.items() if case not in ALLOWED} == {}, engine
    differing = {case for case in wanted if seen["embedded"][case] != seen["validator"][case]}
    assert differing == ALLOWED.keys() & wanted.keys(), "an allowed difference that is none would rot"


def test_the_sessions_are_cases_by_the_hundred() -> None:
    assert sum(len(expected(name, {"friend": ""})) for name in COMMANDS) >= 150
