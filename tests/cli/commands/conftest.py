"""Keepers' processes and plugins of the command line's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commands.keepers import PLUGIN, KeeperProcess


@pytest.fixture(autouse=True)
def no_keeper_outlives_its_test() -> Iterator[None]:
    """A test that fails midway leaves no process behind."""
    yield
    while KeeperProcess.started:
        KeeperProcess.started.pop().kill()


@pytest.fixture
def installed_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution of somebody else's, with a keeper behind an entry point."""
    site = tmp_path / "site"
    about = site / "slots_keeper-1.dist-info"
    about.mkdir(parents=True)
    (site / "slots_keeper.py").write_text(PLUGIN)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: slots-keeper\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[gdx]\nslots = slots_keeper\n")
    monkeypatch.setenv("PYTHONPATH", str(site))
