"""A seeded market of our own: market makers, noise traders and informed traders along a price path.

Market makers quote both sides of what they believe the market is worth and move their quotes when it
changes; some are late. Informed traders know the path and take what is quoted on the wrong side of it. Noise
traders add orders at measured distances, cancel them after measured lives, and take with measured sizes and
persistence. The same seed and arguments give the same actions, on every machine: whole numbers only.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise
from random import Random
from typing import Final

from gdx_matcher.recordings.actions import Action, BookCleared, PriceKind, PriceSeen
from gdx_matcher.synthetic import figures
from gdx_matcher.synthetic.book import ActorsBook
from gdx_matcher.synthetic.paths import Waypoint, move_to, random_walk, recorded_path
from gdx_sdk.errors import InputError
from gdx_sdk.units import BPS, PPM, PRICE_SCALE, SIZE_SCALE, Side

DEFAULT_PRICE_E6: Final = 60_000 * PRICE_SCALE
DEFAULT_TICK_E6: Final = PRICE_SCALE // 10
DEFAULT_LOT_E8: Final = SIZE_SCALE // 1_000
DEFAULT_DURATION_MS: Final = 65 * 60_000
"""A funding period and a bit."""
DEFAULT_TAKERS_PER_HOUR: Final = 800

_MAKERS: Final = 4
_LATE_PPM: Final = 100_000
_QUOTE_MULTIPLES: Final = (5, 20, 60)  # of the median taker, at each maker's first, second and third price
_SLIPPAGE_BPS: Final = 20
_MINUTES_PER_HOUR: Final = 60
_HOUR_MS: Final = 3_600_000


class SyntheticMarket:
    """Actors around one price path."""

    def __init__(
        self,
        seed: int,
        *,
        tick_e6: int = DEFAULT_TICK_E6,
        lot_e8: int = DEFAULT_LOT_E8,
        takers_per_hour: int = DEFAULT_TAKERS_PER_HOUR,
        prefix: str = "synthetic",
    ) -> None:
        for field, value in (("tick_e6", tick_e6), ("lot_e8", lot_e8), ("takers_per_hour", takers_per_hour)):
            if value <= 0:
                raise InputError(field, value, "must be above zero")
        self.rng = Random(seed)
        self._tick_e6 = tick_e6
        self._takers_per_hour = takers_per_hour
        self._book = ActorsBook(f"{prefix}-{seed}", tick_e6, lot_e8)
        self._quotes: list[list[str]] = [[] for _ in range(_MAKERS)]
        self._quoted_e6 = [0] * _MAKERS
        self._expiries: list[tuple[int, str]] = []
        self._last_side = Side.BUY
        self._owed = 0  # takers due, in millionths

    def actions(self, path: Iterable[Waypoint]) -> Iterator[Action]:
        """Everything that happens along `path`."""
        waypoints = iter(path)
        first = next(waypoints, None)
        if first is None:
            return
        last = first
        for here, ahead in pairwise(chain([first], waypoints)):
            yield from self._arrive(here)
            yield from self._trade_until(here, ahead.at_ms)
            last = ahead
        yield from self._arrive(last)

    def _arrive(self, here: Waypoint) -> Iterator[Action]:
        """The market's worth is news: the prompt move their quotes, the informed take what is out of date."""
        yield PriceSeen(here.at_ms, PriceKind.INDEX, here.price_e6)
        fair_e6 = _fair(here.price_e6)
        moved = []
        for maker in range(_MAKERS):
            half_e6 = self._half_spread(maker, fair_e6)
            is_complete = bool(self._quotes[maker]) and all(map(self._book.rests, self._quotes[maker]))
            if is_complete and abs(fair_e6 - self._quoted_e6[maker]) <= half_e6:
                continue
            if self._quotes[maker] and self.rng.randrange(PPM) < _LATE_PPM:
                continue
            for order_id in self._quotes[maker]:
                yield from self._book.cancel(here.at_ms, order_id)
            moved.append(maker)
        yield from self._take_stale(here.at_ms, fair_e6)
        for maker in moved:
            yield from self._quote(here.at_ms, maker, fair_e6)

    def _take_stale(self, at_ms: int, fair_e6: int) -> Iterator[Action]:
        for side in Side:
            best_e6 = self._book.mirror.best(side.opposite)
            edge_e6 = fair_e6 * figures.WIDE_SPREAD_PPM // PPM
            if best_e6 is not None and side.sign * (fair_e6 - best_e6) > edge_e6:
                stale_e8 = sum(
                    other.left_e8 for other in self._book.mirror.better_than(side.opposite, fair_e6)
                )
                yield self._book.take(at_ms, side, fair_e6, max(stale_e8, 1))

    def _quote(self, at_ms: int, maker: int, fair_e6: int) -> Iterator[Action]:
        self._quotes[maker] = []
        self._quoted_e6[maker] = fair_e6
        half_e6 = self._half_spread(maker, fair_e6)
        for step, multiple in enumerate(_QUOTE_MULTIPLES, start=1):
            for side in Side:
                price_e6 = fair_e6 - side.sign * half_e6 * step
                added = self._book.add(at_ms, side, price_e6, multiple * _median_size(fair_e6))
                self._quotes[maker].append(added.order_id)
                yield added

    def _half_spread(self, maker: int, fair_e6: int) -> int:
        """From half the measured median spread (never below a tick) for the keenest to the wide one."""
        spread_ppm = figures.SPREAD_PPM + (figures.WIDE_SPREAD_PPM - figures.SPREAD_PPM) * maker // (
            _MAKERS - 1
        )
        return max(fair_e6 * spread_ppm // (2 * PPM), self._tick_e6)

    def _trade_until(self, here: Waypoint, end_ms: int) -> Iterator[Action]:
        """Noise between two waypoints: as many takers as are due, and orders in the measured proportion."""
        fair_e6 = _fair(here.price_e6)
        length_ms = end_ms - here.at_ms
        self._owed += self._takers_per_hour * length_ms * PPM // _HOUR_MS
        # Twice a uniform on 0…1 of what is due on average keeps the rate and varies the moment.
        takers = self.rng.randint(0, max(2 * self._owed, 0)) // PPM
        self._owed -= takers * PPM
        for at_ms in sorted(self.rng.randint(here.at_ms, end_ms) for _ in range(takers)):
            yield from self._expire(at_ms)
            while self._book.adds * 100 < self._book.takes * figures.ADDS_PER_100_TRADES:
                yield from self._noise_order(at_ms, fair_e6)
            yield self._noise_taker(at_ms, fair_e6)
        yield from self._expire(end_ms)

    def _noise_order(self, at_ms: int, fair_e6: int) -> Iterator[Action]:
        side = Side(self.rng.randrange(2))
        away_ppm = self._draw(figures.DISTANCE_PPM)
        price_e6 = fair_e6 - side.sign * fair_e6 * away_ppm // PPM
        added = self._book.add(at_ms, side, price_e6, self._size(fair_e6))
        yield added
        if self.rng.randrange(PPM) < figures.CANCELS_PER_ADD_PPM:
            life_ms = self._draw(figures.LIFE_MS)
            life_ms = (
                life_ms * figures.ORDER_FLOW_TRADES_PER_MINUTE * _MINUTES_PER_HOUR // self._takers_per_hour
            )
            heapq.heappush(self._expiries, (at_ms + life_ms, added.order_id))

    def _noise_taker(self, at_ms: int, fair_e6: int) -> Action:
        if self.rng.randrange(PPM) >= figures.SAME_SIDE_PPM:
            self._last_side = self._last_side.opposite
        side = self._last_side
        limit_e6 = fair_e6 + side.sign * fair_e6 * _SLIPPAGE_BPS // BPS
        return self._book.take(at_ms, side, limit_e6, self._size(fair_e6))

    def _expire(self, until_ms: int) -> Iterator[Action]:
        while self._expiries and self._expiries[0][0] <= until_ms:
            at_ms, order_id = heapq.heappop(self._expiries)
            yield from self._book.cancel(at_ms, order_id)

    def _size(self, fair_e6: int) -> int:
        return _median_size(fair_e6) * self._draw(figures.SIZE_PPM_OF_MEDIAN) // PPM

    def _draw(self, values: Sequence[int]) -> int:
        """A draw from a distribution given by its `PERCENTILES`: straight lines between them."""
        percentiles = figures.PERCENTILES
        drawn = self.rng.randrange(100 * PPM)
        for index, (low, high) in enumerate(pairwise(percentiles)):
            if drawn < high * PPM:
                into = max(drawn - low * PPM, 0)
                return values[index] + (values[index + 1] - values[index]) * into // ((high - low) * PPM)
        return values[-1]


def synthetic_market(
    seed: int,
    *,
    price_e6: int = DEFAULT_PRICE_E6,
    tick_e6: int = DEFAULT_TICK_E6,
    lot_e8: int = DEFAULT_LOT_E8,
    start_ms: int = 0,
    duration_ms: int = DEFAULT_DURATION_MS,
    takers_per_hour: int = DEFAULT_TAKERS_PER_HOUR,
) -> Iterator[Action]:
    """A market along a random walk: with the defaults 65 minutes and well above 500 trades."""
    market = SyntheticMarket(seed, tick_e6=tick_e6, lot_e8=lot_e8, takers_per_hour=takers_per_hour)
    walk = random_walk(market.rng, start_ms=start_ms, price_e6=price_e6, duration_ms=duration_ms)
    return market.actions(walk)


def along_prices(
    prices: Iterable[Action],
    seed: int,
    *,
    tick_e6: int = DEFAULT_TICK_E6,
    lot_e8: int = DEFAULT_LOT_E8,
    takers_per_hour: int = DEFAULT_TAKERS_PER_HOUR,
) -> Iterator[Action]:
    """A market along a recorded price path (`RecordingKind.PRICES`): recorded prices, synthetic orders."""
    market = SyntheticMarket(seed, tick_e6=tick_e6, lot_e8=lot_e8, takers_per_hour=takers_per_hour)
    return market.actions(recorded_path(price for price in prices if isinstance(price, PriceSeen)))


def epilogue(
    seed: int,
    *,
    start_ms: int,
    price_e6: int,
    target_e6: int,
    tick_e6: int = DEFAULT_TICK_E6,
    lot_e8: int = DEFAULT_LOT_E8,
    duration_ms: int = DEFAULT_DURATION_MS,
    takers_per_hour: int = DEFAULT_TAKERS_PER_HOUR,
) -> Iterator[Action]:
    """What a recording that is too short lacks: a funding period, and a price that reaches `target_e6`.

    Orders left from the recording are withdrawn first. The price arrives after half of `duration_ms`, in
    steps an oracle accepts, and stays beyond the target: choose it past a position's liquidation price. Run
    it with ``is_synthetic=True``, so that its trades are counted apart.
    """
    market = SyntheticMarket(
        seed, tick_e6=tick_e6, lot_e8=lot_e8, takers_per_hour=takers_per_hour, prefix="epilogue"
    )
    path = move_to(
        market.rng, start_ms=start_ms, price_e6=price_e6, target_e6=target_e6, duration_ms=duration_ms
    )
    return chain([BookCleared(start_ms)], market.actions(path))


def _fair(index_e6: int) -> int:
    """Where the book stands when the index is here: the measured basis away."""
    return index_e6 + index_e6 * figures.BASIS_PPM // PPM


def _median_size(price_e6: int) -> int:
    """The median taker's size in 1e-8 base units at a price."""
    return figures.TAKER_NOTIONAL_USD * PRICE_SCALE * SIZE_SCALE // price_e6
