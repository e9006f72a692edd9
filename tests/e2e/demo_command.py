"""Running `gdx demo` as a user does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GDX: Sequence[str] = (sys.executable, "-m", "gdx_cli.main", "demo")


@dataclass(frozen=True)
class DemoRun:
    """What one run left behind."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def result(self) -> dict[str, Any]:
        """The one JSON object on standard output."""
        found: dict[str, Any] = json.loads(self.stdout)
        return found

    @property
    def error(self) -> str:
        """The sentence of a failure, reported as JSON on standard error."""
        message: str = json.loads(self.stderr)["error"]["message"]
        return message


class DemoCommand:
    """`gdx demo` in a process of its own, with its temporary files in a folder that can be looked at."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "TMPDIR": str(folder)}

    def run(self, *args: str) -> DemoRun:
        done = subprocess.run(
            [*GDX, *args], capture_output=True, text=True, env=self.environment, timeout=900
        )
        return DemoRun(done.returncode, done.stdout, done.stderr)

    def start(self, *args: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*GDX, *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
            start_new_session=True,
        )

    def chains(self) -> list[int]:
        """Process ids of the chains that run on files of ours."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if "gdx_localnet" in command and str(self.folder) in command:
                found.append(int(entry.name))
        return found

    def leftovers(self) -> list[str]:
        """Folders of the demo that are still there."""
        return sorted(path.name for path in self.folder.glob("gdx-*"))


def assert_proven(run: DemoRun) -> None:
    """Exit code 0, at least eight proofs, every one true, no bust."""
    assert run.exit_code == 0, run.stderr
    result = run.result
    assert len(result["proofs"]) >= 8
    assert all(value is True for value in result["proofs"].values()), result["proofs"]
    assert result["busts"] == 0


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Look again every 0.1 s, for ten seconds."""
    for _ in range(100):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError(f"still not so: {what}")
