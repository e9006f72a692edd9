"""The frame of every benchmark: two sides that do the same work, checked equal, then timed in turns.

To add a benchmark write one file ``bench/rows/<name>.py`` with a function ``run`` marked ``@bench``::

    from bench.frame import Job, Local, bench

    @bench("merkle root", needs=("peers",))
    def run(job: Job) -> None:
        leaves = [...]
        (job.folder / "leaves.bin").write_bytes(b"".join(leaves))
        job.compare(
            "Merkle root of 100 k leaves",
            items=100_000,
            ours=Local("merkle_root", lambda: merkle_root(leaves), bytes.hex),
            peer=job.peer("peers", "merkle", "root"),
            min_ratio=7,
            binds="one call of hashlib per node",
        )

- ``needs`` names environments of ``ENVIRONMENTS``, made by ``make bench``; a row that misses one fails.
- ``Local`` is a side that runs here: ``run`` does all the work once, ``result_of`` turns what it returned
  into JSON that both sides must agree on. ``job.peer(environment, script, case)`` is a side that runs in
  another environment: ``bench/peers/<script>.py`` serves its cases (see ``bench/peers/worker.py``) and reads
  the files that this one put into ``job.folder``, so both work on the same bytes. Two ``Local`` are as good.
- ``job.compare`` checks that both results are equal, then times both in turns, ``ROUNDS`` rounds each, by the
  processor time of the process that works, and notes a row: ratio first. ``clock="wall"`` is for sides that
  wait for somebody else, such as a server. ``min_ratio`` and ``max_ms`` (of one ``run``) are targets;
  ``binds`` says what stands in the way and is shown only when one of them is missed.
- What fits no comparison (a percentile, a pause) is noted with ``job.note(Row(...))``.

`make bench` runs everything, `make bench BENCH_ARGS="merkle scan"` two of them, and
`make bench BENCH_ARGS=--write` rewrites ``bench/RESULTS.md`` and ``bench/results.json``.
"""

from __future__ import annotations

import gc
import statistics
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from bench.peers.worker import per_run_s
from bench.side import ENVIRONMENTS, BenchError, PeerSide

__all__ = [
    "ENVIRONMENTS",
    "ROUNDS",
    "Bench",
    "BenchError",
    "Job",
    "Local",
    "PeerSide",
    "Row",
    "Side",
    "bench",
]

ROUNDS = 7
ROUND_S = 0.08  # each round repeats a short work until it has taken about this long

Clock = Literal["processor", "wall"]


class Side(Protocol):
    """One of the two that are compared."""

    label: str

    def result(self) -> Any:
        """Do the work once; JSON that the other side's result must equal."""

    def seconds(self, repeats: int, clock: Clock) -> float:
        """Do the work `repeats` times; seconds per time."""


@dataclass
class Local:
    """A side that runs in this process. The collector is off while it is timed."""

    label: str
    run: Callable[[], Any]
    result_of: Callable[[Any], Any] = lambda value: value

    def result(self) -> Any:
        """What one run came to."""
        return self.result_of(self.run())

    def seconds(self, repeats: int, clock: Clock) -> float:
        """Seconds per run."""
        return per_run_s(self.run, repeats, clock)


@dataclass(frozen=True)
class Row:
    """One line of the table. Times are medians, of one run of `items` items."""

    name: str
    peer: str
    ratio: float  # how many times faster than the peer
    ours_ms: float
    peer_ms: float
    items: int = 1
    min_ratio: float | None = None
    max_ms: float | None = None
    spread_percent: float = 0.0  # of the ratios of single rounds: how far apart the quartiles are
    clock: Clock = "processor"
    binds: str = ""
    unit: str = "ms"  # of both sides; another one for what is no time

    @property
    def is_met(self) -> bool:
        """Whether every target of the row is reached."""
        is_fast = self.min_ratio is None or self.ratio >= self.min_ratio
        return is_fast and (self.max_ms is None or self.ours_ms <= self.max_ms)


