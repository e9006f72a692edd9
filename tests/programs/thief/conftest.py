"""The stated market, made once per module: strategies undo what they did."""

from __future__ import annotations

import pytest

from .stated_market import StatedMarket


@pytest.fixture(scope="module")
def world() -> StatedMarket:
    return StatedMarket()
