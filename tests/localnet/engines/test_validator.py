"""The real validator under the same commands."""

from __future__ import annotations

import base64
import os
import signal
import time
from pathlib import Path

import httpx
import pytest
from gdx_localnet import (
    EngineError,
    PortInUse,
    ProgramFile,
    down,
    launch,
    reset,
    start_in_thread,
    status,
    up,
)
from gdx_localnet.programs import programdata_address
from solders.hash import Hash
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import ID as SYSTEM
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

pytestmark = pytest.mark.validator

KEY, HOLDER, RECEIVER = (Pubkey(bytes([n] * 32)) for n in (31, 32, 33))
CONFIRMED = {"commitment": "confirmed"}


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


def test_a_v0_transaction_is_taken_at_once(settings):
    with launch("validator", **settings) as handle:
        alice = handle.keys["alice"]
        blockhash = Hash.from_string(ask(handle.url, "getLatestBlockhash", CONFIRMED)["value"]["blockhash"])
        pay = transfer(TransferParams(from_pubkey=alice.pubkey(), to_pubkey=RECEIVER, lamports=10**9))
        tx = VersionedTransaction(MessageV0.try_compile(alice.pubkey(), [pay], [], blockhash), [alice])
        config = {"encoding": "base64", "preflightCommitment": "confirmed"}
        signature = ask(handle.url, "sendTransaction", base64.b64encode(bytes(tx)).decode(), config)
        wait_for(handle.url, 10**9, "confirmed")
        slot = ask(handle.url, "getSignatureStatuses", [signature])["value"][0]["slot"]
        assert slot < 32
        block = ask(handle.url, "getBlock", slot, {"maxSupportedTransactionVersion": 0, **CONFIRMED})
        assert signature in [one["transaction"]["signatures"][0] for one in block["transactions"]]


def test_flags_are_passed_on(validator, tmp_path, memo_elf):
    (tmp_path / "memo.so").write_bytes(memo_elf)
    programs = (ProgramFile(KEY, tmp_path / "memo.so", SYSTEM),)  # as --bpf-program
    options = {"mint": HOLDER, "slots_per_epoch": 50, "warp_slot": 777, "limit_ledger_size": 500}
    with launch("validator", validator=validator, fixture="none", programs=programs, **options) as handle:
        assert ask(handle.url, "getEpochSchedule")["slotsPerEpoch"] == 50
        assert ask(handle.url, "getSlot", {"commitment": "processed"}) >= 777
        assert ask(handle.url, "getBalance", str(HOLDER))["value"] == 500_000_000 * 10**9
        code = ask(handle.url, "getAccountInfo", str(programdata_address(KEY)), {"encoding": "base64"})
        assert base64.b64decode(code["value"]["data"][0])[12:45] == b"\1" + bytes(32)
        handle.controls.airdrop(RECEIVER, 3_000_000_000)
        assert ask(handle.url, "getBalance", str(RECEIVER), CONFIRMED)["value"] == 3_000_000_000
        with pytest.raises(EngineError, match="cannot set its clock"):
            handle.controls.set_clock(5)
        log = handle.log_path.read_text()
    assert f"Program {SYSTEM} success" in log


def test_a_resumed_ledger_goes_on(validator, tmp_path):
    settings = {"validator": validator, "fixture": "none", "directory": tmp_path}
    with launch("validator", resume=True, **settings) as handle:
        handle.controls.airdrop(RECEIVER, 3_000_000_000)
        wait_for(handle.url, 3_000_000_000, "finalized")
    with launch("validator", resume=True, **settings) as handle:
        wait_for(handle.url, 3_000_000_000, "confirmed")  # it answers while it still replays its ledger
    with launch("validator", **settings) as handle:
        assert ask(handle.url, "getBalance", str(RECEIVER), CONFIRMED)["value"] == 0


def wait_for(url, lamports, commitment):
    deadline = time.monotonic() + 60
    while ask(url, "getBalance", str(RECEIVER), {"commitment": commitment})["value"] != lamports:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_reset_begins_again_on_the_same_port(settings, tmp_path):
    state = tmp_path / "state"
    first = up("validator", state_dir=state, rpc_port=0, **settings)
    first.controls.airdrop(RECEIVER, 3_000_000_000)
    again = reset(state_dir=state)
    assert (again.url, again.engine_pid != first.engine_pid) == (first.url, True)
    assert ask(again.url, "getBalance", str(RECEIVER), CONFIRMED)["value"] == 0
    down(state_dir=state)
    assert wait_gone(again.engine_pid)


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
