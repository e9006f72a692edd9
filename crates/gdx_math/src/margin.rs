//! Equity, margin requirements and liquidation price of a position.

use gdx_units::{difference, sum, Atoms, Bps, PriceE6, SizeE8, BPS_SCALE, SIZE_SCALE};

use crate::fees::{notional, notional_and_value, value};
use crate::integer::{fits, mul_div, mul_div_signed, mul_mul_div, Result, Rounding};
use crate::money::{unpaid_funding, unpaid_loss, Ledger, Position};

const MILLION: u64 = 1_000_000;
const _: () = assert!(MILLION * MILLION == SIZE_SCALE * BPS_SCALE);

/// `C + size · price / 1e8 − cost − unpaid funding − unpaid loss`.
pub fn equity(position: &Position, ledger: &Ledger, price: PriceE6) -> Result<Atoms> {
    let owed = fits(unpaid_funding(position, ledger)?.checked_add(unpaid_loss(position, ledger)?))?;
    fits(touched_equity(position, price)?.checked_sub(owed))
}

/// `C + size · price / 1e8 − cost`: equity of a position that has just been touched.
#[inline(always)]
pub fn touched_equity(position: &Position, price: PriceE6) -> Result<Atoms> {
    equity_at(position, value(SizeE8(position.size_e8), price)?)
}

#[inline(always)]
fn equity_at(position: &Position, value: Atoms) -> Result<Atoms> {
    fits(
        sum(position.collateral_atoms, value.0)
            .and_then(|worth| difference(worth, position.cost_atoms)),
    )
    .map(Atoms)
}

/// `notional · max(1 / leverage, initial ratio)`, rounded up.
#[inline(always)]
pub fn initial_requirement(notional: Atoms, leverage: u16, initial_ratio: Bps) -> Result<Atoms> {
    // Rounding up keeps the order, so only the larger of the two shares is computed.
    if u64::from(leverage) * u64::from(initial_ratio.0) <= BPS_SCALE {
        return mul_div_signed(notional.0, 1, u64::from(leverage), Rounding::Ceil).map(Atoms);
    }
    mul_div_signed(
        notional.0,
        u64::from(initial_ratio.0),
        BPS_SCALE,
        Rounding::Ceil,
    )
    .map(Atoms)
}

/// `notional · maintenance ratio`, rounded up.
#[inline(always)]
pub fn maintenance_requirement(notional: Atoms, maintenance_ratio: Bps) -> Result<Atoms> {
    mul_div_signed(
        notional.0,
        u64::from(maintenance_ratio.0),
        BPS_SCALE,
        Rounding::Ceil,
    )
    .map(Atoms)
}

/// Whether a position that had size `before` and has `after` carries more risk: it is larger, or on the other side.
#[inline(always)]
pub const fn adds_risk(before: SizeE8, after: SizeE8) -> bool {
    let is_reduced =
        after.0 == 0 || (before.is_same_side(after) && after.magnitude() <= before.magnitude());
    !is_reduced
}

/// Whether a touched position's equity covers its initial requirement at `price`.
#[inline(always)]
pub fn covers_initial(
    position: &Position,
    price: PriceE6,
    leverage: u16,
    initial_ratio: Bps,
) -> Result<bool> {
    let (at_stake, value) = notional_and_value(SizeE8(position.size_e8), price)?;
    Ok(equity_at(position, value)? >= initial_requirement(at_stake, leverage, initial_ratio)?)
}

/// Whether an open position's equity is below its maintenance requirement at `price`.
pub fn is_liquidatable(
    position: &Position,
    ledger: &Ledger,
    price: PriceE6,
    maintenance_ratio: Bps,
) -> Result<bool> {
    if position.size_e8 == 0 {
        return Ok(false);
    }
    let at_stake = notional(price, SizeE8(position.size_e8))?;
    Ok(equity(position, ledger, price)? < maintenance_requirement(at_stake, maintenance_ratio)?)
}

/// Price at which a touched position's equity meets its maintenance requirement; 0 when there is none.
///
/// Long: `ceil((cost − C) · 1e8 / (size · (1 − m)))`; short: `floor((C − cost) · 1e8 / (|size| · (1 + m)))`.
/// Liquidation is never announced later than it happens.
#[inline(always)]
pub fn liquidation_price(position: &Position, maintenance_ratio: Bps) -> Result<PriceE6> {
    let owed = fits(difference(position.cost_atoms, position.collateral_atoms))?;
    let is_long = position.size_e8 > 0;
    if position.size_e8 == 0 || owed == 0 || is_long != (owed > 0) {
        return Ok(PriceE6::ZERO);
    }
    let ratio = u64::from(maintenance_ratio.0);
    let (scale, rounding) = if is_long {
        (fits(BPS_SCALE.checked_sub(ratio))?, Rounding::Ceil)
    } else {
        (BPS_SCALE + ratio, Rounding::Floor)
    };
    let (owed, size) = (owed.unsigned_abs(), position.size_e8.unsigned_abs());
    let price = match size.checked_mul(scale) {
        // Scaled in two steps, which stay within 64 bits where one would not.
        Some(divisor) => {
            mul_mul_div(owed, (MILLION, MILLION), divisor, rounding).unwrap_or(u64::MAX)
        }
        None => wide_price(owed, size, scale, rounding),
    };
    Ok(PriceE6(price.min(i64::MAX.unsigned_abs())))
}

/// `owed · 1e12 / (size · scale)` for sizes beyond 18 million base units, which cheap assets have.
#[inline(never)]
fn wide_price(owed: u64, size: u64, scale: u64, rounding: Rounding) -> u64 {
    let scaled = u128::from(owed) * u128::from(MILLION * MILLION);
    let divisor = u128::from(size) * u128::from(scale);
    let has_rest = scaled % divisor != 0;
    let price = scaled / divisor + u128::from(rounding == Rounding::Ceil && has_rest);
    u64::try_from(price).unwrap_or(u64::MAX)
}

/// `|cost| / |size|`, rounded down; 0 when flat.
#[inline(always)]
pub fn entry_price(position: &Position) -> PriceE6 {
    let (cost, size) = (
        position.cost_atoms.unsigned_abs(),
        position.size_e8.unsigned_abs(),
    );
    PriceE6(
        mul_div(cost, SIZE_SCALE, size, Rounding::Floor).unwrap_or(if size == 0 {
            0
        } else {
            u64::MAX
        }),
    )
}
