"""Ctrl-C and SIGTERM stop the demo cleanly, wherever it is."""

from __future__ import annotations

import signal
import subprocess

import pytest

from tests.e2e.demo_command import DemoCommand, wait_until

STAGES = ("funding traders", "replaying")


def _read_until(process: subprocess.Popen[str], text: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if text in line:
            return
    raise AssertionError(f"the demo ended before it said {text!r}")


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_and_its_chain(demo: DemoCommand, number: signal.Signals, stage: str) -> None:
    process = demo.start()
    _read_until(process, stage)
    assert len(demo.chains()) == 1
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stdout == ""
    assert stderr.endswith("interrupted: the chain is stopped\n")
    assert "Traceback" not in stderr
    wait_until(lambda: demo.chains() == [], "no chain is left")
    assert demo.leftovers() == []


def test_a_chain_that_dies_is_a_failure_that_names_the_cluster(demo: DemoCommand) -> None:
    process = demo.start()
    _read_until(process, "replaying")
    (chain,) = demo.chains()
    subprocess.run(["kill", "-9", str(chain)], check=True)
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 4, stderr
    assert stdout == ""
    assert "127.0.0.1" in stderr
    assert "Traceback" not in stderr
    assert demo.leftovers() == []
