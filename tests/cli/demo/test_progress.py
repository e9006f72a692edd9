"""The live line and the stage lines."""

from __future__ import annotations

import io

import pytest
from gdx_cli.demo import progress as module
from gdx_cli.demo.progress import Progress


class Terminal(io.StringIO):
    """A stream that says that it is one."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock: the last member is now."""
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[-1])
    return now


def test_a_pipe_gets_a_line_per_stage_and_no_live_line(seconds: list[float]) -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    seconds.append(102.5)
    progress.update("figures")
    progress.stage("proving")
    progress.close()
    assert stream.getvalue() == "[  2.5 s] proving\n"


def test_a_terminal_gets_a_live_line_at_most_ten_times_a_second(seconds: list[float]) -> None:
    stream = Terminal()
    progress = Progress(stream)
    for now in (101.0, 101.05, 101.2):
        seconds.append(now)
        progress.update(f"at {now}")
    assert stream.getvalue() == "\r[  1.0 s] at 101.0\r[  1.2 s] at 101.2"


def test_a_stage_and_the_end_wipe_the_live_line(seconds: list[float]) -> None:
    stream = Terminal()
    progress = Progress(stream)
    seconds.append(101.0)
    progress.update("x")
    progress.stage("next")
    assert stream.getvalue() == "\r[  1.0 s] x\r" + " " * 11 + "\r[  1.0 s] next\n"
    progress.close()
    assert stream.getvalue().endswith("next\n")


def test_a_shorter_line_covers_a_longer_one(seconds: list[float]) -> None:
    stream = Terminal()
    progress = Progress(stream)
    for now, text in ((101.0, "long text"), (102.0, "x")):
        seconds.append(now)
        progress.update(text)
    assert stream.getvalue().endswith("\r[  2.0 s] x" + " " * 8)


def test_quiet_it_writes_nothing() -> None:
    stream = Terminal()
    progress = Progress(stream, is_quiet=True)
    progress.stage("a")
    progress.update("b")
    progress.close()
    assert stream.getvalue() == ""
