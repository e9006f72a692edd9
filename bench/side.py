"""A side that works in another environment: a process, spoken to in lines of JSON."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
REPLY_S = 180.0  # a side that says nothing for so long is given up

# What `make bench` installs for the peers; each is a folder below the root. "ours" is the one that runs this.
ENVIRONMENTS = {
    "anchorpy": os.environ.get("ANCHORPY_VENV", ".venv-anchorpy"),
    "peers": os.environ.get("PEERS_VENV", ".venv-peers"),
    "ours": sys.prefix,
}


class BenchError(Exception):
    """A benchmark that says nothing: sides that differ, a peer that is missing or broken."""


def python_of(environment: str) -> Path:
    """The interpreter of an environment; `BenchError` when it is not installed."""
    path = ROOT / ENVIRONMENTS[environment] / "bin/python"
    if not path.exists():
        raise BenchError(f"{ENVIRONMENTS[environment]} is not installed: `make bench` installs it")
    return path


class PeerSide:
    """A case of a script in ``bench/peers``, run by an environment's interpreter; a context manager."""

    def __init__(self, environment: str, script: str, case: str, folder: Path, label: str = "") -> None:
        self.label = label
        self._process = subprocess.Popen(
            [python_of(environment), BENCH / f"peers/{script}.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        try:
            said = self._ask(prepare=case, folder=str(folder))
        except BenchError:
            self.close()
            raise
        self.label = label or said["label"]

    def result(self) -> Any:
        """What one run came to."""
        return self._ask()

    def seconds(self, repeats: int, clock: str) -> float:
        """Seconds per run."""
        return float(self._ask(repeats=repeats, clock=clock))

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def _ask(self, **request: Any) -> Any:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._lines.get(timeout=REPLY_S)
        except (OSError, queue.Empty) as error:
            raise BenchError(f"{self.label or 'peer'} does not answer: {error!r}") from error
        if not line:
            raise BenchError(f"{self.label or 'peer'} ended with exit code {self._process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise BenchError(f"{self.label or 'peer'} failed:\n{answer['error']}")
        return answer["reply"]
