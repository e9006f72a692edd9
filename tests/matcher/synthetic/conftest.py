"""Real recordings, which are not part of the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def market_data() -> Path:
    folder = os.environ.get("GDX_TEST_DATA")
    if not folder:
        pytest.skip("GDX_TEST_DATA is not set: no real recordings here")
    market = Path(folder) / "market"
    if not market.is_dir():
        pytest.skip(f"{market} does not exist: no real recordings here")
    return market
