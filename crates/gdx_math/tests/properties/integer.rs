use gdx_math::integer::{fits, mul_div, mul_div_signed, mul_mul_div, with_sign};
use gdx_math::{MathError, Rounding};
use proptest::prelude::*;

use crate::strategies::{any_i64, any_u64, divided, narrow, rounding};

/// `factor · c` as (bits 128 and up, lower 128 bits).
fn wide_product(factor: u128, c: u64) -> (u64, u128) {
    let low = (factor & u128::from(u64::MAX)) * u128::from(c);
    let high = (factor >> 64) * u128::from(c) + (low >> 64);
    (
        (high >> 64) as u64,
        (high << 64) | (low & u128::from(u64::MAX)),
    )
}

proptest! {
    #[test]
    fn fits_keeps_the_value(value: Option<u64>) {
        prop_assert_eq!(fits(value).ok(), value);
        prop_assert_eq!(fits(None::<u64>), Err(MathError::Overflow));
    }

    #[test]
    fn mul_div_is_exact(a in any_u64(), b in any_u64(), divisor in any_u64(), rounding in rounding()) {
        let found = mul_div(a, b, divisor, rounding);
        if divisor == 0 {
            prop_assert_eq!(found, Err(MathError::DivisionByZero));
            return Ok(());
        }
        let (product, divisor) = (u128::from(a) * u128::from(b), u128::from(divisor));
        let exact = if rounding == Rounding::Ceil { product.div_ceil(divisor) } else { product / divisor };
        prop_assert_eq!(found, u64::try_from(exact).map_err(|_| MathError::Overflow));
    }

    #[test]
    fn mul_div_grows_with_its_factors(a in any_u64(), b in any_u64(), divisor in 1u64.., rounding in rounding()) {
        let less = mul_div(a, b, divisor, rounding);
        if let Ok(more) = mul_div(a.saturating_add(1), b, divisor, rounding) {
            prop_assert!(less.unwrap() <= more);
            prop_assert!(mul_div(a, b, divisor.saturating_add(1), rounding).unwrap() <= less.unwrap());
        }
    }

    #[test]
    fn mul_div_signed_is_exact(a in any_i64(), b in any_u64(), divisor in any_u64(), rounding in rounding()) {
        let found = mul_div_signed(a, b, divisor, rounding);
        if divisor == 0 {
            prop_assert_eq!(found, Err(MathError::DivisionByZero));
            return Ok(());
        }
        let exact = divided(i128::from(a) * i128::from(b), i128::from(divisor), rounding);
        prop_assert_eq!(found, narrow(exact).ok_or(MathError::Overflow));
    }

    #[test]
    fn mul_mul_div_is_exact(
        a in any_u64(), b in any_u64(), c in any_u64(), divisor in any_u64(), rounding in rounding(),
    ) {
        let exact = wide_product(u128::from(a) * u128::from(b), c);
        let scaled = |quotient: u64| (0, u128::from(quotient) * u128::from(divisor));
        match mul_mul_div(a, (b, c), divisor, rounding) {
            Ok(quotient) if rounding == Rounding::Ceil => {
                prop_assert!(scaled(quotient) >= exact);
                prop_assert!(quotient == 0 || scaled(quotient - 1) < exact);
            }
            Ok(quotient) => {
                prop_assert!(scaled(quotient) <= exact);
                prop_assert!(quotient == u64::MAX || scaled(quotient + 1) > exact);
            }
            Err(MathError::DivisionByZero) => prop_assert_eq!(divisor, 0),
            // A first digit that does not fit cannot become one that does, unless nothing is left of it.
            Err(error) => {
                prop_assert_eq!(error, MathError::Overflow);
                prop_assert!(c == 0 || scaled(u64::MAX) < exact);
            }
        }
    }

    #[test]
    fn sign_and_magnitude_round_trip(value in any_i64(), magnitude in any_u64(), is_negative: bool) {
        prop_assert_eq!(with_sign(value.unsigned_abs(), value < 0), Ok(value));
        let exact = if is_negative { -i128::from(magnitude) } else { i128::from(magnitude) };
        prop_assert_eq!(with_sign(magnitude, is_negative), narrow(exact).ok_or(MathError::Overflow));
    }
}
