use gdx_math::statistics::{aggregate, ema_e6, relative_e9, weighted_mean, Quote};
use gdx_math::{MathError, Rounding};
use proptest::prelude::*;

use crate::strategies::{any_i64, any_u64, divided, narrow};

fn quotes() -> impl Strategy<Value = Vec<Quote>> {
    let quote = (any_u64(), any_u64()).prop_map(|(price_e6, confidence_e6)| Quote {
        price_e6,
        confidence_e6,
    });
    prop::collection::vec(quote, 1..9)
}

proptest! {
    #[test]
    fn median_ignores_order_and_one_liar(quotes in quotes(), lie in any_u64(), turn in 0usize..8) {
        let median = aggregate(&mut quotes.clone()).unwrap();
        let mut turned = quotes.clone();
        turned.rotate_left(turn % quotes.len());
        turned.reverse();
        prop_assert_eq!(aggregate(&mut turned), Some(median));
        let mut prices: Vec<u64> = quotes.iter().map(|quote| quote.price_e6).collect();
        prices.sort_unstable();
        let count = prices.len();
        let middle = u128::from(prices[(count - 1) / 2]) + u128::from(prices[count / 2]);
        prop_assert_eq!(u128::from(median.price_e6), middle / 2);
        if count >= 2 {
            // Two honest publishers and more: a liar moves the median within their prices only.
            let mut with_liar = quotes.clone();
            with_liar.push(Quote { price_e6: lie, confidence_e6: 0 });
            let moved = aggregate(&mut with_liar).unwrap().price_e6;
            prop_assert!((prices[0]..=prices[count - 1]).contains(&moved));
        }
        prop_assert_eq!(aggregate(&mut []), None);
    }

    #[test]
    fn confidence_covers_every_input(quotes in quotes()) {
        let mut sorted = quotes.clone();
        let found = aggregate(&mut sorted).unwrap();
        prop_assert!(sorted.windows(2).all(|pair| pair[0].price_e6 <= pair[1].price_e6));
        let widest = quotes.iter().map(|quote| quote.confidence_e6).max().unwrap();
        let quarter = sorted.len() / 4;
        let spread = sorted[sorted.len() - 1 - quarter].price_e6 - sorted[quarter].price_e6;
        prop_assert_eq!(found.confidence_e6, widest.max(spread.div_ceil(2)));
    }

    #[test]
    fn average_is_exact_and_between(
        previous in any_u64(), sample in any_u64(), elapsed in any_u64(), period in any_u64(),
    ) {
        let found = ema_e6(previous, sample, elapsed, period).unwrap();
        if previous == 0 || elapsed >= period {
            prop_assert_eq!(found, sample);
            return Ok(());
        }
        let step = u128::from(sample.abs_diff(previous)) * u128::from(elapsed) / u128::from(period);
        prop_assert_eq!(u128::from(found.abs_diff(previous)), step);
        prop_assert!((previous.min(sample)..=previous.max(sample)).contains(&found));
    }

    #[test]
    fn relative_distance_is_exact(price in any_u64(), reference in any_u64()) {
        let found = relative_e9(price, reference);
        if reference == 0 {
            prop_assert_eq!(found, Err(MathError::DivisionByZero));
            return Ok(());
        }
        let scaled = (i128::from(price) - i128::from(reference)) * 1_000_000_000;
        let exact = divided(scaled, i128::from(reference), Rounding::Trunc);
        prop_assert_eq!(found, narrow(exact).ok_or(MathError::Overflow));
    }

    #[test]
    fn mean_is_exact_and_between(
        samples in prop::collection::vec((-1_000_000_000i64..1_000_000_000, 0u64..1_000_000), 0..12), sum in any_i64(),
        weight in any_u64(),
    ) {
        let expected = (weight > 0).then(|| divided(i128::from(sum), i128::from(weight), Rounding::Trunc));
        prop_assert_eq!(weighted_mean(sum, weight).map(|mean| i128::from(mean.unwrap())), expected);
        let sum = samples.iter().map(|&(value, weight)| value * weight as i64).sum();
        let weight = samples.iter().map(|&(_, weight)| weight).sum();
        if let Some(mean) = weighted_mean(sum, weight) {
            let heard = || samples.iter().filter(|(_, weight)| *weight > 0).map(|&(value, _)| value);
            let mean = mean.unwrap();
            prop_assert!(heard().min().unwrap() <= mean && mean <= heard().max().unwrap());
        }
    }
}
