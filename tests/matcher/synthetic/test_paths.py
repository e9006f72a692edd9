"""Price paths."""

from __future__ import annotations

from itertools import pairwise
from math import isqrt
from random import Random

import pytest
from gdx_matcher.synthetic.figures import VOLATILITY_1M_PPM
from gdx_matcher.synthetic.paths import Waypoint, move_to, random_walk, subdivided

from gdx_sdk.errors import InputError
from gdx_sdk.units import PPM

E6 = 10**6


def test_the_walk_has_the_measured_volatility() -> None:
    seed = 11
    path = list(random_walk(Random(seed), start_ms=0, price_e6=60_000 * E6, duration_ms=3_600_000 * 20))
    minutes = path[::12]
    moves = [(b.price_e6 - a.price_e6) * PPM // a.price_e6 for a, b in pairwise(minutes)]
    measured = isqrt(sum(move**2 for move in moves) // len(moves))
    assert VOLATILITY_1M_PPM * 9 // 10 < measured < VOLATILITY_1M_PPM * 11 // 10, f"seed {seed}"


def test_far_waypoints_get_others_between_them_on_a_straight_line() -> None:
    path = list(subdivided([Waypoint(0, 1_000), Waypoint(1_000, 1_100)], max_step_ms=500, max_step_bps=500))
    assert path == [Waypoint(0, 1_000), Waypoint(500, 1_050), Waypoint(1_000, 1_100)]


def test_times_that_run_backward_are_skipped() -> None:
    path = [Waypoint(10, 100), Waypoint(10, 101), Waypoint(5, 102), Waypoint(11, 100)]
    assert list(subdivided(path)) == [Waypoint(10, 100), Waypoint(11, 100)]


def test_a_tiny_price_still_moves() -> None:
    path = list(subdivided([Waypoint(0, 3), Waypoint(1_000, 6)]))
    assert [waypoint.price_e6 for waypoint in path] == [3, 4, 5, 6]


def test_a_target_must_be_a_price() -> None:
    with pytest.raises(InputError, match="target_e6"):
        list(move_to(Random(1), start_ms=0, price_e6=1, target_e6=0, duration_ms=10))
