"""Settling a market: every size is closed at one price, then what the pool holds is shared (rule 8).

While sizes are closed one by one the books differ from the pool by what the closed ones were worth together;
once all are closed that is 0, or less by the dust of the rounding, under one atom each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gdx_sdk.math._integers import div_floor, i64
from gdx_sdk.math.margin import value_atoms
from gdx_sdk.math.rules import move_interest, settle_overdraft, touch
from gdx_sdk.math.state import MarketState, PositionState


@dataclass(frozen=True, slots=True)
class Payouts:
    """What is shared among the positions of a market that has no size left. Amounts in atoms."""

    claims_atoms: int  # Σ collateral
    payable_atoms: int  # min(Σ collateral, what the pool holds with what insurance adds)
    drawn_atoms: int  # what insurance adds


def settle_position(
    position: PositionState, market: MarketState, price_e6: int
) -> tuple[PositionState, MarketState, int]:
    """Touch a position, close its whole size at `price_e6`, and make an overdraft a shortfall.

    ``worth = floor(size · price / 1e8); C += worth − cost; cost = 0``; returns `worth` too.
    """
    side = position.side
    position, market = touch(position, market)
    worth = value_atoms(position.size_e8, price_e6)
    gained = worth - position.cost_atoms
    market = replace(
        move_interest(market, position.size_e8, 0),
        cost_sum_atoms=market.cost_sum_atoms - position.cost_atoms,
        collateral_sum_atoms=market.collateral_sum_atoms + gained,
    )
    collateral = i64("collateral_atoms", position.collateral_atoms + gained)
    position = replace(position, size_e8=0, cost_atoms=0, collateral_atoms=collateral)
    return (*settle_overdraft(position, market, closed_side=side), worth)


def open_payouts(market: MarketState) -> tuple[MarketState, Payouts]:
    """Fix what is shared, once no size is left.

    Insurance pays what the pool lacks of the claims. What is beyond the claims becomes accrued fees, what is
    still lacking a shortfall, and every other counter is used up: the books are worth the pool again.
    """
    claims = market.collateral_sum_atoms
    drawn = min(max(claims - market.locked_atoms, 0), market.insurance_atoms)
    held = market.locked_atoms + drawn
    payable = min(claims, held)
    opened = MarketState(
        funding_index=market.funding_index,
        long_loss_index=market.long_loss_index,
        short_loss_index=market.short_loss_index,
        collateral_sum_atoms=claims,
        locked_atoms=held,
        insurance_atoms=market.insurance_atoms - drawn,
        accrued_fees_atoms=held - payable,
        long_shortfall_atoms=claims - payable,
    )
    return opened, Payouts(claims, payable, drawn)


def pay_position(
    position: PositionState, market: MarketState, payouts: Payouts
) -> tuple[PositionState, MarketState, int]:
    """Take a position's claim off the books and pay its share; returns what is paid too."""
    claim = position.collateral_atoms
    paid = settling_payout_atoms(claim, payouts.claims_atoms, payouts.payable_atoms)
    market = replace(
        market,
        collateral_sum_atoms=market.collateral_sum_atoms - claim,
        long_shortfall_atoms=market.long_shortfall_atoms - (claim - paid),
        locked_atoms=market.locked_atoms - paid,
    )
    return replace(position, collateral_atoms=0), market, paid


def settling_payout_atoms(collateral_atoms: int, collateral_sum_atoms: int, locked_atoms: int) -> int:
    """``floor(x · min(ΣC, locked) / ΣC)``: a position's pay-out in a settling market."""
    if collateral_sum_atoms <= 0 or collateral_atoms <= 0:
        return 0
    payable = max(min(collateral_sum_atoms, locked_atoms), 0)
    return div_floor(collateral_atoms * payable, collateral_sum_atoms)
