use gdx_math::fees::{
    fee, fee_beyond_net, is_possible_net_fee, notional, notional_and_value, value,
};
use gdx_units::{Atoms, Ppm, PriceE6, SizeE8};
use proptest::prelude::*;

use crate::strategies::{any_i64, any_u64, ceil, floor, narrow, SIZE_SCALE};

const PPM: i128 = 1_000_000;

fn rate() -> impl Strategy<Value = i32> {
    prop_oneof![
        3 => -10_000i32..10_000,
        1 => any::<i32>(),
        1 => prop::sample::select(&[0, 1, -1, 1 << 20, -(1 << 20), i32::MAX, i32::MIN][..]),
    ]
}

fn exact_worth(size: i64, price: u64) -> i128 {
    i128::from(size) * i128::from(price)
}

proptest! {
    #[test]
    fn notional_is_exact_and_the_same_for_both_sides(price in any_u64(), size in any_i64()) {
        let exact = narrow(floor(exact_worth(size, price).abs(), SIZE_SCALE));
        prop_assert_eq!(notional(PriceE6(price), SizeE8(size)).ok(), exact.map(Atoms));
        if let Some(other) = SizeE8(size).checked_neg() {
            prop_assert_eq!(notional(PriceE6(price), other), notional(PriceE6(price), SizeE8(size)));
        }
    }

    #[test]
    fn notional_grows_with_price_and_size(
        prices in [0u64..1 << 40, 0u64..1 << 40], sizes in [0i64..1 << 40, 0i64..1 << 40],
    ) {
        let at = |price: u64, size: i64| notional(PriceE6(price), SizeE8(size)).unwrap();
        let ([low, high], [small, large]) = (sorted(prices), sorted(sizes));
        prop_assert!(at(low, small) <= at(high, small));
        prop_assert!(at(low, small) <= at(low, large));
    }

    #[test]
    fn value_never_favours_the_holder(price in any_u64(), size in any_i64()) {
        let exact = exact_worth(size, price);
        let found = value(SizeE8(size), PriceE6(price)).ok();
        prop_assert_eq!(found, narrow(floor(exact, SIZE_SCALE)).map(Atoms));
        if let (Some(held), Some(other)) = (found, SizeE8(size).checked_neg()) {
            // Both sides together are never worth more than nothing, and at most an atom less.
            if let Ok(opposite) = value(other, PriceE6(price)) {
                prop_assert!([0, -1].contains(&(i128::from(held.0) + i128::from(opposite.0))));
            }
        }
    }

    #[test]
    fn both_at_once_are_each_alone(price in any_u64(), size in any_i64()) {
        let (price, size) = (PriceE6(price), SizeE8(size));
        let alone = notional(price, size).and_then(|notional| Ok((notional, value(size, price)?)));
        prop_assert_eq!(notional_and_value(size, price), alone);
    }

    #[test]
    fn fee_never_favours_the_trader(atoms in 0i64.., rates in [rate(), rate()]) {
        let [rate, higher] = sorted(rates);
        let found = fee(Atoms(atoms), Ppm(rate)).ok();
        prop_assert_eq!(found, narrow(ceil(i128::from(atoms) * i128::from(rate), PPM)).map(Atoms));
        if let (Some(less), Ok(more)) = (found, fee(Atoms(atoms), Ppm(higher))) {
            prop_assert!(less <= more);
        }
    }

    #[test]
    fn splitting_a_trade_never_saves_fees(first in 0i64..1 << 50, second in 0i64..1 << 50, rate in rate()) {
        let at = |atoms: i64| i128::from(fee(Atoms(atoms), Ppm(rate)).unwrap().0);
        prop_assume!(fee(Atoms(first + second), Ppm(rate)).is_ok());
        prop_assert!(at(first) + at(second) >= at(first + second));
        prop_assert!(at(first) + at(second) <= at(first + second) + 1);
    }

    #[test]
    fn net_fee_bounds_are_exact(
        charged in any_i64(), turnover in any_u64(), fills in any_u64(), rates in [rate(), rate()],
    ) {
        let turnover = (turnover >> 1) as i64;
        let [lower, upper] = sorted(rates).map(i128::from);
        let (scaled, wide) = (i128::from(charged) * PPM, i128::from(turnover));
        let expected = wide * lower <= scaled && scaled < wide * upper + i128::from(fills) * PPM;
        let found = is_possible_net_fee(Atoms(charged), Atoms(turnover), fills, rates.map(Ppm));
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn net_fee_bounds_are_exact_at_their_ends(
        turnover in 0i64..1 << 44, fills in 1u64..1 << 20, rates in [-10_000i32..10_000, -10_000i32..10_000],
    ) {
        let [lower, upper] = sorted(rates).map(i128::from);
        let least = ceil(i128::from(turnover) * lower, PPM) as i64;
        let above = ceil(i128::from(turnover) * upper, PPM) as i64 + fills as i64;
        let possible = |charged: i64| is_possible_net_fee(Atoms(charged), Atoms(turnover), fills, rates.map(Ppm));
        prop_assert!(possible(least) && !possible(least - 1));
        prop_assert!(possible(above - 1) && !possible(above));
    }

    /// Where the products just fit, just do not, and come out even.
    #[test]
    fn net_fee_bounds_are_exact_around_the_short_cut(
        shifts in [38u32..46, 38u32..46, 38u32..46, 16u32..31], parts in [0i64..1_000_000, 0i64..1_000_000, 0i64..1_000_000],
        is_negative: bool, is_even: bool, least in any::<i16>(),
    ) {
        let near = |place: usize| ((1i64 << shifts[place]) / 1_000_000).max(1) * parts[place];
        let turnover = if is_even { near(0) / 1_000_000 * 1_000_000 } else { near(0) };
        let fills = near(1) as u64;
        let high = (1i32 << shifts[3]) - 1;
        let rates = if is_negative { [-high, i32::from(least)] } else { [i32::from(least), high] };
        let [lower, upper] = sorted(rates).map(i128::from);
        let end = (i128::from(turnover) * upper + i128::from(fills) * PPM) / PPM;
        for charged in [near(2), -near(2), end as i64, end as i64 - 1, end as i64 + 1] {
            let (scaled, wide) = (i128::from(charged) * PPM, i128::from(turnover));
            let expected = wide * lower <= scaled && scaled < wide * upper + i128::from(fills) * PPM;
            let found = is_possible_net_fee(Atoms(charged), Atoms(turnover), fills, rates.map(Ppm));
            prop_assert_eq!(found, expected, "{} of {} in {} fills", charged, turnover, fills);
        }
    }

    #[test]
    fn every_sum_of_fees_is_possible(
        fills in prop::collection::vec((0i64..1 << 44, any::<bool>()), 1..40), rates in [rate(), rate()],
    ) {
        let rates = rates.map(Ppm);
        let charged = |atoms: i64, is_taker: bool| fee(Atoms(atoms), rates[usize::from(is_taker)]).unwrap().0;
        let sum = fills.iter().map(|&(atoms, is_taker)| charged(atoms, is_taker)).sum();
        let turnover = fills.iter().map(|&(atoms, _)| atoms).sum();
        prop_assert!(is_possible_net_fee(Atoms(sum), Atoms(turnover), fills.len() as u64, rates));
    }

    #[test]
    fn fee_beyond_the_net_is_a_part_of_the_fee(
        charged in any_i64(), quote in any_i64(), turnover in any_i64(), rate in rate(),
    ) {
        let (net, turnover_abs) = (i128::from(quote).abs(), i128::from(turnover).abs());
        let on_net = ceil(net * i128::from(rate.max(0)), PPM);
        let expected = if charged <= 0 || net == turnover_abs {
            Some(0)
        } else {
            narrow(on_net).map(|on_net| (charged - on_net).max(0))
        };
        let found = fee_beyond_net(Atoms(charged), Atoms(quote), Atoms(turnover), Ppm(rate)).ok();
        prop_assert_eq!(found, expected.map(Atoms));
        prop_assert!(found.is_none_or(|part| part.0 >= 0 && part.0 <= charged.max(0)));
    }
}

fn sorted<T: Ord + Copy>([one, two]: [T; 2]) -> [T; 2] {
    [one.min(two), one.max(two)]
}
