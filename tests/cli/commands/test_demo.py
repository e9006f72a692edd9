"""`gdx demo`: what it prints and its exit code, whatever the run was."""

from __future__ import annotations

import asyncio
import json

import pytest
from gdx_cli.demo import run as run_module
from gdx_cli.demo.options import DemoOptions
from gdx_cli.demo.progress import Progress
from gdx_cli.demo.report import DemoReport

from tests.cli.conftest import Invoke


class FakeDemo:
    """A run that proves what it is told to."""

    holds = True

    def __init__(self, options: DemoOptions, progress: Progress, report: DemoReport) -> None:
        self.options, self.report = options, report

    async def run(self) -> list[str]:
        self.report.recording = {"file": None, "format": "synthetic", "symbol": "BTC-PERP"}
        self.report.seed = self.options.seed
        self.report.proofs = {"sizes_sum_to_zero": self.holds}
        return [] if self.holds else ["Σ size = 1"]


class CanceledDemo(FakeDemo):
    """A run that is stopped by a signal."""

    async def run(self) -> list[str]:
        raise asyncio.CancelledError


def test_a_proven_run_exits_0_with_one_object(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "Demo", FakeDemo)
    done = invoke("demo", "--json", "--seed", "3")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["seed"] == 3
    assert done.stderr == ""


def test_a_false_proof_exits_1_and_says_why(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "Demo", FakeDemo)
    monkeypatch.setattr(FakeDemo, "holds", False)
    done = invoke("demo", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["proofs"] == {"sizes_sum_to_zero": False}
    assert done.stderr == "not proven: Σ size = 1\n"
    assert "FAILED  sizes sum to zero" in invoke("demo").stdout


def test_a_stopped_run_exits_130_without_a_result(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "Demo", CanceledDemo)
    done = invoke("demo", "--json")
    assert done.exit_code == 130
    assert done.stdout == ""
    assert done.stderr == "interrupted: the chain is stopped\n"
