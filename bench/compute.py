"""What GDX costs on chain: compute units, batches per transaction, and the page that shows them.

`python bench/compute.py` prints what settling costs. `--write` runs the program tests as well and writes
`bench/compute*.json`, `bench/outcomes.json` (errors and events that each instruction showed) and
`docs/costs.md`. `--check` measures the same and fails when a figure is further than 2 % and 100 units from
the committed one, or when a budget is missed for no known reason; `--write` fails at the latter too.
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.costs import batches, compare, page, spread, suite  # noqa: E402

SENT = ROOT / "bench/compute.json"
CALLED = ROOT / "bench/compute_called.json"
OUTCOMES = ROOT / "bench/outcomes.json"
BATCHES = ROOT / "bench/compute_batches.json"


def settling() -> dict[str, Any]:
    """Figures of settling, and of users spread over many tables."""
    return {"solders": version("solders"), **batches.measure(), "spread": spread.measure()}


def measure() -> dict[Path, Any]:
    """Everything, by the file that holds it."""
    seen = suite.run_suite()
    figures = settling()
    figures["budgets"] = compare.budgets(seen.sent, figures)
    return {SENT: seen.sent, CALLED: seen.called, OUTCOMES: seen.outcomes, BATCHES: figures}


def complaints(measured: dict[Path, Any]) -> list[str]:
    """How the committed figures differ from the measured ones."""
    committed = {path: json.loads(path.read_text()) for path in measured}
    before, now = dict(committed[BATCHES]), dict(measured[BATCHES])
    if before["solders"] != now["solders"]:
        print(f"committed with solders {before['solders']}, measured with {now['solders']}", file=sys.stderr)
    _, kept = before.pop("budgets"), now.pop("budgets")
    before["solders"] = now["solders"]
    return [
        *compare.differences("sent", committed[SENT], measured[SENT]),
        *compare.differences("called by a program", committed[CALLED], measured[CALLED]),
        *compare.plain_differences("seen of", committed[OUTCOMES], measured[OUTCOMES]),
        *compare.plain_differences("settling", before, now),
        *compare.broken_promises(kept),
    ]


def main() -> int:
    """Exit code 1 when the check fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--write", action="store_true", help="write the figures and the page")
    choice.add_argument("--check", action="store_true", help="compare with the committed figures")
    options = parser.parse_args()
    if options.write:
        measured = measure()
        for path, figures in measured.items():
            path.write_text(json.dumps(figures, indent=1) + "\n")
        page.write()
        broken = list(compare.broken_promises(measured[BATCHES]["budgets"]))
        print("\n".join(broken), file=sys.stderr)
        return int(bool(broken))
    if options.check:
        found = complaints(measure())
        print("\n".join(found) or "every figure is what was committed")
        if found:
            print("if the change is meant: make compute", file=sys.stderr)
        return int(bool(found))
    print(json.dumps(settling(), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
