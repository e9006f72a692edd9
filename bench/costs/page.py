"""Renders docs/costs.md from the committed figures and the committed programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bench.costs import sizes
from bench.costs.compare import KNOWN_MISSES, TOLERANCE_PERCENT, TOLERANCE_UNITS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/costs.md"

INTRODUCTION = """\
# What it costs

<!-- Written by `make compute`; do not edit. -->

Compute units, bytes and rent of the committed programs, measured in LiteSVM of solders {solders}. A compute
unit is counted, not timed: the same transaction takes the same units on every machine. `make compute-check`
measures again and fails when a figure is further than {percent} % and {units} units from the committed one,
or when a budget is missed without a reason that stands in `bench/costs/compare.py`.
"""

SETTLING = """\
## Settling

The first row is a batch without trades whose record's address is found at the first bump. Every second batch
needs one try more, every fourth two, and so on; each costs what the second row says. The other rows are
differences between batches that differ in nothing else, on positions that are open already.
"""

CAPACITY = """\
## How much fits one transaction

Trades of about 1,000 USDT, prices and times as close as in a busy market, one v0 transaction with two budget
instructions, every account in one lookup table that is in use already. "Two makers" is a book in which two
market makers take one side of every trade. Bytes or account locks bind (1,232 and 64), never compute.
"""

SPREAD = """\
### 10,000 users

A lookup table takes 256 addresses, so 10,000 positions need {tables} tables, and a transaction pays 34 bytes
for each table it names, 2 for each account found there and 33 for each account that it names in full. The
batches below are cut by the SDK's `BatchBuilder` and then shortened until the compiled transaction fits. In
*skewed* the user of rank n trades in proportion to 1/n, in *alike* all users trade as much: the worst case.
*Busiest first* sorts users into tables by an earlier day's trades, *as opened* by when they came. {batches}
batches each; the first of each kind is settled on the chain, its tables made by the lookup table program.

In the median, keeping the busy positions together makes {v1_together} instead of {v1_apart} trades of V1 fit,
and {v2_together} instead of {v2_apart} of V2.
"""

DEPLOYING = """\
## Deploying

Rent that deploying locks, and that closing a program gives back. While it uploads, `solana program deploy`
locks a buffer of the same size as the largest program besides.
"""

ACCOUNTS = """\
## Accounts

Rent that lies on each account. What can be closed gives it back: a position that is flat, a session wallet's
vault, a batch's record that is old enough.
"""

SHOWN = ("min", "p10", "median", "p90", "max")
_KINDS = {
    "skewed_busiest_first": "skewed, busiest first",
    "skewed_as_opened": "skewed, as opened",
    "alike_as_opened": "alike, as opened",
}
_UNITS = {
    "fixed": "a batch without trades",
    "per_bump_tried_in_vain": "each bump tried in vain",
    "v1_per_trade_and_its_two_positions": "V1: a trade and its two positions",
    "v1_per_trade_between_the_same_two": "V1: a trade between positions that are in the batch already",
    "v1_per_further_position": "V1: a position more",
    "v2_per_position": "V2: a position, however many trades it nets",
}
_ONE_TABLE = {
    "v1": "V1, everybody trades once",
    "v1_two_makers": "V1, two makers",
    "v2": "V2, everybody trades once",
    "v2_two_makers": "V2, two makers",
}


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; numbers get thousands separators and stand on the right."""
    cells = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    last = list(rows)[-1] if isinstance(rows, list) and rows else []
    rule = ["---:" if isinstance(cell, int) else "---" for cell in last] or ["---"] * len(head)
    return "\n".join(f"| {' | '.join(row)} |" for row in [list(head), rule, *cells]) + "\n"


def units_table(figures: dict[str, dict[str, int]]) -> str:
    """One program's instructions."""
    rows = [
        [f"`{name}`", row["min"], row["median"], row["max"], row["cases"]]
        for name, row in sorted(figures.items())
    ]
    return table(["instruction", "min", "median", "max", "cases"], rows)


