"""How far a batch entry strays from the oracle's low–high, and whether that is within a market's band.

A trade is a net entry too: size delta +size, quote delta +notional, turnover = notional.
"""

from __future__ import annotations

from gdx_sdk.math._integers import div_ceil, div_floor, i64
from gdx_sdk.units import BPS, SIZE_SCALE


def deviation_atoms(size_delta_e8: int, quote_delta_atoms: int, low_e6: int, high_e6: int) -> int:
    """``|qd − sd · ref / 1e8|`` with ref the nearest end of [low, high]; 0 inside.

    Both ends are rounded outward, so that the floor in a notional never counts as a deviation.
    """
    top = _top_atoms(size_delta_e8, low_e6, high_e6)
    if quote_delta_atoms >= top:
        return i64("deviation_atoms", quote_delta_atoms - top)
    bottom = div_floor(min(size_delta_e8 * low_e6, size_delta_e8 * high_e6), SIZE_SCALE)
    return max(i64("deviation_atoms", i64("bottom_atoms", bottom) - quote_delta_atoms), 0)


def is_within_band(deviation: int, turnover_atoms: int, band_bps: int) -> bool:
    """``deviation ≤ band · turnover`` without rounding."""
    return deviation * BPS <= turnover_atoms * band_bps


def slippage_loss_atoms(size_delta_e8: int, quote_delta_atoms: int, low_e6: int, high_e6: int) -> int:
    """What an entry lost against the nearest oracle price: deviation when it paid more than that, else 0."""
    return i64("lost_atoms", max(quote_delta_atoms - _top_atoms(size_delta_e8, low_e6, high_e6), 0))


def _top_atoms(size_delta_e8: int, low_e6: int, high_e6: int) -> int:
    """The most that the size is worth in the range, rounded up."""
    return i64("top_atoms", div_ceil(max(size_delta_e8 * low_e6, size_delta_e8 * high_e6), SIZE_SCALE))
