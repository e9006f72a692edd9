"""The synthetic demo at small size: everything that a run has to show, and the proofs."""

from __future__ import annotations

import os
import signal

import pytest
from gdx_cli.demo.proofs import PROOFS

from tests.chain_lane import Lane
from tests.e2e.demo_command import DemoCommand, DemoRun, assert_proven, wait_until

pytestmark = [pytest.mark.chain, pytest.mark.timeout(900)]

TRADES = 60
COUNTS = (
    "orders",
    "trades",
    "trades_recorded",
    "trades_synthetic",
    "positions",
    "liquidations",
    "funding_periods",
    "withdrawals",
)


@pytest.fixture(scope="module")
def small(demo: DemoCommand, lane: Lane) -> DemoRun:
    return demo.run(*engine_of(lane), "--trades", str(TRADES), "--seed", "11", "--json")


def engine_of(lane: Lane) -> list[str]:
    """Arguments that choose the lane's engine."""
    return ["--engine", "validator", "--validator", str(lane.validator)] if lane.is_validator else []


def test_it_is_proven_and_leaves_nothing_behind(demo: DemoCommand, small: DemoRun) -> None:
    assert_proven(small)
    assert set(small.result["proofs"]) == set(PROOFS)
    assert small.stderr == "", "with --json there is no progress"
    assert demo.leftovers() == []
    assert demo.chains() == []


def test_counts_are_there_and_add_up(small: DemoRun) -> None:
    result = small.result
    assert all(isinstance(result[name], int) for name in COUNTS)
    assert result["trades"] == result["trades_recorded"] + result["trades_synthetic"] >= TRADES
    assert result["trades_recorded"] == 0
    assert set(result["venue_trades"]) >= {"known", "reproduced"}
    assert result["recording"] == {
        "file": None,
        "format": "synthetic",
        "kind": "orders",
        "symbol": "BTC-PERP",
    }
    assert result["seed"] == 11
    assert result["seconds"] > 0


def test_everything_a_demo_has_to_show_happened(small: DemoRun) -> None:
    result = small.result
    assert result["batches"]["v1"] >= 1
    assert result["batches"]["v2"] >= 1
    assert result["liquidations"] >= 1
    assert result["funding_periods"] >= 1
    assert result["deposits"]["wallet"] >= 1
    assert result["deposits"]["ephemeral"] == 1
    assert result["withdrawals"] == 1
    assert result["rent_lamports"] > 0


def test_compute_units_are_measured_per_instruction(small: DemoRun) -> None:
    units = small.result["compute_units"]
    assert {"settle_batch V1", "settle_batch V2", "liquidate", "update_funding", "fast_deposit"} <= set(units)
    assert units["settle_batch V1"]["count"] == small.result["batches"]["v1"]
    assert units["settle_batch V2"]["count"] == small.result["batches"]["v2"]
    assert all(0 < one["mean"] <= one["max"] < 1_400_000 for one in units.values()), units


def test_it_says_what_a_validator_needed(small: DemoRun, lane: Lane) -> None:
    assert small.result["engine"] == lane.engine
    notes = small.result["notes"]
    assert [word in " ".join(notes) for word in ("preloaded", "cannot be moved")] == [lane.is_validator] * 2


def test_kept_it_leaves_a_chain_that_answers_and_says_how_to_stop_it(demo: DemoCommand, lane: Lane) -> None:
    run = demo.run(*engine_of(lane), "--trades", "20", "--keep")
    assert run.exit_code == 0, run.stderr
    (pid,) = demo.chains()
    try:
        assert "the chain stays up at http://127.0.0.1:" in run.stdout
        assert f"stop it with: kill {pid}" in run.stdout
        assert "proven  vault ledger equals tokens" in run.stdout
        assert "proving" in run.stderr, "progress goes to standard error"
    finally:
        os.kill(pid, signal.SIGTERM)
    wait_until(lambda: demo.chains() == [], "the kept chain stops")