def rent_table(rows: Sequence[sizes.Row]) -> str:
    """Accounts with size and rent, and their sum."""
    lines: list[list[object]] = [
        [row.name, row.purpose, row.size_bytes, row.rent_lamports, sizes.sol(row.rent_lamports)]
        for row in rows
    ]
    total = sizes.total_lamports(rows)
    lines.append(["together", "", sum(row.size_bytes for row in rows), total, sizes.sol(total)])
    return table(["account", "for", "bytes", "lamports", "SOL"], lines)


def _budgets(rows: dict[str, dict[str, Any]]) -> str:
    lines = [
        [
            name,
            row["measured"],
            f"≤ {row['at_most']:,}" if "at_most" in row else f"≥ {row['at_least']:,}",
            "holds" if row["holds"] else f"**missed**: {KNOWN_MISSES.get(name, 'new')}",
        ]
        for name, row in rows.items()
    ]
    return table(["", "measured", "budget", ""], lines)


def _spread(figures: dict[str, Any]) -> str:
    lines = []
    for kind, title in _KINDS.items():
        for batch_version, rows in figures[kind].items():
            for what, summary in rows.items():
                label = f"{batch_version.upper()}: {what.replace('_', ' ')}"
                lines.append(
                    [title, label, *[summary[key] for key in ("min", "p10", "median", "p90", "max")]]
                )
    return table(["flow and tables", "per transaction", "min", "p10", "median", "p90", "max"], lines)


def _medians(spread: dict[str, Any]) -> dict[str, int]:
    """Trades per transaction in the median, with the busy positions together and apart."""
    kinds = {"together": "skewed_busiest_first", "apart": "skewed_as_opened"}
    return {
        f"{version}_{name}": spread[kind][version]["trades"]["median"]
        for name, kind in kinds.items()
        for version in ("v1", "v2")
    }


def render() -> str:
    """The page as it has to be."""
    sent, called, figures = (
        json.loads((ROOT / f"bench/{name}.json").read_text())
        for name in ("compute", "compute_called", "compute_batches")
    )
    units = [[_UNITS[name], figures["settle_batch_units"][name]] for name in _UNITS]
    capacity = [
        [title, row["trades"], row["positions"], row["bytes"], row["locks"], row["compute_units"]]
        for name, title in _ONE_TABLE.items()
        for row in (figures["one_warm_table"][name],)
    ]
    spread = figures["spread"]
    parts = [
        INTRODUCTION.format(solders=figures["solders"], percent=TOLERANCE_PERCENT, units=TOLERANCE_UNITS),
        "## Budgets\n\nOf an instruction, its largest figure in any test counts.\n",
        _budgets(figures["budgets"]),
        SETTLING,
        table(["what", "compute units"], units),
        CAPACITY,
        table(["batch", "trades", "positions", "bytes", "locks", "compute units"], capacity),
        SPREAD.format(tables=spread["tables"], batches=spread["batches"], **_medians(spread)),
        _spread(spread),
        "## Compute units per instruction\n\nOver every transaction of the program tests that succeeded; "
        "an instruction's figure includes what it calls.\n",
    ]
    for program, rows in sent.items():
        parts += [f"### {program}\n", units_table(rows)]
    parts.append("### Called by another program\n\nThe callee alone, without its caller.\n")
    for program, rows in called.items():
        parts += [f"`{program}`\n", units_table(rows)]
    parts += [DEPLOYING, rent_table(sizes.programs()), ACCOUNTS]
    for title, accounts in (
        ("A user", sizes.user()),
        ("A user with a session wallet, besides", sizes.session_user()),
        ("A market", sizes.market()),
        ("The exchange", sizes.exchange()),
    ):
        parts += [f"### {title}\n", rent_table(accounts)]
    return "\n".join(parts)


def write() -> None:
    """Write the page."""
    PAGE.write_text(render())
