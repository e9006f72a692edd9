"""One session, run on the embedded chain and on a real validator; their answers side by side."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from gdx_localnet import EmbeddedChain, LocalnetHandle, launch
from solders.pubkey import Pubkey

from tests.conformance.conformance_cases import PARTS, Session
from tests.conformance.more_cases import MORE

FIXTURE = """
[[keys]]
name = "alice"
lamports = 50_000_000_000
tokens = { usdt = 9_000_000 }
[[keys]]
name = "bob"
lamports = 10_000_000_000
tokens = { usdt = 1_500_000 }
[[mints]]
name = "usdt"
decimals = 6
authority = "alice"
[[programs]]
file = "memo.so"
address = "8GnFDsGV4ehaimoscP8BBBFGm6suEdKNRPdLvHpo8Yun"
authority = "alice"
"""


@pytest.fixture(scope="session")
def fixture_path(tmp_path_factory) -> Path:
    """Two funded keys, a mint, and a program that every LiteSVM carries, placed as upgradeable."""
    directory = tmp_path_factory.mktemp("fixture")
    memo = EmbeddedChain().account(Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr"))
    assert memo is not None
    (directory / "memo.so").write_bytes(memo.data)
    (directory / "fixture.toml").write_text(FIXTURE)
    return directory / "fixture.toml"


def validator_path() -> str:
    """The validator to compare with; skips aloud without one."""
    path = os.environ.get("GDX_VALIDATOR")
    if path is None:
        pytest.skip("GDX_VALIDATOR names no solana-test-validator: nothing to compare with")
    return path


@pytest.fixture(scope="session")
def exchange_chains() -> Iterator[dict[str, LocalnetHandle]]:
    """Both engines with the package's own fixture, by name."""
    # Slots long enough that a blockhash outlives the 30 s for which web3.js keeps one.
    settings: dict[str, dict[str, Any]] = {
        "validator": {"validator": validator_path()},
        "embedded": {"slot_mode": "clock", "slot_ms": 250},
    }
    with ExitStack() as stack:
        yield {engine: stack.enter_context(launch(engine, **options)) for engine, options in settings.items()}


def run_cases(handle: LocalnetHandle) -> dict[str, Any]:
    """Every case's answer."""
    session = Session(handle.url, handle.ws_url)
    for part in (*PARTS, *MORE):
        part(session)
    text = json.dumps(session.answers)
    for address, alias in session.aliases.items():
        text = text.replace(address, alias)
    answers: dict[str, Any] = json.loads(text)
    return answers


@pytest.fixture(scope="session")
def embedded_answers(fixture_path):
    # A validator's pace: slots of 400 ms, confirmed after one, finalized after 32.
    with launch("embedded", fixture=fixture_path, slot_mode="clock") as handle:
        return run_cases(handle)


@pytest.fixture(scope="session")
def validator_answers(fixture_path):
    # One to be resumed begins at slot 0, as a validator does that somebody starts by hand.
    with launch("validator", fixture=fixture_path, validator=validator_path(), resume=True) as handle:
        return run_cases(handle)
