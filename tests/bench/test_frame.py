"""The frame of the benchmarks: both sides are checked equal, timed in turns, and told with their targets."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

from bench import __main__ as front
from bench import report, side
from bench.frame import Bench, BenchError, Job, Local, Row, bench

SCRIPT = """
from worker import Case, serve

def total(folder):
    numbers = [int(word) for word in (folder / "numbers.txt").read_text().split()]
    return Case(lambda: sum(numbers), lambda value: {"total": value})

def broken(folder):
    raise ValueError("no such numbers")

def leaving(folder):
    print("said by a library")
    return Case(lambda: exit(3))

serve({"total": total, "broken": broken, "leaving": leaving}, label="summer", package="pytest")
"""


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A peer that runs in our own environment."""
    (tmp_path / "peers").mkdir()
    (tmp_path / "peers/adder.py").write_text(SCRIPT)
    worker = (side.BENCH / "peers/worker.py").read_text()
    (tmp_path / "peers/worker.py").write_text(worker)
    monkeypatch.setattr(side, "BENCH", tmp_path)
    return "adder"


def comparing(script: str, ours: int, case: str = "total") -> Bench:
    @bench("sums", needs=("ours",))
    def run(job: Job) -> None:
        (job.folder / "numbers.txt").write_text("1 2 3")
        job.compare(
            "three numbers",
            ours=Local("literal", lambda: ours, lambda value: {"total": value}),
            peer=job.peer("ours", script, case),
            min_ratio=1e9,
            binds="arithmetic",
        )

    return run


def test_a_row_says_its_ratio_and_what_binds(script: str) -> None:
    (row,) = comparing(script, 6).rows(rounds=3)
    assert row.peer.startswith("summer ")
    assert row.ratio == pytest.approx(row.peer_ms / row.ours_ms)
    assert not row.is_met
    page = report.page(report.figures({"sums": [row]}, {"others": "no peer"}, 3))
    assert "- three numbers: arithmetic" in page
    assert "≥ 1e+09 × — missed" in page
    assert "- others: no peer" in page


def test_sides_that_differ_are_not_timed(script: str) -> None:
    with pytest.raises(
        BenchError, match=r"three numbers: literal and summer .* differ: result\.total: '7' and '6'"
    ):
        comparing(script, 7).rows(rounds=3)


def test_a_broken_peer_says_why(script: str) -> None:
    with pytest.raises(BenchError, match="no such numbers"):
        comparing(script, 6, "broken").rows(rounds=3)


def test_a_peer_that_leaves_is_told(script: str) -> None:
    with pytest.raises(BenchError, match="ended with exit code 3"):
        comparing(script, 6, "leaving").rows(rounds=3)


def test_one_failure_does_not_keep_others_from_running(script: str) -> None:
    good, bad = comparing(script, 6), Bench("bad", (), comparing(script, 7).run)
    outcome = front.run_all([bad, good], 2)
    assert list(outcome.rows) == ["sums"]
    assert list(outcome.failures) == ["bad"]


def test_a_missing_environment_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(side.ENVIRONMENTS, "peers", ".venv-that-is-not-there")
    outcome = front.run_all([Bench("merkle", ("peers",), lambda job: None)], 2)
    assert "make bench" in outcome.failures["merkle"]


def test_every_file_of_rows_is_a_benchmark() -> None:
    """None is left out, and every peer that one names has a script."""
    found = front.find([])
    assert len(found) == len(list(side.BENCH.glob("rows/[!_]*.py"))) > 0
    assert all(isinstance(item, Bench) for item in found)
    assert len({item.title for item in found}) == len(found)
    with pytest.raises(SystemExit, match="no benchmark nothing"):
        front.find(["nothing"])


def test_a_target_in_time_counts_as_well() -> None:
    row = Row("scan", "peer", ratio=200, ours_ms=21, peer_ms=4200, min_ratio=190, max_ms=20)
    assert not row.is_met
    assert Row("scan", "peer", ratio=200, ours_ms=20, peer_ms=4000, min_ratio=190, max_ms=20).is_met


def test_partial_figures_are_not_kept(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        front.main(["merkle", "--write"])
    assert "every benchmark" in capsys.readouterr().err


def test_the_committed_page_is_what_the_committed_figures_say() -> None:
    assert report.PAGE.read_text() == report.page(json.loads(report.RESULTS.read_text()))


def test_rows_import_without_a_peer() -> None:
    for path in side.BENCH.glob("rows/[!_]*.py"):
        assert importlib.import_module(f"bench.rows.{path.stem}").run.title
