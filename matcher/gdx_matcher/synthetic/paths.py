"""Price paths for a synthetic market: a random walk, a recorded path, a move to a target."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isqrt
from random import Random
from typing import Final

from gdx_matcher.recordings.actions import PriceSeen
from gdx_matcher.synthetic.figures import VOLATILITY_1M_PPM
from gdx_sdk.errors import InputError
from gdx_sdk.units import BPS, PPM

STEP_MS: Final = 5_000
MAX_STEP_MS: Final = 60_000
MAX_STEP_BPS: Final = 50
_MINUTE_MS: Final = 60_000
_UNIFORMS: Final = 3  # the sum of three uniforms on ±s has standard deviation s


@dataclass(frozen=True, slots=True)
class Waypoint:
    """What the market is worth at a time; an oracle would publish it."""

    at_ms: int
    price_e6: int


def random_walk(
    rng: Random, *, start_ms: int, price_e6: int, duration_ms: int, step_ms: int = STEP_MS
) -> Iterator[Waypoint]:
    """A walk with the measured volatility per minute, in steps of `step_ms`."""
    step_ppb = isqrt(VOLATILITY_1M_PPM**2 * 1_000_000 * step_ms // _MINUTE_MS)
    for at_ms in range(start_ms, start_ms + duration_ms + 1, step_ms):
        yield Waypoint(at_ms, price_e6)
        move_ppb = sum(rng.randint(-step_ppb, step_ppb) for _ in range(_UNIFORMS))
        price_e6 = max(price_e6 + price_e6 * move_ppb // (PPM * 1_000), 1)


def recorded_path(prices: Iterable[PriceSeen]) -> Iterator[Waypoint]:
    """A recorded price path, with waypoints between far ones; times that run backward are skipped."""
    return subdivided(Waypoint(seen.at_ms, seen.price_e6) for seen in prices)


def move_to(
    rng: Random, *, start_ms: int, price_e6: int, target_e6: int, duration_ms: int
) -> Iterator[Waypoint]:
    """A steady move that reaches `target_e6` after half of the time, then a walk around it that never goes
    back across the target.
    """
    if target_e6 <= 0 or price_e6 <= 0:
        raise InputError("target_e6", target_e6, "prices must be above zero")
    half_ms = duration_ms // 2
    yield from subdivided([Waypoint(start_ms, price_e6), Waypoint(start_ms + half_ms, target_e6)], STEP_MS)
    is_fall = target_e6 < price_e6
    rest = random_walk(
        rng, start_ms=start_ms + half_ms + STEP_MS, price_e6=target_e6, duration_ms=half_ms - STEP_MS
    )
    for waypoint in rest:
        kept = min(waypoint.price_e6, target_e6) if is_fall else max(waypoint.price_e6, target_e6)
        yield Waypoint(waypoint.at_ms, kept)


def subdivided(
    waypoints: Iterable[Waypoint], max_step_ms: int = MAX_STEP_MS, max_step_bps: int = MAX_STEP_BPS
) -> Iterator[Waypoint]:
    """The same path with straight lines cut up: no step is longer than `max_step_ms`, or larger than
    `max_step_bps`, the move that an oracle accepts from one publication to the next.
    """
    last: Waypoint | None = None
    for waypoint in waypoints:
        if last is None:
            yield waypoint
        elif waypoint.at_ms > last.at_ms:
            length_ms = waypoint.at_ms - last.at_ms
            move_e6 = waypoint.price_e6 - last.price_e6
            allowed_e6 = max(min(last.price_e6, waypoint.price_e6) * max_step_bps // BPS, 1)
            parts = max(-(-length_ms // max_step_ms), -(-abs(move_e6) // allowed_e6))
            for part in range(1, parts + 1):
                yield Waypoint(
                    last.at_ms + length_ms * part // parts, last.price_e6 + move_e6 * part // parts
                )
        else:
            continue
        last = waypoint
