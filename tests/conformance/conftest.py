"""One session, run on the embedded chain and on a real validator; their answers side by side."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from gdx_localnet import EmbeddedChain, launch
from solders.pubkey import Pubkey

from tests.conformance.conformance_cases import run_cases

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


@pytest.fixture(scope="session")
def embedded_answers(fixture_path):
    # The same commitments as a young validator: confirmed after a slot, finalized later than the session.
    settings = {"slot_mode": "clock", "slot_ms": 50, "confirmed_lag": 1, "finalized_lag": 1_000_000}
    with launch("embedded", fixture=fixture_path, **settings) as handle:
        return run_cases(handle.url)


@pytest.fixture(scope="session")
def validator_answers(fixture_path):
    path = os.environ.get("GDX_VALIDATOR")
    if path is None:
        pytest.skip("GDX_VALIDATOR names no solana-test-validator: nothing to compare with")
    with launch("validator", fixture=fixture_path, validator=path) as handle:
        return run_cases(handle.url)
