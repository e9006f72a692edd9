"""The validator engine: solana-test-validator with the fixture's programs and accounts in its genesis."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from solders.pubkey import Pubkey

from gdx_localnet import account_files
from gdx_localnet.asking import call, is_healthy
from gdx_localnet.engines.process import stop
from gdx_localnet.errors import EngineError, FixtureError
from gdx_localnet.fixture import Fixture, ProgramFile
from gdx_localnet.options import LocalnetOptions
from gdx_localnet.ports import PortBlock, bind_ports, hold_block, is_free
from gdx_sdk.errors import RpcError

_HEALTHY_TIMEOUT_S = 180.0
_POLL_S = 0.05
_BLOCK_PORTS = 34
"""RPC, WebSocket, faucet, gossip, and thirty for the node's own traffic."""
_ATTEMPTS = 3
_PR_SET_PDEATHSIG = 1
_NAME = "solana-test-validator"
_NO_OLD_DEPLOYMENTS = "B8JJXCy5amZyWG9r7EnUYLwzXSXTxG7GZ1qZ1qggo83g"
"""SIMD-0500, which forbids to deploy SBPF v0: a validator begins with it, the public clusters do without."""
_FIRST_ROOT = 1
"""Where a ledger begins. A validator reads v0 transactions by its root and drops all while that is slot 0,
otherwise for 32 slots. One to be resumed begins there: none goes on from a ledger that began later.
"""
_SLOTS_WITHOUT_BLOCK = 2
"""Of a ledger that begins later than at slot 0: `getBlock` never shows the first."""
_LOG_FILTER = "warn,solana_runtime::message_processor::stable_log=debug"
"""What is logged unless RUST_LOG says otherwise: trouble, and what programs log."""


def find_validator(path: str | None) -> str:
    """The validator's executable: `path`, GDX_VALIDATOR, or the one on PATH. Raises EngineError."""
    named = path or os.environ.get("GDX_VALIDATOR")
    found = shutil.which(named or _NAME)
    if found is None:
        looked = f"{named} is not an executable" if named else f"{_NAME} is not on PATH"
        raise EngineError(
            f"{looked}: install the Solana tools, or name it with --validator PATH or GDX_VALIDATOR"
        )
    return found


@dataclass(frozen=True, slots=True)
class Validator:
    """A healthy validator."""

    process: subprocess.Popen[bytes]
    rpc_port: int
    ports: PortBlock
    """Held as long as this object lives."""


class _Ended(EngineError):
    """It ended before it was healthy."""


def start(options: LocalnetOptions, fixture: Fixture, directory: Path) -> Validator:
    """Start a validator with its ledger in `directory` and wait until it is healthy.

    It writes to this process's output and does not outlive it. Raises PortInUse, FixtureError, or
    EngineError when it is missing, dies or does not become healthy.
    """
    executable = find_validator(options.validator)
    attempts_left = _ATTEMPTS
    while True:
        ports = _hold_ports(options)
        try:
            command = [executable, *_arguments(options, ports, directory / "ledger")]
            command += _genesis_arguments(fixture, directory / "genesis")
            return _run(command, ports, f"http://{options.bind_address}:{ports.rpc}", _first_slot(options))
        except BaseException as error:
            # It has ended: whatever listens there now is a stranger that came after the choice.
            was_taken = isinstance(error, _Ended) and not ports.are_free(options.bind_address)
            ports.block.close()
            attempts_left -= 1
            if not (was_taken and attempts_left):
                raise
            print(f"{error}; another program took one of its ports: trying again", flush=True)


def _first_slot(options: LocalnetOptions) -> int:
    """The first that transactions may land in: programs of the genesis block can be called from slot 1 on."""
    root = _root(options)
    return 1 if root is None else root + _SLOTS_WITHOUT_BLOCK


def _root(options: LocalnetOptions) -> int | None:
    return options.warp_slot or (None if options.resume else _FIRST_ROOT)


