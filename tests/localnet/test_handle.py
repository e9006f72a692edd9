"""Chains in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import httpx
import pytest
from gdx_localnet import launch


def ask(url, method, *params):
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
    return httpx.post(url, json=body).json()["result"]


def test_launch_and_stop():
    with launch("embedded", fixture="none", unix_ts=1_700_000_000) as handle:
        assert ask(handle.url, "getHealth") == "ok"
        assert ask(handle.url, "gdx_getClock")["unixTimestamp"] == 1_700_000_000
        assert handle.is_alive()
        log = handle.log_path
        assert log.exists()
    assert not handle.is_alive()
    assert not log.exists()


def test_stop_twice_is_harmless():
    handle = launch("embedded", fixture="none")
    handle.stop()
    handle.stop()


def test_the_chain_goes_when_its_parent_is_killed(tmp_path):
    code = (
        "import sys, time; from gdx_localnet import launch; from pathlib import Path\n"
        f"h = launch('embedded', fixture='none', directory=Path({str(tmp_path)!r}))\n"
        "print(h.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_the_foreground_command_stops_cleanly(name):
    reader, writer = os.pipe()
    command = [sys.executable, "-m", "gdx_localnet", "--rpc-port", "0", "--fixture", "none"]
    with subprocess.Popen([*command, "--ready-fd", str(writer)], pass_fds=(writer,)) as process:
        os.close(writer)
        with os.fdopen(reader) as pipe:
            assert "rpc_port" in pipe.readline()
        process.send_signal(name)
        assert process.wait(10) == 0


def test_the_foreground_command_names_what_is_wrong():
    command = [sys.executable, "-m", "gdx_localnet", "--account", "x", "y"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "error: 'x' is not a base58 address\n"
