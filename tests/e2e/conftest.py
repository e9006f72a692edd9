"""Fixtures of the end-to-end tests."""

from __future__ import annotations

import pytest

from tests.e2e.demo_command import DemoCommand


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoCommand:
    """`gdx demo`, with a folder of its own for temporary files."""
    return DemoCommand(tmp_path_factory.mktemp("demo"))
