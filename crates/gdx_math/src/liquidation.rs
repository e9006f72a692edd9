//! How much of a position a liquidator may take over, and what it earns.

use gdx_units::{Atoms, Bps, Ppm, PriceE6, SizeE8, PPM_SCALE, SIZE_SCALE};

use crate::fees::notional;
use crate::integer::{fits, mul_div, mul_div_signed, with_sign, MathError, Result, Rounding};
use crate::margin::equity;
use crate::money::{Ledger, Position};

/// A partial liquidation restores 1.02 times the initial ratio: basis points times this are parts per million.
pub const TARGET_PERCENT: i64 = 102;

/// A market's terms of liquidation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Initial margin ratio.
    pub initial_ratio: Bps,
    /// Fee of the notional taken over.
    pub fee: Ppm,
    /// Smallest size worth leaving open.
    pub min_size: SizeE8,
}

/// Largest size a liquidator may take over, without sign.
///
/// `x = (t · N − E) / (t − fee)` of notional with `t = initial ratio × 1.02`, rounded up; the whole position when
/// that is more than there is, when the rest would be under the minimum, or when t ≤ fee.
pub fn liquidation_size(
    position: &Position,
    ledger: &Ledger,
    price: PriceE6,
    terms: Terms,
) -> Result<SizeE8> {
    let size = fits(position.size_e8.checked_abs())?;
    let target_ppm = i64::from(terms.initial_ratio.0) * TARGET_PERCENT;
    let slope_ppm = target_ppm - i64::from(terms.fee.0);
    if size == 0 || price.0 == 0 || slope_ppm <= 0 {
        return Ok(SizeE8(size));
    }
    let at_stake = i128::from(notional(price, SizeE8(size))?.0);
    let equity = i128::from(equity(position, ledger, price)?.0);
    let missing = i128::from(target_ppm) * at_stake - i128::from(PPM_SCALE) * equity;
    if missing <= 0 {
        return Ok(SizeE8::ZERO);
    }
    let closing_notional =
        u64::try_from((missing + i128::from(slope_ppm) - 1) / i128::from(slope_ppm));
    let closing = closing_notional
        .map_err(|_| MathError::Overflow)
        .and_then(|atoms| mul_div(atoms, SIZE_SCALE, price.0, Rounding::Ceil))
        .and_then(|size| with_sign(size, false))
        .unwrap_or(size);
    let is_all = size.saturating_sub(closing) < terms.min_size.0.max(1);
    Ok(SizeE8(if is_all { size } else { closing }))
}

/// `min(ceil(rate · N), max(C, 0), max(E, 0))` after the close: a fee never makes a position bankrupt.
///
/// Collateral alone would not do: what a part leaves open has lost, too, and the caller chooses the part.
pub fn liquidation_fee(
    notional: Atoms,
    rate: Ppm,
    collateral_after_close: Atoms,
    equity_after_close: Atoms,
) -> Result<Atoms> {
    let full = mul_div_signed(
        notional.0,
        u64::from(rate.0.unsigned_abs()),
        PPM_SCALE,
        Rounding::Ceil,
    )?;
    let room = collateral_after_close.0.min(equity_after_close.0);
    Ok(Atoms(full.min(room.max(0))))
}
