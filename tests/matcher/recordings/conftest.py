"""Recordings written by the tests themselves, in the formats of real venues, and an engine for them."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from gdx_matcher.engine import Engine
from gdx_matcher.events import TradeExecuted
from gdx_matcher.market import MarketConfig
from gdx_matcher.recordings import AccountSpread, Recording, Replayer, Step, open_recording

MAKERS, TAKERS = range(5), range(5, 9)


@dataclass
class Replayed:
    """What a replay left behind."""

    recording: Recording
    engine: Engine
    replayer: Replayer
    steps: list[Step] = field(default_factory=list)

    @property
    def trades(self) -> list[TradeExecuted]:
        return [trade for step in self.steps for trade in step.trades]


WriteRecording = Callable[..., Path]
Replay = Callable[..., Replayed]


@pytest.fixture
def write_recording(tmp_path: Path) -> WriteRecording:
    """Write lines to a file whose name says nothing about what it holds."""

    def write(*lines: str, zipped: bool = False, end: str = "\n", name: str = "recording.bin") -> Path:
        path = tmp_path / name
        content = ("\n".join(lines) + end).encode()
        path.write_bytes(gzip.compress(content) if zipped else content)
        return path

    return write


@pytest.fixture
def replay() -> Replay:
    """Run a file through an engine without risk checks, to its end."""

    def run(path: Path, *, price_e6: int | None = None, band_bps: int = 1_000, **options: object) -> Replayed:
        recording = open_recording(path)
        engine = Engine([MarketConfig(0, "TEST")])
        replayer = Replayer(
            engine.apply,
            AccountSpread(MAKERS, TAKERS),
            price_e6=price_e6 or recording.profile().price_e6,
            band_bps=band_bps,
        )
        steps = list(replayer.run(recording.actions(), recording.kind, **options))  # type: ignore[arg-type]
        return Replayed(recording, engine, replayer, steps)

    return run


@pytest.fixture
def market_data() -> Path:
    """Real recordings, which are not part of the project."""
    folder = os.environ.get("GDX_TEST_DATA")
    if not folder:
        pytest.skip("GDX_TEST_DATA is not set: no real recordings here")
    market = Path(folder) / "market"
    if not market.is_dir():
        pytest.skip(f"{market} does not exist: no real recordings here")
    return market
