//! What happens to a loss that nobody's collateral covers.

use gdx_units::{Atoms, INDEX_SCALE};

use super::settling::MAX_INDEX;
use super::state::{add, Ledger, Side};
use crate::integer::{fits, mul_div_signed, MathError, Result, Rounding};

/// Rule 6: a side's shortfall is covered by `insurance`, the rest by the side that gained:
/// `loss_out += r; L_gained += ceil(r · 1e12 / OI)`. Returns what insurance pays; [`MathError::Overflow`] when the
/// index would pass [`MAX_INDEX`].
pub fn resolve_bankruptcy(ledger: &mut Ledger, bankrupt: Side, insurance: Atoms) -> Result<Atoms> {
    let shortfall = core::mem::take(ledger.shortfall_mut(bankrupt));
    let insured = insurance.0.min(shortfall);
    let rest = fits(shortfall.checked_sub(insured))?;
    if rest > 0 {
        let (interest, index) = match bankrupt {
            Side::Long => (ledger.short_interest_e8, &mut ledger.short_loss_index),
            Side::Short => (ledger.long_interest_e8, &mut ledger.long_loss_index),
        };
        if interest <= 0 {
            return Err(MathError::NobodyToCarryLoss);
        }
        add(
            index,
            mul_div_signed(rest, INDEX_SCALE, interest.unsigned_abs(), Rounding::Ceil)?,
        )?;
        if *index > MAX_INDEX {
            return Err(MathError::Overflow);
        }
        add(&mut ledger.outstanding_loss_atoms, rest)?;
    }
    Ok(Atoms(insured))
}

/// Insurance that is earned but not yet moved covers a side's shortfall first; no tokens move. Returns how much.
pub fn cover_from_accrued(ledger: &mut Ledger, bankrupt: Side) -> Result<Atoms> {
    let covered = ledger
        .accrued_insurance_atoms
        .min(ledger.shortfall(bankrupt).0)
        .max(0);
    add(&mut ledger.accrued_insurance_atoms, -covered)?;
    add(ledger.shortfall_mut(bankrupt), -covered)?;
    Ok(Atoms(covered))
}
