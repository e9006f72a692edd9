"""A chain in a process of its own: `python -m gdx_localnet`, whichever engine it runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from gdx_localnet.errors import EngineError, FixtureError, LocalnetError, PortInUse
from gdx_localnet.options import LocalnetOptions


@dataclass(frozen=True, slots=True)
class Started:
    """A process that answers: `engine_pid` is the validator's, or the process itself."""

    process: subprocess.Popen[bytes]
    rpc_port: int
    engine_pid: int


def spawn(options: LocalnetOptions, directory: Path, log: IO[bytes], *, is_detached: bool) -> Started:
    """Start `python -m gdx_localnet` in `directory` and wait until it answers.

    Raises PortInUse, FixtureError, or EngineError with the end of its log.
    """
    reader, writer = os.pipe()
    command = [sys.executable, "-m", "gdx_localnet", *_arguments(options), "--ready-fd", str(writer)]
    command += ["--directory", str(directory)]
    if not is_detached:
        command.append("--exit-with-parent")
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(writer,),
            start_new_session=True,  # Ctrl-C goes to whoever launched; that one stops the chain
        )
    finally:
        os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        line = pipe.readline()
    if not line:
        process.wait()
        raise EngineError(f"the local chain did not start; its log ends with:\n{_tail(Path(log.name))}")
    report: dict[str, Any] = json.loads(line)
    if "rpc_port" in report:
        return Started(process, report["rpc_port"], report["engine_pid"])
    process.wait()
    raise _error(report)


def _error(report: dict[str, Any]) -> LocalnetError:
    if report["error"] == "PortInUse":
        return PortInUse(report["port"], report["host"])
    return (FixtureError if report["error"] == "FixtureError" else EngineError)(report["message"])


def _arguments(options: LocalnetOptions) -> list[str]:
    arguments = [
        f"--engine={options.engine.value}",
        f"--host={options.host}",
        f"--rpc-port={options.rpc_port}",
        f"--slot-mode={options.slot_mode.value}",
        f"--slot-ms={options.slot_ms}",
        f"--confirmed-lag={options.confirmed_lag}",
        f"--finalized-lag={options.finalized_lag}",
        f"--limit-ledger-size={options.history_limit}",
    ]
    if options.fixture is not None:
        arguments.append(f"--fixture={options.fixture}")
    if options.validator is not None:
        arguments.append(f"--validator={options.validator}")
    if options.unix_ts is not None:
        arguments.append(f"--unix-ts={options.unix_ts}")
    for program in options.programs:
        authority = "none" if program.authority is None else str(program.authority)
        arguments += ["--upgradeable-program", str(program.address), str(program.path), authority]
    for address, path in options.accounts:
        arguments += ["--account", str(address), str(path)]
    return arguments


def _tail(path: Path, lines: int = 15) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"


def stop(process: subprocess.Popen[bytes], timeout_s: float = 15.0) -> None:
    """Ask a process to end, and end it when it does not."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
