//! Settling a market: every size is closed at one price, then what the pool holds is shared.

use gdx_units::{Atoms, Bps, PriceE6, SizeE8, BPS_SCALE};

use super::{
    bankruptcy::{cover_from_accrued, resolve_bankruptcy},
    state::{add, credit, Ledger, Position, Side},
};
use crate::fees::value;
use crate::integer::{fits, mul_div_signed, Result, Rounding};

/// Funding and loss indices stay within ±2^62, so that no two of them are further apart than an i64 holds.
pub const MAX_INDEX: i64 = 1 << 62;
/// From here on an index is nearly used up, and its market may be settled.
pub const INDEX_ALARM: i64 = 1 << 61;

/// What is shared among the positions of a market that has no size left. Fixed at one moment, so that the order of
/// the pay-outs changes none of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Payouts {
    /// `ΣC`: what the positions claim.
    pub claims: Atoms,
    /// `min(ΣC, locked)`: what they get together.
    pub payable: Atoms,
    /// What insurance adds to `locked` for it.
    pub drawn: Atoms,
}

/// Rule 8: closes the whole size of a touched position: `worth = floor(size · price / 1e8); C += worth − cost;
/// cost = 0`. Returns `worth`, by which the books are worth more until the other side is closed too: over all
/// positions these sum to 0 or to less by the dust of the rounding, under one atom each.
pub fn close_at(position: &mut Position, ledger: &mut Ledger, price: PriceE6) -> Result<Atoms> {
    let size = position.size_e8;
    let worth = value(SizeE8(size), price)?;
    let gained = fits(worth.0.checked_sub(position.cost_atoms))?;
    let cost = core::mem::take(&mut position.cost_atoms);
    add(&mut ledger.cost_sum_atoms, fits(cost.checked_neg())?)?;
    position.size_e8 = 0;
    ledger.move_interest(size, 0)?;
    credit(position, ledger, gained)?;
    Ok(worth)
}

/// Rule 8, once no size is left: `insurance` pays what `locked` lacks of the claims. What is beyond the claims becomes
/// accrued fees, what is still lacking a shortfall, and every other counter is used up: the books are worth
/// `locked + drawn` again.
pub fn open_payouts(ledger: &mut Ledger, locked: Atoms, insurance: Atoms) -> Result<Payouts> {
    let claims = ledger.collateral_sum_atoms;
    let missing = fits(claims.checked_sub(locked.0))?.max(0);
    let drawn = missing.min(insurance.0.max(0));
    let held = fits(locked.0.checked_add(drawn))?;
    let payable = claims.min(held);
    *ledger = Ledger {
        funding_index: ledger.funding_index,
        long_loss_index: ledger.long_loss_index,
        short_loss_index: ledger.short_loss_index,
        collateral_sum_atoms: claims,
        accrued_fees_atoms: fits(held.checked_sub(payable))?,
        long_shortfall_atoms: fits(claims.checked_sub(payable))?,
        ..Ledger::default()
    };
    Ok(Payouts {
        claims: Atoms(claims),
        payable: Atoms(payable),
        drawn: Atoms(drawn),
    })
}

/// Rule 8: takes a position's claim off the books and returns what is paid for it. The rest was lacking; the dust of
/// the rounding makes the shortfall negative in the end.
pub fn pay_out(position: &mut Position, ledger: &mut Ledger, payouts: &Payouts) -> Result<Atoms> {
    let claim = position.collateral_atoms;
    let paid = settling_payout(Atoms(claim), payouts.claims, payouts.payable)?;
    credit(position, ledger, fits(claim.checked_neg())?)?;
    let lacking = fits(claim.checked_sub(paid.0))?;
    add(
        &mut ledger.long_shortfall_atoms,
        fits(lacking.checked_neg())?,
    )?;
    Ok(paid)
}

/// Rule 8: `floor(x · min(ΣC, locked) / ΣC)`, a position's pay-out in a settling market.
pub fn settling_payout(collateral: Atoms, collateral_sum: Atoms, locked: Atoms) -> Result<Atoms> {
    if collateral_sum.0 <= 0 || collateral.0 <= 0 {
        return Ok(Atoms::ZERO);
    }
    let payable = collateral_sum.0.min(locked.0).max(0);
    mul_div_signed(
        collateral.0,
        payable.unsigned_abs(),
        collateral_sum.0.unsigned_abs(),
        Rounding::Floor,
    )
    .map(Atoms)
}

/// Whether a loss is left that nobody can carry: a side's shortfall beyond `insurance` with nobody open on the other
/// side or with so little open that its loss index would leave its range, or a socialized loss that nobody owes.
pub fn is_loss_stuck(ledger: &Ledger, insurance: Atoms) -> bool {
    let is_unresolvable = |bankrupt: Side| {
        let mut after = *ledger;
        cover_from_accrued(&mut after, bankrupt)
            .and_then(|_| resolve_bankruptcy(&mut after, bankrupt, insurance))
            .is_err()
    };
    let is_nobody_open = ledger.long_interest_e8 == 0 && ledger.short_interest_e8 == 0;
    (is_nobody_open && ledger.outstanding_loss_atoms > 0)
        || is_unresolvable(Side::Long)
        || is_unresolvable(Side::Short)
}

/// Whether the funding index or a loss index is nearly used up.
pub fn is_index_nearly_used_up(ledger: &Ledger) -> bool {
    [
        ledger.funding_index,
        ledger.long_loss_index,
        ledger.short_loss_index,
    ]
    .iter()
    .any(|index| index.unsigned_abs() >= INDEX_ALARM.unsigned_abs())
}

/// Whether a market may settle at an average: it has caught up with the price, but for the market's band. So nobody who
/// chooses the moment gains more than the band against a price that ran away from the average.
pub fn is_average_near(average: PriceE6, price: PriceE6, band: Bps) -> bool {
    let distance = u128::from(average.0.abs_diff(price.0));
    distance * u128::from(BPS_SCALE) <= u128::from(price.0) * u128::from(band.0)
}
