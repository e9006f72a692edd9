"""The project's chain lane on both engines: the same tests, passed and timed; prints JSON.

    python bench/chain_lane.py --validator PATH

Takes minutes, so that `python -m bench` leaves it out. Exit code 1 when a test of either engine fails.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TARGET_TIMES = 5
SAME_TESTS = "chain and not embedded_only"


def run(engine: str, validator: str) -> dict[str, Any]:
    """One engine's figures; what pytest says goes to standard error as it comes."""
    command = [sys.executable, "-m", "pytest", "-m", SAME_TESTS, f"--engine={engine}", "tests"]
    started = time.perf_counter()
    lines: list[str] = []
    with subprocess.Popen(
        [*command, f"--validator={validator}"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", file=sys.stderr, flush=True)
            lines.append(line)
    seconds = time.perf_counter() - started
    summary = lines[-1] if lines else ""
    counts = {
        word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|skipped|errors?)", summary)
    }
    return {"exit_code": process.returncode, "seconds": round(seconds, 1), **counts}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--validator", required=True, metavar="PATH")
    path = parser.parse_args().validator
    found: dict[str, Any] = {engine: run(engine, path) for engine in ("embedded", "validator")}
    times = found["validator"]["seconds"] / found["embedded"]["seconds"]
    print(json.dumps({**found, "times_faster": round(times, 1), "target": TARGET_TIMES}, indent=2))
    return 1 if any(found[engine]["exit_code"] for engine in ("embedded", "validator")) else 0


if __name__ == "__main__":
    sys.exit(main())
