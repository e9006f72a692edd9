"""Measures a real recording: the figures that the synthetic market is built on.

``python -m gdx_matcher.synthetic.calibrate FILE…`` prints them, integers only, one block per file. The ones
in use are written down in `figures`, with their source.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import isqrt
from typing import Final

from gdx_matcher.recordings import actions as recorded
from gdx_matcher.recordings import open_recording
from gdx_sdk.errors import GdxError
from gdx_sdk.units import PPM, PRICE_SCALE, SIZE_SCALE, Side

PERCENTILES: Final = (1, 5, 10, 25, 50, 75, 90, 95, 99)
_SECOND_MS: Final = 1_000
_MINUTE_MS: Final = 60_000


@dataclass(slots=True)
class Measured:
    """Raw observations of one recording."""

    first_ms: int = 0
    last_ms: int = 0
    adds: int = 0
    cancels: int = 0
    sizes_e8: list[int] = field(default_factory=list)
    notionals_atoms: list[int] = field(default_factory=list)
    sides: list[Side] = field(default_factory=list)
    distances_ppm: list[int] = field(default_factory=list)
    lives_ms: list[int] = field(default_factory=list)
    spreads_ppm: list[int] = field(default_factory=list)
    basis_ppm: list[int] = field(default_factory=list)
    prices_by_second: dict[int, int] = field(default_factory=dict)
    _born: dict[str, int] = field(default_factory=dict)
    _price_e6: int = 0
    _mark_e6: int = 0

    def observe(self, action: recorded.Action) -> None:
        """Take one action into account."""
        self.first_ms = self.first_ms or action.at_ms
        self.last_ms = max(self.last_ms, action.at_ms)
        if isinstance(action, recorded.OrderAdded):
            self._add(action)
        elif isinstance(action, recorded.OrderCanceled):
            born = self._born.pop(action.order_id, None)
            if born is not None:
                self.cancels += 1
                self.lives_ms.append(action.at_ms - born)
        elif isinstance(action, recorded.Execution | recorded.TradePrinted):
            self._trade(action)
        elif isinstance(action, recorded.TopOfBook):
            mid_e6 = (action.bid_price_e6 + action.ask_price_e6) // 2
            self.spreads_ppm.append((action.ask_price_e6 - action.bid_price_e6) * PPM // mid_e6)
            self._price(action.at_ms, mid_e6)
        elif isinstance(action, recorded.PriceSeen):
            self._mark(action)

    def _add(self, action: recorded.OrderAdded) -> None:
        if action.is_snapshot:
            return
        self.adds += 1
        self._born[action.order_id] = action.at_ms
        if self._price_e6:
            away = action.side.opposite.sign * (action.price_e6 - self._price_e6)
            self.distances_ppm.append(away * PPM // self._price_e6)

    def _trade(self, action: recorded.Execution | recorded.TradePrinted) -> None:
        self.sizes_e8.append(action.size_e8)
        self.notionals_atoms.append(action.price_e6 * action.size_e8 // SIZE_SCALE)
        self.sides.append(action.taker_side)
        self._price(action.at_ms, action.price_e6)

    def _mark(self, action: recorded.PriceSeen) -> None:
        if action.kind is recorded.PriceKind.MARK:
            self._mark_e6 = action.price_e6
        elif action.kind is recorded.PriceKind.INDEX and self._mark_e6:
            self.basis_ppm.append((self._mark_e6 - action.price_e6) * PPM // action.price_e6)
        elif action.kind is recorded.PriceKind.BAR:
            self._price(action.at_ms, action.price_e6)

    def _price(self, at_ms: int, price_e6: int) -> None:
        self._price_e6 = price_e6
        self.prices_by_second[at_ms // _SECOND_MS] = price_e6

    def volatility_ppm(self, step_ms: int) -> int:
        """Root mean square of the price's moves per `step_ms`, 1e-6 of the price."""
        prices = {second * _SECOND_MS // step_ms: price for second, price in self.prices_by_second.items()}
        pairs = [(prices[step], prices[step + 1]) for step in prices if step + 1 in prices]
        squares = [((after - before) * PPM * 1_000 // before) ** 2 for before, after in pairs]
        return isqrt(sum(squares) // len(squares)) // 1_000 if squares else 0

    def same_side_ppm(self) -> int:
        """How often a trade's aggressor is on the side of the one before it."""
        pairs = list(zip(self.sides, self.sides[1:], strict=False))
        return sum(first is second for first, second in pairs) * PPM // len(pairs) if pairs else 0


def measure(actions: Iterable[recorded.Action]) -> Measured:
    """Observe a whole recording."""
    measured = Measured()
    for action in actions:
        measured.observe(action)
    return measured


def percentiles(values: Sequence[int]) -> tuple[int, ...]:
    """`PERCENTILES` of `values` (nearest rank below); empty when there are none."""
    ordered = sorted(values)
    return tuple(ordered[(len(ordered) - 1) * percent // 100] for percent in PERCENTILES) if ordered else ()


def report(measured: Measured) -> dict[str, object]:
    """The figures of one recording by name."""
    trades = len(measured.sizes_e8)
    length_ms = max(measured.last_ms - measured.first_ms, 1)
    median_e8 = percentiles(measured.sizes_e8)[PERCENTILES.index(50)] if trades else 0
    return {
        "length_s": length_ms // _SECOND_MS,
        "trades": trades,
        "trades_per_minute": trades * _MINUTE_MS // length_ms,
        "adds_per_100_trades": measured.adds * 100 // trades if trades else 0,
        "cancels_per_add_ppm": measured.cancels * PPM // measured.adds if measured.adds else 0,
        "same_side_ppm": measured.same_side_ppm(),
        "median_notional_usd": (percentiles(measured.notionals_atoms) or (0,) * 9)[4] // PRICE_SCALE,
        "size_percentiles_ppm_of_median": tuple(
            size * PPM // median_e8 for size in percentiles(measured.sizes_e8)
        ),
        "distance_percentiles_ppm": percentiles(measured.distances_ppm),
        "life_percentiles_ms": percentiles(measured.lives_ms),
        "spread_percentiles_ppm": percentiles(measured.spreads_ppm),
        "basis_percentiles_ppm": percentiles(measured.basis_ppm),
        "volatility_1s_ppm": measured.volatility_ppm(_SECOND_MS),
        "volatility_1m_ppm": measured.volatility_ppm(_MINUTE_MS),
    }


def main(paths: Sequence[str]) -> int:
    """Print the figures of each file; 1 when one cannot be read."""
    for path in paths:
        try:
            recording = open_recording(path)
            figures = report(measure(recording.actions()))
        except GdxError as error:
            print(error, file=sys.stderr)
            return 1
        print(f"{recording.path.name}: {recording.format.title}")
        print(f"  percentiles {PERCENTILES}")
        for name, value in figures.items():
            print(f"  {name}: {value}")
    return 0 if paths else 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
