"""Serves the cases of a peer's script over stdin and stdout. Imports the standard library only.

A script in this folder runs in an environment of its own, where GDX need not be installed::

    from worker import Case, serve

    def root(folder: Path) -> Case:
        leaves = ...(folder / "leaves.bin").read_bytes()...
        return Case(run=lambda: tree_of(leaves), result_of=lambda tree: tree.root.hex())

    serve({"root": root}, label="pymerkle", package="pymerkle")

The garbage collector is off while a side is timed, and run between rounds, on both sides alike.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

__all__ = ["Case", "per_run_s", "serve"]


@dataclass
class Case:
    """The work, and what its outcome is as JSON."""

    run: Callable[[], Any]
    result_of: Callable[[Any], Any] = lambda value: value


def per_run_s(run: Callable[[], Any], repeats: int, clock: str) -> float:
    """Seconds per run over `repeats` runs, collector off."""
    now = time.process_time if clock == "processor" else time.perf_counter
    gc.collect()
    gc.disable()
    try:
        started = now()
        for _ in range(repeats):
            run()
        return (now() - started) / repeats
    finally:
        gc.enable()


def serve(cases: dict[str, Callable[[Path], Case]], *, label: str, package: str) -> None:
    """Answer the frame until it hangs up: prepare a case, tell its result, time it."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints must not end up among the replies
    case: Case | None = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "prepare" in request:
                case = cases[request["prepare"]](Path(request["folder"]))
                reply: Any = {"label": f"{label} {version(package)}"}
            elif "repeats" in request:
                assert case is not None
                reply = per_run_s(case.run, request["repeats"], request["clock"])
            else:
                assert case is not None
                reply = case.result_of(case.run())
            answer = {"reply": reply}
        except Exception:
            answer = {"error": traceback.format_exc()}
        replies.write(json.dumps(answer) + "\n")
        replies.flush()
