"""From rows to JSON and to the page of results."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench.frame import Row
from bench.side import BENCH

PAGE, RESULTS = BENCH / "RESULTS.md", BENCH / "results.json"
SHOWN = ("solders", "solana", "msgspec", "pybase64", "numpy", "PyNaCl")

HEAD = """# What GDX's speed is, against others

Written by `make bench BENCH_ARGS=--write`. Every figure is a ratio against a peer that did the same work on
the same bytes in the same job, and whose result was checked equal before anything was timed. Times are
medians of {rounds} rounds taken in turns, by the processor time of the working process unless a row says wall
time; the garbage collector is off while a side is timed and runs between rounds, on both sides. Absolute
times say little about another machine; the ratios do.

{machine}; {date}. {versions}.
"""


def figures(rows: Mapping[str, Sequence[Row]], failures: Mapping[str, str], rounds: int) -> dict[str, Any]:
    """Everything measured, as JSON."""
    return {
        "machine": machine(),
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "versions": dict(versions()),
        "rounds": rounds,
        "garbage_collector": "off while timed, run between rounds",
        "benchmarks": {
            title: [{**_rounded(row), "is_met": row.is_met} for row in found] for title, found in rows.items()
        },
        "failures": dict(failures),
    }


def _rounded(row: Row) -> dict[str, Any]:
    cells = asdict(row)
    return {key: float(f"{cell:.4g}") if isinstance(cell, float) else cell for key, cell in cells.items()}


def versions() -> Iterator[tuple[str, str]]:
    """Of what our side stands on."""
    for name in SHOWN:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            yield name, "not installed"


def machine() -> str:
    """Cores and model, as Linux tells them."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    return f"{os.cpu_count()} cores, {model}, {platform.system()}"


def page(figures: Mapping[str, Any]) -> str:
    """The page: ratios first, then what binds where a target is missed."""
    said = ", ".join(f"{name} {number}" for name, number in figures["versions"].items())
    text = HEAD.format(
        rounds=figures["rounds"],
        machine=figures["machine"],
        date=figures["date"],
        versions=f"Python {figures['python']}, {said}",
    )
    missed = []
    for title, rows in figures["benchmarks"].items():
        text += f"\n## {title}\n\n| | ratio | target | ours | peer | peer is |\n|---|---|---|---|---|---|\n"
        for row in rows:
            text += _line(row)
            if not row["is_met"]:
                missed.append(row)
    text += "\n## Targets that are missed\n\n"
    text += "".join(f"- {row['name']}: {row['binds'] or 'not explained'}\n" for row in missed) or "None.\n"
    if figures["failures"]:
        text += "\n## Not measured\n\n"
        text += "".join(
            f"- {title}: {reason.splitlines()[-1]}\n" for title, reason in figures["failures"].items()
        )
    return text


def _line(row: Mapping[str, Any]) -> str:
    name = row["name"] + (" (wall time)" if row["clock"] == "wall" and row["unit"] == "ms" else "")
    target = _target(row) + ("" if row["is_met"] else " — missed")
    ours, peer = (_speed(row[side], row["items"], row["unit"]) for side in ("ours_ms", "peer_ms"))
    return (
        f"| {name} | **{_number(row['ratio'])} ×** (± {row['spread_percent'] / 2:.0f} %) | {target} "
        f"| {ours} | {peer} | {row['peer']} |\n"
    )


def _target(row: Mapping[str, Any]) -> str:
    parts = []
    if row["min_ratio"] is not None:
        parts.append(f"≥ {row['min_ratio']:g} ×")
    if row["max_ms"] is not None:
        parts.append(f"≤ {row['max_ms']:g} ms")
    return ", ".join(parts)


def _speed(ms: float, items: int, unit: str) -> str:
    """The time of one run, and items per second where there is more than one."""
    return f"{_number(ms)} {unit}" + (f", {_scaled(items / ms * 1e3)}/s" if items > 1 else "")


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _scaled(value: float) -> str:
    for unit, name in ((1e6, " M"), (1e3, " k")):
        if value >= unit:
            return f"{_number(value / unit)}{name}"
    return _number(value)


def write(figures: Mapping[str, Any]) -> None:
    """Write the page and the JSON beside it."""
    for path, text in (
        (PAGE, page(figures)),
        (RESULTS, json.dumps(figures, indent=2, ensure_ascii=False) + "\n"),
    ):
        fresh = path.with_suffix(path.suffix + ".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
