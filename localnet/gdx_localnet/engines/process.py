"""A chain in a process of its own: `python -m gdx_localnet DIRECTORY`, whichever engine it runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from gdx_localnet.errors import EngineError, FixtureError, LocalnetError, PortInUse
from gdx_localnet.files import write_atomically
from gdx_localnet.options import LocalnetOptions

OPTIONS_FILE = "options.json"
"""In a chain's directory: how it was started."""

EXIT_WITH_PARENT = "--exit-with-parent"
"""Has a chain stop when the process that started it, whose id follows, is gone."""


@dataclass(frozen=True, slots=True)
class Started:
    """A process that answers: `engine_pid` is the validator's, or the process itself."""

    process: subprocess.Popen[bytes]
    rpc_port: int
    engine_pid: int


def command(options: LocalnetOptions, directory: Path) -> list[str]:
    """Write the options into `directory`; what starts a chain by them, in the foreground."""
    write_atomically(directory / OPTIONS_FILE, json.dumps(options.to_json(), indent=2).encode())
    return [sys.executable, "-m", "gdx_localnet", str(directory)]


def read_options(directory: Path) -> LocalnetOptions:
    """The options that a chain of `directory` was last started by. Raises EngineError."""
    path = directory / OPTIONS_FILE
    try:
        return LocalnetOptions.from_json(json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise EngineError(f"{path}: does not tell how a chain is to be started: {error}") from error


class ReadyPipe:
    """How a chain's process tells that it answers, or why it does not start."""

    def __init__(self) -> None:
        self._reader, self.writer = os.pipe()
        self.arguments = ["--ready-fd", str(self.writer)]

    def started(self, process: subprocess.Popen[bytes], log_path: Path) -> Started:
        """Wait for the word of `process`, which has been started with `arguments` and has `writer` open.

        Raises PortInUse, FixtureError, or EngineError with the end of its log.
        """
        self.close_writer()
        try:
            with os.fdopen(self._reader, "rb") as pipe:
                line = pipe.readline()
        except BaseException:
            stop(process)  # interrupted while it was starting: nothing may stay behind
            raise
        if not line:
            process.wait()
            raise EngineError(f"the local chain did not start; its log ends with:\n{_tail(log_path)}")
        report: dict[str, Any] = json.loads(line)
        if "rpc_port" in report:
            return Started(process, report["rpc_port"], report["engine_pid"])
        process.wait()
        raise _error(report)

    def close_writer(self) -> None:
        """Leave the writing end to the process alone, so that its end is noticed."""
        if self.writer >= 0:
            os.close(self.writer)
            self.writer = -1


def spawn(options: LocalnetOptions, directory: Path, log: IO[bytes], *, is_detached: bool) -> Started:
    """Start a chain in `directory` and wait until it answers.

    Raises PortInUse, FixtureError, or EngineError with the end of its log.
    """
    pipe = ReadyPipe()
    arguments = [*command(options, directory), *pipe.arguments]
    if not is_detached:
        arguments += [EXIT_WITH_PARENT, str(os.getpid())]
    try:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(pipe.writer,),
            start_new_session=True,  # Ctrl-C goes to whoever launched; that one stops the chain
        )
    finally:
        pipe.close_writer()
    return pipe.started(process, Path(log.name))


def _error(report: dict[str, Any]) -> LocalnetError:
    if report["error"] == "PortInUse":
        return PortInUse(report["port"], report["host"])
    return (FixtureError if report["error"] == "FixtureError" else EngineError)(report["message"])


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
