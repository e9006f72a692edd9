"""What the program tests show of each instruction: compute units, errors, events."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import median_low
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
Samples = dict[str, Counter[int]]
Table = dict[str, dict[str, dict[str, int]]]
Outcomes = dict[str, dict[str, dict[str, list[str]]]]


@dataclass(frozen=True)
class Observed:
    """Units of instructions sent and of those that a program called; errors and events that were seen."""

    sent: Table
    called: Table
    outcomes: Outcomes


def run_suite() -> Observed:
    """Run the program tests and collect.

    Figures repeat from run to run because the harness derives its keys by counting; recordings are left
    out, since not everybody has them, and so are the thieves, who do something else in every run. Raises
    `RuntimeError` with the tests' output when one fails.
    """
    with TemporaryDirectory() as folder:
        environment = {**os.environ, "GDX_COMPUTE_UNITS": folder}
        for widened_by in ("GDX_TEST_DATA", "GDX_EXHAUSTIVE"):
            environment.pop(widened_by, None)
        thieves = "--ignore=tests/programs/thief"
        command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "tests/programs", thieves]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"the program tests fail: nothing to measure\n{done.stdout[-4000:]}")
        sent, called = add_up(sorted(Path(folder).glob("units-*.json")))
        outcomes = unite(sorted(Path(folder).glob("outcomes-*.json")))
        return Observed(table_of(sent), table_of(called), outcomes)


def add_up(paths: list[Path]) -> tuple[Samples, Samples]:
    """Samples that several test processes left; the order of the files does not matter."""
    sent: Samples = defaultdict(Counter)
    called: Samples = defaultdict(Counter)
    for path in paths:
        tables = json.loads(path.read_text())
        for target, table in ((sent, tables["sent"]), (called, tables["called"])):
            for name, counts in table.items():
                target[name].update({int(units): cases for units, cases in counts.items()})
    return sent, called


def unite(paths: list[Path]) -> Outcomes:
    """{program: {instruction: {errors, events}}} of several test processes."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: {"errors": set(), "events": set()})
    for path in paths:
        for kind, table in json.loads(path.read_text()).items():
            for name, names in table.items():
                found[name][kind].update(names)
    rows: Outcomes = defaultdict(dict)
    for full_name, kinds in sorted(found.items()):
        program, name = full_name.split(".")
        rows[program][name] = {kind: sorted(names) for kind, names in kinds.items()}
    return dict(rows)


def table_of(samples: Samples) -> Table:
    """{program: {instruction: {min, median, max, cases}}}; the median is one of the samples."""
    rows: Table = defaultdict(dict)
    for full_name, counts in sorted(samples.items()):
        program, name = full_name.split(".")
        units = sorted(counts.elements())
        rows[program][name] = {
            "min": units[0],
            "median": median_low(units),
            "max": units[-1],
            "cases": len(units),
        }
    return dict(rows)
