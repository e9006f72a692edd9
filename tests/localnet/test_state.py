"""up, down, status: one chain for each state directory, whatever happens to it."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import pytest
from gdx_localnet import (
    AlreadyRunning,
    EngineError,
    FixtureError,
    NotRunning,
    PortInUse,
    down,
    is_healthy,
    running,
    status,
    up,
)
from gdx_localnet.state import default_state_dir
from solders.keypair import Keypair

FIXTURE = """
[[keys]]
name = "alice"
lamports = 5_000_000_000
"""


@pytest.fixture
def state(tmp_path):
    """Settings of a chain of its own; it is stopped afterwards."""
    fixture = tmp_path / "fixture.toml"
    fixture.write_text(FIXTURE)
    yield {"state_dir": tmp_path / "state", "rpc_port": 0, "fixture": fixture}
    if status(state_dir=tmp_path / "state") is not None:
        down(state_dir=tmp_path / "state")


def test_up_status_down(state):
    started = up("embedded", **state)
    directory = state["state_dir"]
    assert is_healthy(started)
    assert status(state_dir=directory) == started
    keypair = Keypair.from_bytes(bytes(json.loads(Path(started.keys["alice"]).read_text())))
    assert Path(started.keys["alice"]).stat().st_mode & 0o077 == 0
    assert str(keypair.pubkey()) == "2zoE3CBy6PJYUvNFNbBhZBSaS67WSuLQ9EADqosmk9KQ"
    assert "RPC http://127.0.0.1" in Path(started.log_path).read_text()
    assert down(state_dir=directory) == started
    assert not is_healthy(started)
    assert status(state_dir=directory) is None
    with pytest.raises(NotRunning):
        down(state_dir=directory)


def test_a_second_up_says_where_the_first_runs(state):
    started = up("embedded", **state)
    with pytest.raises(AlreadyRunning, match=f"already runs at {started.url} \\(pid {started.pid}\\)"):
        up("embedded", **state)
    assert is_healthy(started)


def test_a_killed_chain_leaves_no_lock(state):
    first = up("embedded", **state)
    os.kill(first.pid, signal.SIGKILL)
    time.sleep(0.05)
    assert status(state_dir=state["state_dir"]) is None
    second = up("embedded", **state)
    assert second.pid != first.pid
    assert is_healthy(second)


def test_two_at_once_start_one_chain(state):
    with ThreadPoolExecutor(2) as pool:
        outcomes = [future.exception() for future in [pool.submit(up, "embedded", **state) for _ in range(2)]]
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AlreadyRunning", "NoneType"]
    assert is_healthy(running(state_dir=state["state_dir"]))


def test_one_that_does_not_go_is_killed(state, monkeypatch):
    monkeypatch.setattr("gdx_localnet.state._STOP_TIMEOUT_S", 0.1)
    started = up("embedded", **state)
    os.kill(started.pid, signal.SIGSTOP)
    assert down(state_dir=state["state_dir"]) == started
    with pytest.raises(ProcessLookupError):
        os.kill(started.pid, 0)


def test_the_pid_is_in_a_file_while_it_is_up(state):
    started = up("embedded", **state)
    pid_file = state["state_dir"] / "localnet.pid"
    assert pid_file.read_text() == f"{started.pid}\n"
    down(state_dir=state["state_dir"])
    assert not pid_file.exists()


def test_another_process_of_the_same_id_is_left_alone(state):
    directory = state["state_dir"]
    started = up("embedded", **state)
    down(state_dir=directory)
    record = {**asdict(started), "pid": os.getpid(), "born": "1"}
    (directory / "state.json").write_text(json.dumps(record))
    assert status(state_dir=directory) is None
    with pytest.raises(NotRunning):
        down(state_dir=directory)
    assert is_healthy(up("embedded", **state))


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": 1}'])
def test_a_damaged_record_is_no_chain(state, text):
    state["state_dir"].mkdir()
    (state["state_dir"] / "state.json").write_text(text)
    assert status(state_dir=state["state_dir"]) is None


def test_a_state_directory_that_cannot_be_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(EngineError, match=r"state directory .*file/state: Not a directory"):
        up("embedded", state_dir=tmp_path / "file" / "state", rpc_port=0)


def test_a_port_in_use_is_named(state):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=f"port {port} .* is in use"):
            up("embedded", **{**state, "rpc_port": port})
    assert status(state_dir=state["state_dir"]) is None


def test_a_bad_fixture_is_named(state, tmp_path):
    (tmp_path / "bad.toml").write_text("[[nope]]")
    with pytest.raises(FixtureError, match=r"bad\.toml"):
        up("embedded", **{**state, "fixture": tmp_path / "bad.toml"})


def test_a_missing_validator_is_named(state):
    with pytest.raises(EngineError, match="/nowhere is not an executable"):
        up("validator", validator="/nowhere", **state)


def test_an_unknown_engine_in_the_environment_is_named(state, monkeypatch):
    monkeypatch.setenv("GDX_ENGINE", "steam")
    with pytest.raises(EngineError, match="GDX_ENGINE = 'steam'"):
        up(**state)


def test_where_the_state_is_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_state_dir() == tmp_path / "gdx" / "localnet"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.chdir(tmp_path)
    assert default_state_dir() == tmp_path / ".gdx" / "localnet"
