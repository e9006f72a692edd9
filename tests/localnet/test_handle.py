"""Chains in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import httpx
import pytest
from gdx_localnet import LocalnetOptions, launch
from gdx_localnet.engines.process import EXIT_WITH_PARENT, command


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


def test_the_chain_goes_when_its_parent_ended_before_it_could_look(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    arguments = command(LocalnetOptions(engine="embedded", fixture="none", rpc_port=0), tmp_path)
    with subprocess.Popen([*arguments, EXIT_WITH_PARENT, str(gone.pid)]) as process:
        assert process.wait(60) == 0


def _runs(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_the_foreground_command_stops_cleanly(tmp_path, name):
    reader, writer = os.pipe()
    arguments = command(LocalnetOptions(engine="embedded", fixture="none"), tmp_path)
    with subprocess.Popen([*arguments, "--ready-fd", str(writer)], pass_fds=(writer,)) as process:
        os.close(writer)
        with os.fdopen(reader) as pipe:
            assert "rpc_port" in pipe.readline()
        process.send_signal(name)
        assert process.wait(10) == 0


def test_the_foreground_command_names_what_is_wrong(tmp_path):
    arguments = [sys.executable, "-m", "gdx_localnet", str(tmp_path)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(
        f"error: {tmp_path}/options.json: does not tell how a chain is to be started"
    )


def test_all_addresses_are_reached_by_the_local_one():
    with launch("embedded", fixture="none", bind_address="0.0.0.0") as handle:
        assert handle.url == f"http://127.0.0.1:{handle.rpc_port}"
        assert ask(handle.url, "getHealth") == "ok"


def test_a_resumed_chain_goes_on(tmp_path):
    address = "4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM"
    for expected in (0, 1_000_000_000):
        with launch("embedded", fixture="none", directory=tmp_path, resume=True) as handle:
            assert ask(handle.url, "getBalance", address)["value"] == expected
            ask(handle.url, "requestAirdrop", address, 1_000_000_000)
    with launch("embedded", fixture="none", directory=tmp_path) as handle:
        assert ask(handle.url, "getBalance", address)["value"] == 0
