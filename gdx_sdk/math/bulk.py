"""Which of thousands of positions are to be liquidated: floats narrow it down, integers decide.

Products of size and price do not fit in 64 bits, and numpy lets them overflow in silence. So equity minus
requirement is first computed in floats together with a bound on its error; where its sign is beyond doubt
that is the answer, and the few positions within the bound are computed again in exact integers. Needs numpy
(``pip install 'gdx[fast]'``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from gdx_sdk.errors import InputError
from gdx_sdk.math.margin import is_liquidatable
from gdx_sdk.math.rules import INDEX_SCALE, MAX_INDEX
from gdx_sdk.math.state import MarketState, PositionState
from gdx_sdk.units import BPS, I64_MAX, SIZE_SCALE

if TYPE_CHECKING:
    import numpy as np

    Column: TypeAlias = np.ndarray[Any, np.dtype[Any]]

# Every intermediate carries at most 9 roundings of 2^-53 relative to the sum of the terms' magnitudes
# (conversion, index · 1e-12, price, their sum, times size, and three additions); 16 leaves room for the
# rounding of the bound itself.
RELATIVE_ERROR = 16 * 2**-53
# What the integer formula rounds: value, funding and loss by less than 1 each, the requirement by less than
# 1 and its notional by less than 1 times the ratio.
ROUNDINGS_ATOMS = 4


@dataclass(frozen=True, slots=True)
class PositionColumns:
    """Positions of one market, an array per field of `PositionState`, all of one length."""

    size_e8: Column
    cost_atoms: Column
    collateral_atoms: Column
    funding_index: Column
    loss_index: Column

    def __len__(self) -> int:
        return len(self.size_e8)

    def row(self, index: int) -> PositionState:
        """One position in exact integers."""
        return PositionState(
            size_e8=int(self.size_e8[index]),
            cost_atoms=int(self.cost_atoms[index]),
            collateral_atoms=int(self.collateral_atoms[index]),
            funding_index=int(self.funding_index[index]),
            loss_index=int(self.loss_index[index]),
        )


def liquidatable_rows(
    positions: PositionColumns, market: MarketState, price_e6: int, maintenance_ratio_bps: int
) -> Column:
    """Indices, ascending, of the positions for which `is_liquidatable` holds at `price_e6`.

    Raises `InputError` for a price below 0, and when a notional does not fit in i64.
    """
    import numpy

    if price_e6 < 0:
        raise InputError("price_e6", price_e6, "must not be negative")
    if not len(positions):
        return numpy.empty(0, numpy.intp)
    if _may_overflow(positions, market, price_e6):
        doubtful = numpy.flatnonzero(positions.size_e8)
        sure = numpy.empty(0, numpy.intp)
    else:
        sure, doubtful = _split(positions, market, price_e6, maintenance_ratio_bps)
    exact = [
        index
        for index in doubtful.tolist()
        if is_liquidatable(positions.row(index), market, price_e6, maintenance_ratio_bps)
    ]
    return numpy.sort(numpy.concatenate([sure, numpy.array(exact, numpy.intp)]))


def _may_overflow(positions: PositionColumns, market: MarketState, price_e6: int) -> bool:
    """Whether a difference of indices or a notional could be beyond i64, which programs do not let happen."""
    indices = [market.funding_index, market.long_loss_index, market.short_loss_index]
    for column in (positions.funding_index, positions.loss_index):
        indices += [int(column.min()), int(column.max())]
    size = max(-int(positions.size_e8.min()), int(positions.size_e8.max()))
    return max(map(abs, indices)) > MAX_INDEX or size * price_e6 // SIZE_SCALE > I64_MAX


def _split(
    positions: PositionColumns, market: MarketState, price_e6: int, maintenance_ratio_bps: int
) -> tuple[Column, Column]:
    """The positions that are liquidatable beyond doubt, and those too close to tell."""
    import numpy

    price, ratio = price_e6 / SIZE_SCALE, maintenance_ratio_bps / BPS
    size = positions.size_e8.astype("f8")
    magnitude = numpy.abs(size)
    funding = (market.funding_index - positions.funding_index) / INDEX_SCALE
    side_index = numpy.where(size > 0, market.long_loss_index, market.short_loss_index)
    loss = (side_index - positions.loss_index) / INDEX_SCALE
    collateral, cost = positions.collateral_atoms.astype("f8"), positions.cost_atoms.astype("f8")
    excess = collateral - cost + size * (price - funding) - magnitude * (price * ratio + loss)
    terms = numpy.abs(funding) + numpy.abs(loss) + price * (1 + ratio)
    bound = (collateral + numpy.abs(cost) + magnitude * terms) * RELATIVE_ERROR + (ROUNDINGS_ATOMS + ratio)
    near = numpy.flatnonzero((excess <= bound) & (size != 0))
    is_sure = excess[near] < -bound[near]
    return near[is_sure], near[~is_sure]
