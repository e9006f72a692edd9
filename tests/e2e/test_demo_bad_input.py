"""What the demo refuses, in one sentence and before anything is started."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.e2e.demo_command import DemoCommand, DemoRun

LINES = b"timestamp,open,high,low,close,volume\n" + b"2022-01-05 00:00:00,46000,46100,45900,46050,10\n" * 400


def refuse(demo: DemoCommand, *args: str) -> DemoRun:
    run = demo.run("--json", *args)
    assert run.exit_code == 1
    assert run.stdout == ""
    assert demo.chains() == []
    assert demo.leftovers() == []
    return run


def test_a_missing_recording(demo: DemoCommand, tmp_path: Path) -> None:
    path = tmp_path / "no.csv"
    assert refuse(demo, "--recording", str(path)).error.endswith("no.csv: recording = 'no.csv': no such file")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\n \n", "holds only blank lines"),
        (b"what is this\n", "is none of those known"),
        (gzip.compress(LINES)[:-20], "truncated gzip"),
        (gzip.compress(LINES)[:60] + b"\0" * 40 + gzip.compress(LINES)[100:], "corrupt gzip"),
        (b"\x28\xb5\x2f\xfd....", "must be plain text or gzip"),
        (b"timestamp,open,high,low,close,volume\n2022-01-05 00:00:00,x,1,1,1,1\n", "line 2"),
        (b'{"asset_ctxs": []}\n', "not a recording"),
    ],
    ids=["empty", "blank", "unknown", "truncated", "corrupt", "zstd", "bad row", "json"],
)
def test_a_recording_that_cannot_be_used(
    demo: DemoCommand, tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "recording.bin"
    path.write_bytes(content)
    error = refuse(demo, "--recording", str(path)).error
    assert sentence in error
    assert str(path) in error
    assert "\n" not in error


def test_a_folder(demo: DemoCommand, tmp_path: Path) -> None:
    assert "is a folder, not a file" in refuse(demo, "--recording", str(tmp_path)).error


def test_a_validator_that_is_not_there_or_not_meant(demo: DemoCommand) -> None:
    assert (
        "/none/v is not an executable"
        in refuse(demo, "--engine", "validator", "--validator", "/none/v").error
    )
    assert "goes with engine validator only" in refuse(demo, "--validator", "/none/v").error


def test_options_that_mean_nothing_are_usage_errors(demo: DemoCommand) -> None:
    for args in (("--trades", "0"), ("--trades", "many"), ("--engine", "other"), ("--colour",)):
        assert demo.run(*args).exit_code == 2
