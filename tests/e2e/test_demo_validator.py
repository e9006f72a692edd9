"""The demo on a real validator: the same parts and the same proofs, and it says what was preloaded."""

from __future__ import annotations

import os

import pytest
from gdx_cli.demo.proofs import PROOFS

from tests.e2e.demo_command import DemoCommand, assert_proven

pytestmark = [pytest.mark.validator, pytest.mark.timeout(600)]


def test_it_is_proven_on_a_validator(demo: DemoCommand) -> None:
    path = os.environ.get("GDX_VALIDATOR")
    if path is None:
        pytest.skip("GDX_VALIDATOR names no solana-test-validator")
    run = demo.run("--engine", "validator", "--validator", path, "--trades", "80", "--seed", "11", "--json")
    assert_proven(run)
    result = run.result
    assert result["engine"] == "validator"
    assert set(result["proofs"]) == set(PROOFS)
    assert result["trades"] >= 80
    assert min(result["batches"].values()) >= 1, "both versions were settled"
    assert result["liquidations"] >= 1
    assert result["funding_periods"] >= 1
    assert result["deposits"]["ephemeral"] == result["withdrawals"] == 1
    assert any("preloaded" in note for note in result["notes"])
    assert any("cannot be moved" in note for note in result["notes"])
    assert demo.leftovers() == []
    assert demo.chains() == []