def _run(command: list[str], ports: _Ports, url: str, first_slot: int) -> Validator:
    environment = {"RUST_LOG": _LOG_FILTER, **os.environ}
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, preexec_fn=_end_with_parent, env=environment
    )
    try:
        _wait_until_healthy(process, url, first_slot)
    except BaseException:
        stop(process)
        raise
    return Validator(process, ports.rpc, ports.block)


def _end_with_parent() -> None:
    """Have Linux end this process when the one that started it ends, however that happens."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class _Ports:
    """What one validator listens on: RPC (and WebSocket behind it), faucet, gossip, its own traffic."""

    block: PortBlock
    rpc: int

    def are_free(self, host: str) -> bool:
        """Whether nothing listens on any of them."""
        return self.block.is_free() and is_free(host, self.rpc) and is_free(host, self.rpc + 1)

    @property
    def faucet(self) -> int:
        return self.block.first + 2

    @property
    def gossip(self) -> int:
        return self.block.first + 3

    @property
    def dynamic(self) -> range:
        return range(self.block.first + 4, self.block.first + self.block.count)


def _hold_ports(options: LocalnetOptions) -> _Ports:
    """Ports that no other validator started this way gets. Raises PortInUse, EngineError."""
    if not options.rpc_port:
        block = hold_block(options.bind_address, _BLOCK_PORTS)
        return _Ports(block, block.first)
    for asked in bind_ports(options.bind_address, options.rpc_port):
        asked.close()
    asked_ports = (options.rpc_port, options.rpc_port + 1)
    return _Ports(hold_block(options.bind_address, _BLOCK_PORTS, avoid=asked_ports), options.rpc_port)


def _arguments(options: LocalnetOptions, ports: _Ports, ledger: Path) -> list[str]:
    arguments = ["--ledger", str(ledger), "--log", "--bind-address", options.bind_address]
    arguments += ["--rpc-port", str(ports.rpc), "--faucet-port", str(ports.faucet)]
    arguments += ["--gossip-port", str(ports.gossip)]
    arguments += ["--dynamic-port-range", f"{ports.dynamic[0]}-{ports.dynamic[-1]}"]
    for feature in (_NO_OLD_DEPLOYMENTS, *options.deactivate_features):
        arguments += ["--deactivate-feature", str(feature)]
    if options.clone_feature_set:
        arguments += ["--url", str(options.url), "--clone-feature-set"]
    arguments += ["--ticks-per-slot", str(options.slot_length_ticks)]
    if not options.resume:
        arguments.append("--reset")
    for flag, value in (
        ("--mint", options.mint),
        ("--limit-ledger-size", options.limit_ledger_size),
        ("--slots-per-epoch", options.slots_per_epoch),
        ("--warp-slot", _root(options)),
    ):
        if value is not None:
            arguments += [flag, str(value)]
    return arguments


def _genesis_arguments(fixture: Fixture, folder: Path) -> list[str]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    arguments: list[str] = []
    for program in fixture.programs:
        if not program.path.is_file():
            raise FixtureError(f"program file {program.path}: no such file")
        arguments += _program_arguments(program)
    for address, account in fixture.accounts:
        account_files.write(folder, address, account)
    return [*arguments, "--account-dir", str(folder)]


def _program_arguments(program: ProgramFile) -> list[str]:
    if program.authority == Pubkey.default():
        return ["--bpf-program", str(program.address), str(program.path)]
    authority = "none" if program.authority is None else str(program.authority)
    return ["--upgradeable-program", str(program.address), str(program.path), authority]


def _wait_until_healthy(process: subprocess.Popen[bytes], url: str, first_slot: int) -> None:
    deadline = time.monotonic() + _HEALTHY_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise _Ended(f"{_NAME} ended with code {process.returncode} before it was healthy; see its log")
        if is_healthy(url) and _open_slot(url) >= first_slot:
            return
        time.sleep(_POLL_S)
    raise EngineError(f"{_NAME} was not healthy after {_HEALTHY_TIMEOUT_S:.0f} s; see its log")


def _open_slot(url: str) -> int:
    try:
        return int(call(url, "getSlot", {"commitment": "processed"}, timeout_s=2.0))
    except RpcError:
        return 0
