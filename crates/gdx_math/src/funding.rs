//! Hourly funding. Rates in 1e-9 per hour, + = longs pay; `div` toward zero throughout.

use gdx_units::{Index, PriceE6, RateE9};

use crate::integer::{mul_div_signed, Result, Rounding};
use crate::statistics::relative_e9;

/// Hours over which the premium is spread.
pub const HOURS_PER_PERIOD: i64 = 8;
/// Interest of one period: 1 bp.
pub const INTEREST_E9: i64 = 100_000;
/// How far interest may pull the premium: ±5 bps.
pub const INTEREST_CLAMP_E9: i64 = 500_000;
/// Rate (1e-9) times price (atoms per base unit) in one index unit (1e-4 atom per base unit).
pub const INDEX_PER_RATE: u64 = 100_000;
/// Missed hours that one update may catch up.
pub const MAX_CATCH_UP_HOURS: u64 = 24;

/// `(mark − index) / index`.
pub fn premium(mark: PriceE6, index: PriceE6) -> Result<RateE9> {
    relative_e9(mark.0, index.0).map(RateE9)
}

/// `clamp((premium + clamp(interest − premium, ±5 bps)) / 8, ±max_rate)`.
pub fn funding_rate(premium: RateE9, max_rate: RateE9) -> RateE9 {
    let pull = INTEREST_E9
        .saturating_sub(premium.0)
        .clamp(-INTEREST_CLAMP_E9, INTEREST_CLAMP_E9);
    let limit = max_rate.0.max(0);
    RateE9((premium.0.saturating_add(pull) / HOURS_PER_PERIOD).clamp(-limit, limit))
}

/// `rate · index price`: how far one hour moves the funding index.
pub fn funding_index_step(rate: RateE9, index: PriceE6) -> Result<Index> {
    mul_div_signed(rate.0, index.0, INDEX_PER_RATE, Rounding::Trunc).map(Index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_premium_pays_the_interest() {
        assert_eq!(funding_rate(RateE9(0), RateE9(1_000_000)), RateE9(12_500));
        assert_eq!(
            funding_index_step(RateE9(12_500), PriceE6(60_000_000_000)),
            Ok(Index(7_500_000_000))
        );
    }

    proptest! {
        #[test]
        fn rate_stays_within_its_clamp_and_grows_with_the_premium(
            premium in -100_000_000i64..100_000_000, more in 0i64..1_000_000, limit in 0i64..50_000_000,
        ) {
            let (rate, higher) = (funding_rate(RateE9(premium), RateE9(limit)), funding_rate(RateE9(premium + more), RateE9(limit)));
            prop_assert!(rate.0.abs() <= limit && rate <= higher);
        }
    }
}
