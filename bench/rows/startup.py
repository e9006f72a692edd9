"""Import a generated package, and start the command line: a process each time."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench import positions
from bench.frame import Clock, Job, bench
from bench.side import BENCH, python_of

USED = "from {0}.accounts import UserPosition; from {0}.instructions import liquidate"
TIMED = "import time; started = time.process_time(); {0}; print(time.process_time() - started)"
OURS = USED.format("gdx_sdk._generated.position_mgmt")
PEER = USED.format("anchorpy_position_mgmt")
SAME = "; print(UserPosition.__name__, liquidate.__name__)"


def environment(folder: Path) -> dict[str, str]:
    """With bytecode in the job's folder: as after an installation, whatever this machine forbids."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return inherited | {"PYTHONPYCACHEPREFIX": str(folder / "bytecode"), "NO_COLOR": "1"}


class Import:
    """Seconds that an import takes, as the new interpreter measures it: its own start does not count."""

    def __init__(self, label: str, python: Path, statement: str, folder: Path) -> None:
        self.label, self._python, self._statement, self._folder = label, python, statement, folder

    def _run(self, code: str) -> str:
        return subprocess.run(
            [self._python, "-c", code],
            cwd=self._folder,
            check=True,
            capture_output=True,
            text=True,
            env=environment(self._folder),
        ).stdout

    def result(self) -> Any:
        """What was imported."""
        return self._run(self._statement + SAME)

    def seconds(self, repeats: int, clock: Clock) -> float:
        """The mean of `repeats` new interpreters."""
        code = TIMED.format(self._statement)
        return sum(float(self._run(code)) for _ in range(repeats)) / repeats


class Command:
    """Processor time of a whole process, interpreter included."""

    def __init__(self, label: str, folder: Path, *command: str | Path) -> None:
        self.label, self._command, self._environment = label, command, environment(folder)

    def _run(self) -> str:
        return subprocess.run(
            self._command, check=True, capture_output=True, text=True, env=self._environment
        ).stdout

    def result(self) -> Any:
        """Whether it printed anything: help texts differ, and are not the work."""
        return bool(self._run())

    def seconds(self, repeats: int, clock: Clock) -> float:
        """The mean of `repeats` processes."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        for _ in range(repeats):
            self._run()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / repeats


class Explain(Command):
    """A command whose output names an error, which both sides must agree on."""

    def result(self) -> Any:
        """What stands beside "name" and "sentence"."""
        return re.findall(r"^(?:name|sentence) +(.+)$", self._run(), re.M)


@bench("Start up", needs=("peers",))
def run(job: Job) -> None:
    """The first run, untimed, writes the bytecode. The peer imports anchorpy at the top, as its own does."""
    positions.give(job.folder, b"")
    anchorpy = job.peer("peers", "anchorpy_client", "package").label
    ours, peer = Path(sys.executable), python_of("peers")
    job.compare(
        "import an account and an instruction of a generated package",
        ours=Import("generated package", ours, OURS, job.folder),
        peer=Import(anchorpy, peer, PEER, job.folder),
        min_ratio=4,
        binds="loading solders takes more than half",
    )
    gdx, script = ours.with_name("gdx"), BENCH / "peers/anchorpy_cli.py"
    label = f"click with {anchorpy}"
    job.compare(
        "`gdx --help`, whole process",
        ours=Command("gdx", job.folder, gdx, "--help"),
        peer=Command(label, job.folder, peer, script, "--help"),
        min_ratio=8,
        binds="the interpreter's own start",
    )
    idl = job.folder / "position_mgmt.json"
    code = str(json.loads(idl.read_text())["errors"][0]["code"])
    job.compare(
        "a command without RPC (`gdx errors explain`), whole process",
        ours=Explain("gdx", job.folder, gdx, "errors", "explain", code),
        peer=Explain(label, job.folder, peer, script, "explain", idl, code),
        min_ratio=3.3,
        binds="click and the interpreter's own start",
    )
