"""A market of our own, built on figures measured from real ones, and the epilogue of short recordings."""

from __future__ import annotations

from gdx_matcher.synthetic.market import SyntheticMarket, along_prices, epilogue, synthetic_market
from gdx_matcher.synthetic.paths import Waypoint, move_to, random_walk, recorded_path, subdivided

__all__ = [
    "SyntheticMarket",
    "Waypoint",
    "along_prices",
    "epilogue",
    "move_to",
    "random_walk",
    "recorded_path",
    "subdivided",
    "synthetic_market",
]
