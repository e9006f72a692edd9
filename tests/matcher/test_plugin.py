"""The matcher is found like any other plugin."""

from __future__ import annotations

import tomllib
from pathlib import Path

from gdx_matcher import plugin
from gdx_matcher.shard import Shard

from gdx_sdk.plugins import ENTRY_POINT_GROUP, matchers, new_manager


def test_the_plugin_offers_the_python_shard() -> None:
    manager = new_manager(load_entry_points=False)
    manager.register(plugin)
    assert dict(matchers(manager)) == {"python": Shard}


def test_the_distribution_names_the_plugin() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert project["entry-points"][ENTRY_POINT_GROUP]["matcher"] == plugin.__name__
