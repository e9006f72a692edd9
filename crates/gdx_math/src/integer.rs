//! Products and quotients that cannot overflow silently.

/// Which way a quotient that does not come out even is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Toward −∞.
    Floor,
    /// Toward +∞.
    Ceil,
    /// Toward zero.
    Trunc,
}

/// Why a computation has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MathError {
    /// The exact result does not fit in its type.
    Overflow,
    /// The divisor is zero.
    DivisionByZero,
    /// A loss is left and nobody is open to carry it.
    NobodyToCarryLoss,
    /// A quote amount came with a fill that changes no size.
    QuoteWithoutSize,
}

/// Result of the crate's functions.
pub type Result<T> = core::result::Result<T, MathError>;

/// `Some` value or [`MathError::Overflow`].
#[inline(always)]
pub fn fits<T>(value: Option<T>) -> Result<T> {
    value.ok_or(MathError::Overflow)
}

/// Quotient and remainder of `high · 2⁶⁴ + low` by `divisor`, for `high < divisor`.
///
/// Two digits of base 2³² (Knuth, volume 2, 4.3.1, algorithm D), because a 128-bit division costs a program ten
/// times as much.
fn div_rem_wide(high: u64, low: u64, divisor: u64) -> (u64, u64) {
    debug_assert!(high < divisor);
    if high == 0 {
        return (low / divisor, low % divisor);
    }
    const HALF: u64 = 1 << 32;
    let shift = divisor.leading_zeros();
    let divisor = divisor << shift;
    let (top, bottom) = (divisor >> 32, divisor & (HALF - 1));
    let high = if shift == 0 {
        high
    } else {
        (high << shift) | (low >> (64 - shift))
    };
    let low = low << shift;

    let digit = |rest: u64, next: u64| -> (u64, u64) {
        let (mut quotient, mut remainder) = (rest / top, rest % top);
        while quotient >= HALF || quotient * bottom > ((remainder << 32) | next) {
            quotient -= 1;
            remainder += top;
            if remainder >= HALF {
                break;
            }
        }
        let taken = quotient.wrapping_mul(divisor);
        (quotient, ((rest << 32) | next).wrapping_sub(taken))
    };
    let (first, rest) = digit(high, low >> 32);
    let (second, rest) = digit(rest, low & (HALF - 1));
    ((first << 32) | second, rest >> shift)
}

/// `a · b / divisor` and whether a remainder was left.
#[inline(always)]
pub(crate) fn mul_div_rem(a: u64, b: u64, divisor: u64) -> Result<(u64, bool)> {
    if divisor == 0 {
        return Err(MathError::DivisionByZero);
    }
    // One division tells whether the product fits in 64 bits; nearly every one does, and then it stays cheap.
    if a == 0 || b <= u64::MAX / a {
        let product = a.wrapping_mul(b);
        let quotient = product / divisor;
        return Ok((quotient, quotient.wrapping_mul(divisor) != product));
    }
    mul_div_rem_wide(a, b, divisor)
}

#[inline(never)]
fn mul_div_rem_wide(a: u64, b: u64, divisor: u64) -> Result<(u64, bool)> {
    let product = u128::from(a) * u128::from(b);
    let (high, low) = ((product >> 64) as u64, product as u64);
    if high >= divisor {
        return Err(MathError::Overflow);
    }
    let (quotient, remainder) = div_rem_wide(high, low, divisor);
    Ok((quotient, remainder != 0))
}

/// `a · b / divisor`, rounded; [`MathError::Overflow`] when the quotient does not fit in u64.
#[inline(always)]
pub fn mul_div(a: u64, b: u64, divisor: u64, rounding: Rounding) -> Result<u64> {
    let (quotient, has_rest) = mul_div_rem(a, b, divisor)?;
    match rounding {
        Rounding::Ceil if has_rest => fits(quotient.checked_add(1)),
        _ => Ok(quotient),
    }
}

/// `a · b / divisor` for a signed `a`, rounded; [`MathError::Overflow`] when the quotient does not fit in i64.
#[inline(always)]
pub fn mul_div_signed(a: i64, b: u64, divisor: u64, rounding: Rounding) -> Result<i64> {
    let is_negative = a < 0;
    let away_from_zero = match rounding {
        Rounding::Trunc => false,
        Rounding::Floor => is_negative,
        Rounding::Ceil => !is_negative,
    };
    let (quotient, has_rest) = mul_div_rem(a.unsigned_abs(), b, divisor)?;
    let magnitude = if away_from_zero && has_rest {
        fits(quotient.checked_add(1))?
    } else {
        quotient
    };
    with_sign(magnitude, is_negative)
}

