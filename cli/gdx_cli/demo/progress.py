"""One live line on a terminal; a line per stage elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TextIO

REFRESH_SECONDS = 0.1


class Progress:
    """Writes to `stream` (standard error), never to standard output, so that `--json` stays clean."""

    def __init__(self, stream: TextIO | None = None, *, is_quiet: bool = False) -> None:
        self._stream = stream or sys.stderr
        self._is_live = self._stream.isatty() and not is_quiet
        self._is_quiet = is_quiet
        self._last = 0.0
        self._width = 0
        self._started = time.monotonic()

    def stage(self, text: str) -> None:
        """A stage of the run begins."""
        if self._is_quiet:
            return
        self._clear()
        elapsed = time.monotonic() - self._started
        self._stream.write(f"[{elapsed:5.1f} s] {text}\n")
        self._stream.flush()

    def update(self, text: str) -> None:
        """Figures of the stage so far; drawn at most ten times a second."""
        now = time.monotonic()
        if not self._is_live or now - self._last < REFRESH_SECONDS:
            return
        self._last = now
        line = f"[{now - self._started:5.1f} s] {text}"[:118]
        self._stream.write("\r" + line.ljust(self._width))
        self._stream.flush()
        self._width = len(line)

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._clear()

    def _clear(self) -> None:
        if self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._width = 0
