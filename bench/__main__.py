"""Runs the benchmarks of ``bench/rows`` and prints JSON and a table: `make bench` (see ``bench/frame.py``).

Usage: python -m bench [NAME …] [--write] [--rounds N]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from dataclasses import dataclass, field
from importlib import import_module

from bench import report
from bench.frame import ROUNDS, Bench, BenchError, Row
from bench.side import BENCH, python_of


@dataclass
class Outcome:
    """What the benchmarks came to."""

    rows: dict[str, list[Row]] = field(default_factory=dict)  # by title
    failures: dict[str, str] = field(default_factory=dict)


def find(names: list[str]) -> list[Bench]:
    """The benchmarks called so, by file name; all of them without names."""
    known = sorted(path.stem for path in BENCH.glob("rows/[!_]*.py"))
    unknown = set(names) - set(known)
    if unknown:
        raise SystemExit(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return [import_module(f"bench.rows.{name}").run for name in names or known]


def run_all(benches: list[Bench], rounds: int) -> Outcome:
    """Run one after the other; one that fails does not keep the others from running."""
    outcome = Outcome()
    for item in benches:
        started = time.monotonic()
        try:
            for environment in item.needs:
                python_of(environment)
            outcome.rows[item.title] = item.rows(rounds)
        except BenchError as error:
            outcome.failures[item.title] = str(error)
        except Exception as error:
            traceback.print_exc()
            outcome.failures[item.title] = repr(error)
        state = f"FAILED: {outcome.failures[item.title]}" if item.title in outcome.failures else "done"
        print(f"{item.title}: {state}, {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)
    return outcome


def main(argv: list[str] | None = None) -> int:
    """Exit code 1 when a benchmark could not be run; a missed target is told, not punished."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a file of bench/rows, without .py")
    parser.add_argument("--write", action="store_true", help="write bench/RESULTS.md and bench/results.json")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds per side (default {ROUNDS})")
    options = parser.parse_args(argv)
    if options.write and (options.names or options.rounds < ROUNDS):
        parser.error("--write keeps the figures of every benchmark, in full rounds")
    outcome = run_all(find(options.names), options.rounds)
    figures = report.figures(outcome.rows, outcome.failures, options.rounds)
    print(json.dumps(figures, indent=2, ensure_ascii=False))
    print(report.page(figures))
    if options.write:
        report.write(figures)
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    sys.exit(main())
