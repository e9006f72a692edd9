"""`gdx localnet`, with a real embedded chain."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest
from gdx_localnet import account_files
from gdx_localnet.asking import call
from solders.account import Account
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from gdx_sdk.errors import TransportError
from tests.cli.conftest import DEAD_URL, Invoke

ALICE, BOB = (str(Pubkey(bytes([n] * 32))) for n in (21, 22))
PROGRAM = Keypair.from_seed(bytes([23] * 32))
ACCOUNT = Account(7_000_000, b"data", Pubkey.default(), False, 2**64 - 1)

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


def test_a_chain_that_does_not_answer_is_no_cluster(invoke: Invoke, state: tuple[str, str]) -> None:
    pid = json.loads(invoke(*UP, "--json", *state).stdout)["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        status = invoke("localnet", "status", "--json", *state)
        assert (status.exit_code, json.loads(status.stdout)["is_healthy"]) == (4, False)
    finally:
        os.kill(pid, signal.SIGCONT)


def test_reset_begins_again_on_the_same_port(invoke: Invoke, state: tuple[str, str]) -> None:
    first = json.loads(invoke(*UP, "--json", "--slot-mode", "manual", "--mint", ALICE, *state).stdout)
    assert invoke("localnet", "airdrop", "1", BOB, *state).exit_code == 0
    again = json.loads(invoke("localnet", "reset", "--json", *state).stdout)
    assert (again["is_up"], again["url"]) == (True, first["url"])
    assert again["pid"] != first["pid"]
    assert call(again["url"], "getBalance", BOB)["value"] == 0
    assert call(again["url"], "getBalance", ALICE)["value"] == 500_000_000 * 10**9
    assert call(again["url"], "gdx_getClock")["slotMode"] == "manual"
    invoke("localnet", "down", *state)
    gone = invoke("localnet", "reset", *state)
    assert (gone.exit_code, gone.stdout) == (0, "no local chain is up; its ledger is gone\n")


def test_flags_of_the_validator(invoke: Invoke, state: tuple[str, str], tmp_path: Path) -> None:
    account_files.write(tmp_path, Pubkey.from_string(BOB), ACCOUNT)
    key_file = tmp_path / "program.json"
    key_file.write_text(json.dumps(list(bytes(PROGRAM))))
    program = Path(str(resources.files("gdx_sdk") / "programs" / "oracle.so"))
    flags = ("--account", "-", str(tmp_path / f"{BOB}.json"), "--warp-slot", "500", "--slots-per-epoch", "64")
    programs = ("--upgradeable-program", str(key_file), str(program), ALICE)
    programs += ("--bpf-program", ALICE, str(program))
    started = invoke(
        *UP, "--json", *flags, *programs, "--slot-mode", "fast", "--fault", "503:count=1", *state
    )
    assert started.exit_code == 0, started.stderr
    url = json.loads(started.stdout)["url"]
    with pytest.raises(TransportError, match="HTTP 503"):
        call(url, "getSlot")
    assert call(url, "getBalance", BOB)["value"] == ACCOUNT.lamports
    assert call(url, "getEpochInfo")["absoluteSlot"] >= 499
    assert call(url, "getEpochSchedule")["slotsPerEpoch"] == 64
    listed = {entry["address"]: entry["authority"] for entry in call(url, "gdx_listPrograms")}
    assert (listed[str(PROGRAM.pubkey())], listed[ALICE]) == (ALICE, str(Pubkey.default()))


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        (("--slot-ms", "0"), 2, "--slot-ms"),
        (("--slot-ms", "5", "--ticks-per-slot", "5"), 2, "say the same"),
        (
            ("--engine", "validator", "--unix-ts", "5"),
            2,
            "--unix-ts: solana-test-validator keeps its own time",
        ),
        (("--engine", "validator", "--fault", "drop"), 2, "--fault: solana-test-validator"),
        (("--fault", "boom"), 2, "fault kind = 'boom'"),
        (("--clone", "x", "--url", "l"), 2, "'x' is not a base58 address"),
        (("--clone", ALICE), 1, "name a cluster with url"),
        (("--clone", ALICE, "--url", "nowhere"), 2, "neither an http(s) URL nor one of"),
        (("--account", "-", "none.json"), 1, "none.json: no such file"),
        (("--bpf-program", "none.json", "x.so"), 2, "neither a base58 address nor a key file"),
        (("--bpf-program", ALICE, "x.so"), 1, "program file"),
        (("--detach", "--log"), 2, "gdx localnet logs -f"),
    ],
)
def test_bad_flags_are_named(
    invoke: Invoke, state: tuple[str, str], flags: tuple[str, ...], code: int, message: str
) -> None:
    done = invoke("localnet", "up", "--detach", "--rpc-port", "0", "--fixture", "none", *flags, *state)
    assert (done.exit_code, message in done.stderr) == (code, True), done.stderr
    assert invoke("localnet", "status", *state).exit_code == 1


def test_a_cluster_to_clone_from_that_is_away(
    invoke: Invoke, state: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gdx_localnet.asking._FIRST_PAUSE_S", 0.001)
    done = invoke(*UP, "--clone", ALICE, "--url", DEAD_URL, *state)
    assert done.exit_code == 4
    assert f"{DEAD_URL} cannot be reached" in done.stderr
    assert invoke("localnet", "status", *state).exit_code == 1


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
