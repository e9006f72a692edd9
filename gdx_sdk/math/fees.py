"""Notional and fees of one fill."""

from __future__ import annotations

from gdx_sdk.math._integers import div_ceil, i64
from gdx_sdk.units import PPM, SIZE_SCALE


def notional_atoms(price_e6: int, size_e8: int) -> int:
    """``floor(price · |size| / 1e8)`` in atoms: the same number for both sides of a fill."""
    return i64("notional_atoms", price_e6 * abs(size_e8) // SIZE_SCALE)


def fee_atoms(notional: int, fee_ppm: int) -> int:
    """``ceil(notional · ppm / 1e6)``, signed: a rebate (negative ppm) rounds against its receiver."""
    return i64("fee_atoms", div_ceil(notional * fee_ppm, PPM))
