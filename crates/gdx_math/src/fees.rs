//! Notional and fees of one fill.

use gdx_units::{Atoms, Ppm, PriceE6, SizeE8, PPM_SCALE, SIZE_SCALE};

use crate::integer::{fits, mul_div, mul_div_signed, with_sign, Result, Rounding};

/// `floor(price · |size| / 1e8)`: the same number for both sides of a fill.
#[inline(always)]
pub fn notional(price: PriceE6, size: SizeE8) -> Result<Atoms> {
    with_sign(
        mul_div(price.0, size.magnitude(), SIZE_SCALE, Rounding::Floor)?,
        false,
    )
    .map(Atoms)
}

/// `floor(size · price / 1e8)`, signed: what closing at `price` brings, rounded against the holder.
#[inline(always)]
pub fn value(size: SizeE8, price: PriceE6) -> Result<Atoms> {
    mul_div_signed(size.0, price.0, SIZE_SCALE, Rounding::Floor).map(Atoms)
}

/// Notional and value at once: they differ by the rounding of shorts only.
#[inline(always)]
pub fn notional_and_value(size: SizeE8, price: PriceE6) -> Result<(Atoms, Atoms)> {
    if size.0 >= 0 {
        let notional = notional(price, size)?;
        return Ok((notional, notional));
    }
    let value = value(size, price)?;
    let is_exact =
        size.magnitude().wrapping_mul(price.0) == value.0.unsigned_abs().wrapping_mul(SIZE_SCALE);
    let above = if is_exact { value.0 } else { value.0 + 1 };
    Ok((Atoms(fits(above.checked_neg())?), value))
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

/// Whether a net fee can be the sum of `fill_count` fees on `turnover`, each `ceil(notional · ppm / 1e6)` at one of
/// two rates: `⌈turnover · lower / 1e6⌉ ≤ fee < turnover · upper / 1e6 + fill_count`.
#[inline(always)]
pub fn is_possible_net_fee(fee: Atoms, turnover: Atoms, fill_count: u64, rates: [Ppm; 2]) -> bool {
    let (lower, upper) = (rates[0].0.min(rates[1].0), rates[0].0.max(rates[1].0));
    // Nearly every entry is small enough for products of 42 and 20 bits.
    let is_small = turnover.0 < 1 << 42 && fee.0.unsigned_abs() < 1 << 42 && fill_count < 1 << 42;
    if is_small && lower.unsigned_abs() < 1 << 20 && upper.unsigned_abs() < 1 << 20 {
        let at = |rate: i32| turnover.0.wrapping_mul(i64::from(rate));
        let scaled = fee.0.wrapping_mul(PPM_SCALE as i64);
        let dust = (fill_count as i64).wrapping_mul(PPM_SCALE as i64);
        return at(lower) <= scaled && scaled < at(upper).wrapping_add(dust);
    }
    let at = |rate: i32| i128::from(turnover.0) * i128::from(rate);
    let scaled = i128::from(fee.0) * i128::from(PPM_SCALE);
    at(lower) <= scaled && scaled < at(upper) + i128::from(fill_count) * i128::from(PPM_SCALE)
}

/// What a net fee takes beyond `rate` of the net quote itself: the cost of trading to and fro within one batch. A
/// position whose turnover is its net quote did not.
#[inline(always)]
pub fn fee_beyond_net(fee: Atoms, quote_delta: Atoms, turnover: Atoms, rate: Ppm) -> Result<Atoms> {
    let net = quote_delta.0.unsigned_abs();
    if fee.0 <= 0 || net == turnover.0.unsigned_abs() {
        return Ok(Atoms::ZERO);
    }
    let on_net = mul_div_signed(i64::from(rate.0.max(0)), net, PPM_SCALE, Rounding::Ceil)?;
    Ok(Atoms((fee.0 - on_net).max(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_at_once_are_each_alone(size: i64, price in 0u64..1 << 50) {
            let (size, price) = (SizeE8(size), PriceE6(price));
            if let (Ok(notional), Ok(value)) = (notional(price, size), value(size, price)) {
                prop_assert_eq!(notional_and_value(size, price), Ok((notional, value)));
            }
        }

        #[test]
        fn the_short_cut_for_small_fees_changes_nothing(
            fee in -(1i64 << 45)..1 << 45, turnover in 0i64..1 << 45, fills in 0u64..1 << 45, lower in -9_999i32..9_999,
        ) {
            let wide = |rate: i128| i128::from(turnover) * rate;
            let scaled = i128::from(fee) * 1_000_000;
            let expected = wide(i128::from(lower)) <= scaled && scaled < wide(9_999) + i128::from(fills) * 1_000_000;
            let rates = [Ppm(9_999), Ppm(lower)];
            prop_assert_eq!(is_possible_net_fee(Atoms(fee), Atoms(turnover), fills, rates), expected);
        }
    }

    #[test]
    fn a_fee_rounds_up_and_a_rebate_rounds_toward_zero() {
        assert_eq!(fee(Atoms(1_000_001), Ppm(500)), Ok(Atoms(501)));
        assert_eq!(fee(Atoms(1_000_001), Ppm(-100)), Ok(Atoms(-100)));
    }

    #[test]
    fn every_sum_of_fees_is_possible() {
        let rates = [Ppm(-100), Ppm(500)];
        let fills = [
            (1, Ppm(500)),
            (1_999, Ppm(-100)),
            (77, Ppm(500)),
            (10_000_001, Ppm(-100)),
        ];
        let fee_sum = fills
            .iter()
            .map(|(atoms, rate)| fee(Atoms(*atoms), *rate).unwrap().0)
            .sum();
        let turnover = Atoms(fills.iter().map(|(atoms, _)| atoms).sum());
        assert!(is_possible_net_fee(Atoms(fee_sum), turnover, 4, rates));
        assert!(!is_possible_net_fee(Atoms(5_006), turnover, 4, rates));
        assert!(!is_possible_net_fee(Atoms(-1_001), turnover, 4, rates));
    }

    #[test]
    fn trading_to_and_fro_costs_beyond_the_net() {
        let (rate, net) = (Ppm(500), Atoms(-1_000_001));
        let paid = fee(Atoms(1_000_001), rate).unwrap();
        assert_eq!(
            fee_beyond_net(paid, net, Atoms(1_000_001), rate),
            Ok(Atoms(0))
        );
        assert_eq!(
            fee_beyond_net(Atoms(600), net, Atoms(1_200_000), rate),
            Ok(Atoms(99))
        );
        assert_eq!(
            fee_beyond_net(paid, Atoms(0), Atoms(1_000_001), rate),
            Ok(paid)
        );
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
