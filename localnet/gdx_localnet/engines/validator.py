"""The validator engine: solana-test-validator with the fixture's programs and accounts in its genesis."""

from __future__ import annotations

import ctypes
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gdx_localnet.engines.process import stop
from gdx_localnet.errors import EngineError, FixtureError
from gdx_localnet.fixture import Fixture, account_file_body
from gdx_localnet.options import LocalnetOptions
from gdx_localnet.server import bind_ports

_HEALTHY_TIMEOUT_S = 60.0
_POLL_S = 0.05
_DYNAMIC_PORTS = 30
_TICKS_PER_SECOND = 160
_PR_SET_PDEATHSIG = 1
_NAME = "solana-test-validator"


def find_validator(path: str | None) -> str:
    """The validator's executable: `path`, or the one on PATH. Raises EngineError."""
    found = shutil.which(path if path is not None else _NAME)
    if found is None:
        looked = f"{path} is not an executable" if path is not None else f"{_NAME} is not on PATH"
        raise EngineError(f"{looked}: install the Solana tools, or name it with --validator PATH")
    return found


@dataclass(frozen=True, slots=True)
class Validator:
    """A healthy validator."""

    process: subprocess.Popen[bytes]
    rpc_port: int


def start(options: LocalnetOptions, fixture: Fixture, directory: Path) -> Validator:
    """Start a validator with its ledger in `directory` and wait until it is healthy.

    It writes to this process's output and does not outlive it. Raises PortInUse, FixtureError, or
    EngineError when it is missing, dies or does not become healthy.
    """
    executable = find_validator(options.validator)
    ports = _choose_ports(options)
    command = [executable, *_arguments(options, ports, directory / "ledger")]
    command += _genesis_arguments(fixture, directory / "genesis")
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=_end_with_parent)
    try:
        _wait_until_healthy(process, options.host, ports["rpc"])
    except BaseException:
        stop(process)
        raise
    return Validator(process, ports["rpc"])


def _end_with_parent() -> None:
    """Have Linux end this process when the one that started it ends, however that happens."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _choose_ports(options: LocalnetOptions) -> dict[str, int]:
    """Ports for RPC (and WebSocket behind it), the faucet and the node's own traffic."""
    first, second = bind_ports(options.host, options.rpc_port)
    rpc_port: int = first.getsockname()[1]
    first.close()
    second.close()
    dynamic = _free_range(options.host, _DYNAMIC_PORTS + 2)
    return {"rpc": rpc_port, "faucet": dynamic, "gossip": dynamic + 1, "dynamic": dynamic + 2}


def _free_range(host: str, count: int) -> int:
    """The first of `count` ports in a row on which nothing listens now."""
    for first in range(20_000, 60_000 - count, count):
        if all(_is_free(host, port) for port in range(first, first + count)):
            return first
    raise EngineError(f"no {count} free ports in a row found on {host}")


def _is_free(host: str, port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind((host, port))
            except OSError:
                return False
    return True


def _arguments(options: LocalnetOptions, ports: dict[str, int], ledger: Path) -> list[str]:
    arguments = ["--ledger", str(ledger), "--reset", "--quiet", "--bind-address", options.host]
    arguments += ["--rpc-port", str(ports["rpc"]), "--faucet-port", str(ports["faucet"])]
    arguments += ["--gossip-port", str(ports["gossip"])]
    arguments += ["--dynamic-port-range", f"{ports['dynamic']}-{ports['dynamic'] + _DYNAMIC_PORTS - 1}"]
    ticks = max(2, options.slot_ms * _TICKS_PER_SECOND // 1000)
    return [*arguments, "--ticks-per-slot", str(ticks)]


def _genesis_arguments(fixture: Fixture, directory: Path) -> list[str]:
    directory.mkdir(parents=True, exist_ok=True)
    arguments: list[str] = []
    for program in fixture.programs:
        if not program.path.is_file():
            raise FixtureError(f"program file {program.path}: no such file")
        authority = "none" if program.authority is None else str(program.authority)
        arguments += ["--upgradeable-program", str(program.address), str(program.path), authority]
    for address, account in fixture.accounts:
        path = directory / f"{address}.json"
        path.write_text(json.dumps(account_file_body(address, account)))
        arguments += ["--account", str(address), str(path)]
    return arguments


def _wait_until_healthy(process: subprocess.Popen[bytes], host: str, port: int) -> None:
    deadline = time.monotonic() + _HEALTHY_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise EngineError(
                f"{_NAME} ended with code {process.returncode} before it was healthy; see its log"
            )
        # Programs of the genesis block can be called from slot 1 on.
        if ask(host, port, "getHealth") == "ok" and (ask(host, port, "getSlot", _PROCESSED) or 0) > 0:
            return
        time.sleep(_POLL_S)
    raise EngineError(f"{_NAME} was not healthy after {_HEALTHY_TIMEOUT_S:.0f} s; see its log")


_PROCESSED = {"commitment": "processed"}


def ask(host: str, port: int, method: str, *params: Any) -> Any:
    """One plain RPC result, or None when nobody answers."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(
        f"http://{host}:{port}", body, {"content-type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=2) as response:
            return json.loads(response.read()).get("result")
    except (OSError, ValueError, urllib.error.URLError):
        return None