@dataclass
class Job:
    """What a benchmark's ``run`` is given: a folder both sides can read, and where rows go."""

    folder: Path
    stack: ExitStack
    rounds: int = ROUNDS
    rows: list[Row] = field(default_factory=list)

    def peer(self, environment: str, script: str, case: str, label: str = "") -> PeerSide:
        """Start ``bench/peers/<script>.py`` in an environment and prepare its `case` on `folder`."""
        return self.stack.enter_context(PeerSide(environment, script, case, self.folder, label))

    def note(self, row: Row) -> None:
        """Add a row measured by other means."""
        self.rows.append(row)

    def compare(
        self,
        name: str,
        *,
        ours: Side,
        peer: Side,
        items: int = 1,
        peer_items: int | None = None,
        min_ratio: float | None = None,
        max_ms: float | None = None,
        clock: Clock = "processor",
        binds: str = "",
    ) -> Row:
        """Check both sides equal, time them in turns, note the row and return it.

        A slow peer may do `peer_items` of the `items` only: its time is scaled up, and the row says so.
        """
        mine, theirs = ours.result(), peer.result()
        if mine != theirs:
            raise BenchError(
                f"{name}: {ours.label} and {peer.label} differ: {_first_difference(mine, theirs)}"
            )
        scale = items / (peer_items or items)
        pairs = [(mine_s, peer_s * scale) for mine_s, peer_s in self._rounds(ours, peer, clock)]
        ours_s, peer_s = (statistics.median(side) for side in zip(*pairs, strict=True))
        quartiles = statistics.quantiles([b / a for a, b in pairs], n=4)
        row = Row(
            name=name,
            peer=peer.label if scale == 1 else f"{peer.label}, measured on {peer_items:,}",
            ratio=peer_s / ours_s,
            ours_ms=ours_s * 1e3,
            peer_ms=peer_s * 1e3,
            items=items,
            min_ratio=min_ratio,
            max_ms=max_ms,
            spread_percent=100 * (quartiles[2] - quartiles[0]) / quartiles[1],
            clock=clock,
            binds=binds,
        )
        self.note(row)
        return row

    def _rounds(self, ours: Side, peer: Side, clock: Clock) -> list[tuple[float, float]]:
        repeats = [_repeats(side, clock) for side in (ours, peer)]
        return [
            (ours.seconds(repeats[0], clock), peer.seconds(repeats[1], clock)) for _ in range(self.rounds)
        ]


@dataclass(frozen=True)
class Bench:
    """A benchmark found in ``bench/rows``."""

    title: str
    needs: tuple[str, ...]
    run: Callable[[Job], None]

    def rows(self, rounds: int = ROUNDS) -> list[Row]:
        """Run it in a folder of its own; whatever it started is ended before this returns."""
        with tempfile.TemporaryDirectory(prefix="gdx-bench-") as folder, ExitStack() as stack:
            job = Job(Path(folder), stack, rounds)
            try:
                self.run(job)
            finally:
                gc.enable()
            return job.rows


def bench(title: str, *, needs: tuple[str, ...] = ()) -> Callable[[Callable[[Job], None]], Bench]:
    """Make a function of one `Job` a benchmark."""
    unknown = set(needs) - set(ENVIRONMENTS)
    if unknown:
        raise BenchError(f"{title}: needs must be among {', '.join(ENVIRONMENTS)}, not {unknown}")
    return lambda run: Bench(title, needs, run)


def _repeats(side: Side, clock: Clock) -> int:
    """How often a round repeats the work."""
    count = 1
    for _ in range(2):  # the second time it is warm
        taken_s = side.seconds(count, clock)
        if taken_s >= ROUND_S:
            return 1
        count = round(ROUND_S / max(taken_s, 1e-7))
    return count


def _first_difference(mine: Any, theirs: Any, path: str = "result") -> str:
    """Where two JSON values part, and what stands there."""
    if type(mine) is type(theirs):
        if isinstance(mine, dict) and mine.keys() == theirs.keys():
            for key in mine:
                if mine[key] != theirs[key]:
                    return _first_difference(mine[key], theirs[key], f"{path}.{key}")
        if isinstance(mine, list) and len(mine) == len(theirs):
            for index, (a, b) in enumerate(zip(mine, theirs, strict=True)):
                if a != b:
                    return _first_difference(a, b, f"{path}[{index}]")
        if isinstance(mine, list):
            return f"{path}: {len(mine)} and {len(theirs)} items"
    return f"{path}: {str(mine)[:200]!r} and {str(theirs)[:200]!r}"
