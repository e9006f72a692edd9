//! Aggregates of published prices: median, confidence, averages.

use crate::integer::{mul_div_signed, Result, Rounding};

/// One publisher's price and the half-width of its confidence interval, both in 1e-6 USDT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quote {
    /// Price in 1e-6 USDT per whole base unit.
    pub price_e6: u64,
    /// Half-width of the confidence interval in the same unit.
    pub confidence_e6: u64,
}

/// Median price of `quotes`, sorting them in place; the mean of the middle two, rounded down, for an even
/// number; `None` when empty.
///
/// Confidence is the interquartile half-width (rounded up) or the widest input, whichever is larger; the
/// quartiles are the values at ranks `n / 4` and `n − 1 − n / 4`.
pub fn aggregate(quotes: &mut [Quote]) -> Option<Quote> {
    let count = quotes.len();
    if count == 0 {
        return None;
    }
    sort_by_price(quotes);
    let (below, above) = (quotes[(count - 1) / 2].price_e6, quotes[count / 2].price_e6);
    let quartile = count / 4;
    let half_width =
        (quotes[count - 1 - quartile].price_e6 - quotes[quartile].price_e6).div_ceil(2);
    let widest = quotes
        .iter()
        .map(|quote| quote.confidence_e6)
        .max()
        .unwrap_or(0);
    Some(Quote {
        price_e6: below + (above - below) / 2,
        confidence_e6: half_width.max(widest),
    })
}

/// Insertion sort: at most eight quotes, and the general sort is a large piece of program.
fn sort_by_price(quotes: &mut [Quote]) {
    for end in 1..quotes.len() {
        let mut place = end;
        while place > 0 && quotes[place - 1].price_e6 > quotes[place].price_e6 {
            quotes.swap(place - 1, place);
            place -= 1;
        }
    }
}

/// Exponential average of a price after `elapsed_s` seconds:
/// `previous + (sample − previous) · min(elapsed, period) / period`, toward the previous value.
///
/// The first sample (previous 0) is taken whole; a sample at the same second changes nothing.
pub fn ema_e6(previous_e6: u64, sample_e6: u64, elapsed_s: u64, period_s: u64) -> Result<u64> {
    if previous_e6 == 0 || elapsed_s >= period_s {
        return Ok(sample_e6);
    }
    let distance = sample_e6.abs_diff(previous_e6);
    let step = crate::integer::mul_div(distance, elapsed_s, period_s, Rounding::Floor)?;
    Ok(if sample_e6 >= previous_e6 {
        previous_e6 + step
    } else {
        previous_e6 - step
    })
}

/// `(price − reference) / reference` in 1e-9, toward zero.
pub fn relative_e9(price_e6: u64, reference_e6: u64) -> Result<i64> {
    let is_below = price_e6 < reference_e6;
    let distance = crate::integer::mul_div(
        price_e6.abs_diff(reference_e6),
        gdx_units::RATE_SCALE,
        reference_e6,
        Rounding::Floor,
    )?;
    crate::integer::with_sign(distance, is_below)
}

/// Mean of a sum of weighted values, toward zero; `None` without weight.
pub fn weighted_mean(sum: i64, weight: u64) -> Option<Result<i64>> {
    (weight > 0).then(|| mul_div_signed(sum, 1, weight, Rounding::Trunc))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn quotes(prices: &[u64]) -> Vec<Quote> {
        prices
            .iter()
            .map(|&price_e6| Quote {
                price_e6,
                confidence_e6: 1,
            })
            .collect()
    }

    #[test]
    fn one_liar_among_three_does_not_move_the_median_outside_the_honest_prices() {
        let aggregate = aggregate(&mut quotes(&[100, 102, u64::MAX])).unwrap();
        assert_eq!(aggregate.price_e6, 102);
    }

    #[test]
    fn even_count_takes_the_middle() {
        assert_eq!(aggregate(&mut quotes(&[7, 1, 4, 3])).unwrap().price_e6, 3);
        assert_eq!(aggregate(&mut []), None);
    }

    proptest! {
        #[test]
        fn median_lies_between_the_extremes(prices in prop::collection::vec(any::<u64>(), 1..9)) {
            let median = aggregate(&mut quotes(&prices)).unwrap().price_e6;
            prop_assert!(prices.iter().min().unwrap() <= &median && &median <= prices.iter().max().unwrap());
        }

        #[test]
        fn average_moves_toward_the_sample(previous in 1u64.., sample: u64, elapsed in 0u64..100, period in 1u64..100) {
            let average = ema_e6(previous, sample, elapsed, period).unwrap();
            prop_assert!(average.abs_diff(sample) <= previous.abs_diff(sample));
        }

        #[test]
        fn relative_distance_has_the_sign_of_the_difference(price in 0u64..1 << 50, reference in 1u64..1 << 50) {
            if let Ok(relative) = relative_e9(price, reference) {
                let exact = (i128::from(price) - i128::from(reference)) * 1_000_000_000 / i128::from(reference);
                prop_assert_eq!(i128::from(relative), exact);
            }
        }
    }
}
