"""`gdx localnet`, with a real embedded chain."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Invoke

UP = ("localnet", "up", "--detach", "--engine", "embedded", "--rpc-port", "0", "--fixture", "none")


@pytest.fixture
def state(tmp_path: Path, invoke: Invoke) -> Iterator[tuple[str, str]]:
    """Arguments that name a state directory; whatever is up there at the end is stopped."""
    where = ("--state-dir", str(tmp_path / "state"))
    yield where
    invoke("localnet", "down", *where)


def test_up_status_logs_down(invoke: Invoke, state: tuple[str, str]) -> None:
    started = invoke(*UP, "--json", *state)
    assert started.exit_code == 0, started.stderr
    up = json.loads(started.stdout)
    assert up["engine"] == "embedded"
    running = json.loads(invoke("localnet", "status", "--json", *state).stdout)
    assert (running["is_up"], running["is_healthy"], running["pid"]) == (True, True, up["pid"])
    shown = invoke("localnet", "status", *state)
    assert shown.exit_code == 0
    assert up["url"] in shown.stdout
    again = invoke(*UP, *state)
    assert again.exit_code == 1
    assert "already runs" in again.stderr
    logs = invoke("localnet", "logs", "--json", *state)
    assert logs.exit_code == 0
    assert json.loads(logs.stdout)["log_path"] == up["log_path"]
    down = invoke("localnet", "down", *state)
    assert down.exit_code == 0
    assert down.stdout == f"stopped {up['url']} (pid {up['pid']})\n"


def test_without_a_chain_each_command_says_so(invoke: Invoke, state: tuple[str, str]) -> None:
    status = invoke("localnet", "status", "--json", *state)
    assert (status.exit_code, json.loads(status.stdout)) == (1, {"is_up": False})
    down = invoke("localnet", "down", *state)
    assert down.exit_code == 1
    assert "nothing to stop" in down.stderr
    logs = invoke("localnet", "logs", *state)
    assert logs.exit_code == 1
    assert "no such log" in logs.stderr


def test_a_port_in_use_is_named(invoke: Invoke, state: tuple[str, str], tmp_path: Path) -> None:
    port = json.loads(invoke(*UP, "--json", *state).stdout)["rpc_port"]
    taken = [str(port) if arg == "0" else arg for arg in UP]
    done = invoke(*taken, "--state-dir", str(tmp_path / "other"))
    assert done.exit_code == 1
    assert f"port {port}" in done.stderr


def test_a_validator_that_is_not_there_is_named(invoke: Invoke, state: tuple[str, str]) -> None:
    done = invoke("localnet", "up", "--detach", "--validator", "/none/v", "--fixture", "none", *state)
    assert done.exit_code == 1
    assert "/none/v" in done.stderr


def test_in_the_foreground_it_stops_with_its_terminal(home: Path) -> None:
    command = [sys.executable, "-m", "gdx_cli.main", *(arg for arg in UP if arg != "--detach"), "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=home
    ) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or lines[-1] != "}\n":
            lines.append(process.stdout.readline())
            assert lines[-1], process.communicate()
        up = json.loads("".join(lines))
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert said == "stopped\n"
    with pytest.raises(ProcessLookupError):
        os.kill(up["pid"], 0)