/// `a · b · c / divisor`, rounded; [`MathError::Overflow`] when the quotient does not fit in u64.
///
/// A long division in two digits: `a · b` is divided first, then what is left times `c`.
#[inline(always)]
pub fn mul_mul_div(a: u64, (b, c): (u64, u64), divisor: u64, rounding: Rounding) -> Result<u64> {
    let first = mul_div(a, b, divisor, Rounding::Floor)?;
    let rest = a.wrapping_mul(b).wrapping_sub(first.wrapping_mul(divisor));
    let second = mul_div(rest, c, divisor, rounding)?;
    fits(
        first
            .checked_mul(c)
            .and_then(|quotient| quotient.checked_add(second)),
    )
}

/// `magnitude` with a sign, or [`MathError::Overflow`].
#[inline(always)]
pub fn with_sign(magnitude: u64, is_negative: bool) -> Result<i64> {
    let least = i64::MIN.unsigned_abs();
    if magnitude >= least {
        return if is_negative && magnitude == least {
            Ok(i64::MIN)
        } else {
            Err(MathError::Overflow)
        };
    }
    let magnitude = magnitude as i64;
    Ok(if is_negative {
        magnitude.wrapping_neg()
    } else {
        magnitude
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn wide_division_equals_128_bit_division(a: u64, b: u64, divisor in 1u64..) {
            let product = u128::from(a) * u128::from(b);
            let exact = product / u128::from(divisor);
            match u64::try_from(exact) {
                Ok(quotient) => prop_assert_eq!(mul_div(a, b, divisor, Rounding::Floor), Ok(quotient)),
                Err(_) => prop_assert_eq!(mul_div(a, b, divisor, Rounding::Floor), Err(MathError::Overflow)),
            }
        }

        #[test]
        fn wide_division_is_exact_at_the_edges(
            a in prop::sample::select(EDGES), b in prop::sample::select(EDGES), divisor in prop::sample::select(EDGES),
        ) {
            prop_assume!(divisor > 0);
            let exact = (u128::from(a) * u128::from(b)).div_ceil(u128::from(divisor));
            prop_assert_eq!(mul_div(a, b, divisor, Rounding::Ceil).ok(), u64::try_from(exact).ok());
        }

        #[test]
        fn two_digits_divide_like_one(a: u64, b in 0u64..1 << 40, c in 0u64..1 << 40, divisor in 1u64..) {
            let Some(product) = u128::from(a).checked_mul(u128::from(b)).and_then(|ab| ab.checked_mul(u128::from(c)))
            else {
                return Ok(());
            };
            let exact = u64::try_from(product.div_ceil(u128::from(divisor))).ok();
            prop_assert_eq!(mul_mul_div(a, (b, c), divisor, Rounding::Ceil).ok(), exact);
        }

        #[test]
        fn signed_rounding_follows_its_name(a: i64, b: u64, divisor in 1u64..) {
            let product = i128::from(a).checked_mul(i128::from(b));
            prop_assume!(product.is_some());
            let (product, divisor_wide) = (product.unwrap(), i128::from(divisor));
            let floor = product.div_euclid(divisor_wide);
            let ceil = -(-product).div_euclid(divisor_wide);
            for (rounding, exact) in
                [(Rounding::Floor, floor), (Rounding::Ceil, ceil), (Rounding::Trunc, product / divisor_wide)]
            {
                prop_assert_eq!(mul_div_signed(a, b, divisor, rounding).ok(), i64::try_from(exact).ok());
            }
        }
    }

    const EDGES: &[u64] = &[
        0,
        1,
        2,
        (1 << 32) - 1,
        1 << 32,
        (1 << 32) + 1,
        (1 << 63) - 1,
        1 << 63,
        (1 << 63) + 1,
        u64::MAX - 1,
        u64::MAX,
        0xffff_ffff_0000_0000,
        0xffff_ffff_0000_0001,
    ];

    #[test]
    fn dividing_by_zero_is_named() {
        assert_eq!(
            mul_div(1, 1, 0, Rounding::Floor),
            Err(MathError::DivisionByZero)
        );
    }
}
