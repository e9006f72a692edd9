"""The real validator under the same commands."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import httpx
import pytest
from gdx_localnet import EngineError, PortInUse, down, launch, start_in_thread, status, up

pytestmark = pytest.mark.validator


@pytest.fixture(scope="module")
def validator() -> str:
    path = os.environ.get("GDX_VALIDATOR")
    if path is None:
        pytest.skip("GDX_VALIDATOR names no solana-test-validator")
    return path


@pytest.fixture
def settings(validator, tmp_path):
    (tmp_path / "fixture.toml").write_text('[[keys]]\nname = "alice"\nlamports = 5_000_000_000\n')
    return {"validator": validator, "fixture": tmp_path / "fixture.toml"}


def ask(url, method, *params):
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
    return httpx.post(url, json=body).json()["result"]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_gone(pid: int) -> bool:
    deadline = time.monotonic() + 15
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not is_alive(pid)


def test_it_starts_with_the_fixture_and_stops(settings):
    with launch("validator", **settings) as handle:
        assert ask(handle.url, "getHealth") == "ok"
        alice = str(handle.keys["alice"].pubkey())
        assert ask(handle.url, "getBalance", alice, {"commitment": "processed"})["value"] == 5_000_000_000
        engine_pid = handle.engine_pid
        assert engine_pid != handle.pid
    assert wait_gone(engine_pid)


def test_it_goes_when_its_keeper_is_killed(settings):
    handle = launch("validator", **settings)
    os.kill(handle.pid, signal.SIGKILL)
    assert wait_gone(handle.engine_pid)
    handle.stop()


def test_up_and_down(settings, tmp_path):
    state = tmp_path / "state"
    running = up("validator", state_dir=state, rpc_port=0, **settings)
    assert status(state_dir=state) == running
    assert ask(running.url, "getHealth") == "ok"
    down(state_dir=state)
    assert status(state_dir=state) is None


def test_a_port_in_use_is_named(settings, chain):
    served = start_in_thread(chain)
    with pytest.raises(PortInUse, match=f"port {served.rpc_port}"):
        launch("validator", rpc_port=served.rpc_port, **settings)
    served.stop()


def test_one_that_dies_is_told_with_its_log(settings, tmp_path):
    false = tmp_path / "false"
    false.write_text("#!/bin/sh\necho it broke\nexit 3\n")
    false.chmod(0o755)
    with pytest.raises(EngineError, match="ended with code 3"):
        launch("validator", **{**settings, "validator": str(false)})
