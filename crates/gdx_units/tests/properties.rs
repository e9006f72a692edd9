//! What holds for every value of every unit.
//!
//! | function | properties |
//! |---|---|
//! | `checked::sum` | `sums_of_words_are_the_standard_ones` |
//! | `checked::difference` | `sums_of_words_are_the_standard_ones` |
//! | `unit::checked_add` | `sums_are_exact_or_none` |
//! | `unit::checked_sub` | `sums_are_exact_or_none`, `subtracting_undoes_adding` |
//! | `unit::magnitude` | `sizes_have_a_distance_and_a_side` |
//! | `unit::is_same_side` | `sizes_have_a_distance_and_a_side` |
//! | `unit::checked_neg` | `sizes_have_a_distance_and_a_side` |

use gdx_units::{difference, sum, Atoms, Bps, Index, Ppm, PriceE6, RateE9, SizeE8};
use proptest::prelude::*;

const EDGES: [i128; 11] = [
    0,
    1,
    -1,
    i32::MAX as i128,
    i32::MIN as i128,
    i64::MAX as i128,
    i64::MIN as i128,
    (1 << 63) + 1,
    u16::MAX as i128,
    u64::MAX as i128,
    u64::MAX as i128 - 1,
];

fn number() -> impl Strategy<Value = i128> {
    prop_oneof![
        prop::sample::select(&EDGES[..]),
        any::<i64>().prop_map(i128::from),
        any::<u16>().prop_map(i128::from)
    ]
}

macro_rules! for_each_unit {
    ($check:ident, $one:expr, $two:expr) => {
        $check!(PriceE6, u64, $one, $two);
        $check!(SizeE8, i64, $one, $two);
        $check!(Atoms, i64, $one, $two);
        $check!(Bps, u16, $one, $two);
        $check!(Ppm, i32, $one, $two);
        $check!(RateE9, i64, $one, $two);
        $check!(Index, i64, $one, $two);
    };
}

macro_rules! check_sums {
    ($unit:ident, $int:ty, $one:expr, $two:expr) => {
        if let (Ok(one), Ok(two)) = (<$int>::try_from($one), <$int>::try_from($two)) {
            let fitting = |exact: i128| <$int>::try_from(exact).ok().map($unit);
            prop_assert_eq!($unit(one).checked_add($unit(two)), fitting($one + $two));
            prop_assert_eq!($unit(one).checked_sub($unit(two)), fitting($one - $two));
            prop_assert_eq!($unit(one).checked_add($unit::ZERO), Some($unit(one)));
            prop_assert_eq!($unit(one) < $unit(two), $one < $two);
        }
    };
}

macro_rules! check_undoing {
    ($unit:ident, $int:ty, $one:expr, $two:expr) => {
        if let (Ok(one), Ok(two)) = (<$int>::try_from($one), <$int>::try_from($two)) {
            if let Some(sum) = $unit(one).checked_add($unit(two)) {
                prop_assert_eq!(sum.checked_sub($unit(two)), Some($unit(one)));
                prop_assert_eq!($unit(two).checked_add($unit(one)), Some(sum));
            }
        }
    };
}

proptest! {
    #[test]
    fn sums_are_exact_or_none(one in number(), two in number()) {
        for_each_unit!(check_sums, one, two);
    }

    #[test]
    fn sums_of_words_are_the_standard_ones(one in number(), two in number()) {
        if let (Ok(one), Ok(two)) = (i64::try_from(one), i64::try_from(two)) {
            prop_assert_eq!(sum(one, two), one.checked_add(two));
            prop_assert_eq!(difference(one, two), one.checked_sub(two));
        }
    }

    #[test]
    fn subtracting_undoes_adding(one in number(), two in number()) {
        for_each_unit!(check_undoing, one, two);
    }

    #[test]
    fn sizes_have_a_distance_and_a_side(one: i64, two: i64, is_edge: bool) {
        let (one, two) = if is_edge { (i64::MIN, two.signum()) } else { (one, two) };
        prop_assert_eq!(i128::from(SizeE8(one).magnitude()), i128::from(one).abs());
        prop_assert_eq!(SizeE8(one).is_same_side(SizeE8(two)), one.signum() * two.signum() == 1);
        let negated = i64::try_from(-i128::from(one)).ok().map(SizeE8);
        prop_assert_eq!(SizeE8(one).checked_neg(), negated);
        if let Some(negated) = negated {
            prop_assert_eq!(negated.checked_neg(), Some(SizeE8(one)));
            prop_assert_eq!(negated.magnitude(), SizeE8(one).magnitude());
        }
    }
}
