//! Notional and fees of one fill.

use gdx_units::{Atoms, Ppm, PriceE6, SizeE8, PPM_SCALE, SIZE_SCALE};

use crate::integer::{mul_div, mul_div_signed, with_sign, Result, Rounding};

/// `floor(price · |size| / 1e8)`: the same number for both sides of a fill.
#[inline]
pub fn notional(price: PriceE6, size: SizeE8) -> Result<Atoms> {
    with_sign(
        mul_div(price.0, size.magnitude(), SIZE_SCALE, Rounding::Floor)?,
        false,
    )
    .map(Atoms)
}

/// `floor(size · price / 1e8)`, signed: what closing at `price` brings, rounded against the holder.
#[inline]
pub fn value(size: SizeE8, price: PriceE6) -> Result<Atoms> {
    mul_div_signed(size.0, price.0, SIZE_SCALE, Rounding::Floor).map(Atoms)
}

/// `ceil(notional · ppm / 1e6)`, signed: a rebate (negative ppm) rounds against its receiver.
#[inline]
pub fn fee(notional: Atoms, rate: Ppm) -> Result<Atoms> {
    let rate_ppm = i64::from(rate.0);
    mul_div_signed(
        rate_ppm,
        notional.0.unsigned_abs(),
        PPM_SCALE,
        Rounding::Ceil,
    )
    .map(Atoms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fee_rounds_up_and_a_rebate_rounds_toward_zero() {
        assert_eq!(fee(Atoms(1_000_001), Ppm(500)), Ok(Atoms(501)));
        assert_eq!(fee(Atoms(1_000_001), Ppm(-100)), Ok(Atoms(-100)));
    }

    #[test]
    fn notional_is_the_same_for_both_sides() {
        assert_eq!(
            notional(PriceE6(65_000_123_456), SizeE8(-7)),
            notional(PriceE6(65_000_123_456), SizeE8(7))
        );
        assert_eq!(value(SizeE8(-7), PriceE6(65_000_123_456)), Ok(Atoms(-4551)));
    }
}
