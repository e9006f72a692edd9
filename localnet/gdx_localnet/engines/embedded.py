"""The embedded engine: a chain with its fixture, in this process or in one of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

from gdx_localnet.errors import EngineError, FixtureError, PortInUse
from gdx_localnet.fixture import Fixture
from gdx_localnet.options import LocalnetOptions
from gdx_localnet.programs import load_upgradeable
from gdx_localnet.svm import EmbeddedChain


def build_chain(options: LocalnetOptions, fixture: Fixture | None = None) -> EmbeddedChain:
    """A chain as the options want it, its fixture in place. Raises FixtureError, EngineError."""
    chain = EmbeddedChain(
        slot_mode=options.slot_mode,
        slot_ms=options.slot_ms,
        confirmed_lag=options.confirmed_lag,
        finalized_lag=options.finalized_lag,
        unix_ts=options.unix_ts,
        history_limit=options.history_limit,
    )
    apply_fixture(chain, options.read_fixture() if fixture is None else fixture)
    return chain


def apply_fixture(chain: EmbeddedChain, fixture: Fixture) -> None:
    """Put a fixture's accounts and programs in place."""
    for address, account in fixture.accounts:
        chain.accounts.set(address, account)
    for program in fixture.programs:
        try:
            elf = program.path.read_bytes()
        except OSError as error:
            raise FixtureError(f"program file {program.path}: {error.strerror}") from error
        load_upgradeable(chain, program.address, elf, program.authority)


def spawn(
    options: LocalnetOptions, log: IO[bytes], *, is_detached: bool
) -> tuple[subprocess.Popen[bytes], int]:
    """Start `python -m gdx_localnet` and wait until it answers; the process and its RPC port.

    Raises PortInUse, FixtureError, or EngineError with the end of its log.
    """
    reader, writer = os.pipe()
    command = [sys.executable, "-m", "gdx_localnet", *_arguments(options), "--ready-fd", str(writer)]
    if not is_detached:
        command.append("--exit-with-parent")
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(writer,),
            start_new_session=is_detached,
        )
    finally:
        os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        line = pipe.readline()
    if not line:
        process.wait()
        raise EngineError(f"the embedded chain did not start; its log ends with:\n{_tail(Path(log.name))}")
    return process, _read_ready(json.loads(line), process)


def _read_ready(report: dict[str, Any], process: subprocess.Popen[bytes]) -> int:
    if "rpc_port" in report:
        return int(report["rpc_port"])
    process.wait()
    if report["error"] == "PortInUse":
        raise PortInUse(report["port"], report["host"])
    raise (FixtureError if report["error"] == "FixtureError" else EngineError)(report["message"])


def _arguments(options: LocalnetOptions) -> list[str]:
    arguments = [
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
