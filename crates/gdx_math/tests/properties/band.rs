use gdx_math::band::{mark_sample, Deviation, OpeningBand, PriceRange, Worth};
use gdx_math::fees::notional;
use gdx_units::{Atoms, Bps, PriceE6, SizeE8};
use proptest::prelude::*;

use crate::strategies::{any_i64, any_u64, ceil, floor, narrow, SIZE_SCALE};

const BPS: i128 = 10_000;

fn range(ends: [u64; 2]) -> PriceRange {
    PriceRange {
        low: PriceE6(ends[0].min(ends[1])),
        high: PriceE6(ends[0].max(ends[1])),
    }
}

fn band() -> impl Strategy<Value = u16> {
    prop_oneof![3 => 0u16..10_000, 1 => any::<u16>()]
}

proptest! {
    #[test]
    fn deviation_is_exact(size in any_i64(), quote in any_i64(), ends in [any_u64(), any_u64()]) {
        let range = range(ends);
        let worth = |price: PriceE6| i128::from(size) * i128::from(price.0);
        let (least, most) = (worth(range.low).min(worth(range.high)), worth(range.low).max(worth(range.high)));
        let (bottom, top) = (floor(least, SIZE_SCALE), ceil(most, SIZE_SCALE));
        let quote_wide = i128::from(quote);
        let lost = (quote_wide - top).max(0);
        let total = lost.max(bottom - quote_wide);
        if let Ok(found) = range.deviation(SizeE8(size), Atoms(quote)) {
            prop_assert_eq!(i128::from(found.total.0), total);
            prop_assert_eq!(i128::from(found.lost.0), lost);
        } else {
            // Refused only where an end or the distance does not fit.
            let all_fit = [bottom, top, total].iter().all(|&exact| narrow(exact).is_some());
            prop_assert!(!all_fit);
        }
    }

    #[test]
    fn a_trade_inside_the_range_does_not_stray(
        ends in [1u64..1 << 40, 1u64..1 << 40], share in 0u64..=100, size in 1i64..1 << 40, is_sold: bool,
    ) {
        let range = range(ends);
        let price = range.low.0 + (range.high.0 - range.low.0) * share / 100;
        let worth = notional(PriceE6(price), SizeE8(size)).unwrap().0;
        let sign = if is_sold { -1 } else { 1 };
        let found = range.deviation(SizeE8(sign * size), Atoms(sign * worth)).unwrap();
        prop_assert_eq!(found, Deviation::default());
    }

    #[test]
    fn band_comparison_is_exact(total in any_i64(), room in any_i64(), band in band()) {
        let deviation = Deviation { total: Atoms(total), lost: Atoms(0) };
        let expected = i128::from(total) * BPS <= i128::from(room) * i128::from(band);
        prop_assert_eq!(deviation.is_within(Atoms(room), Bps(band)), expected);
    }

    #[test]
    fn band_comparison_is_exact_at_its_end(room in 0i64..1 << 50, band in band()) {
        let at_most = floor(i128::from(room) * i128::from(band), BPS) as i64;
        let within = |total: i64| Deviation { total: Atoms(total), lost: Atoms(0) }.is_within(Atoms(room), Bps(band));
        prop_assert!(within(at_most) && !within(at_most + 1));
    }

    #[test]
    fn opened_quote_is_exact(size in any_i64(), quote in any_i64(), price in any_u64(), band in band()) {
        let opening = OpeningBand::new(PriceE6(price), Bps(band));
        let most_e10 = u128::from(price) * (10_000 + u128::from(band));
        prop_assert_eq!(opening.is_ok(), most_e10 <= u128::from(u64::MAX));
        let Ok(opening) = opening else { return Ok(()) };
        // Within i128: an edge of the band is below 2^64, a size below 2^63.
        let edge = |basis: i128| floor(i128::from(size) * (i128::from(price) * basis), SIZE_SCALE * BPS);
        let (one, other) = (edge((BPS - i128::from(band)).max(0)), edge(BPS + i128::from(band)));
        let expected = i128::from(quote).clamp(one.min(other), one.max(other));
        match opening.opened_quote(SizeE8(size), Atoms(quote)) {
            Ok(found) => prop_assert_eq!(i128::from(found.0), if size == 0 { 0 } else { expected }),
            Err(_) => prop_assert!(narrow(one).is_none() || narrow(other).is_none()),
        }
    }

    #[test]
    fn worth_is_exact_and_so_is_what_is_lost(
        size in any_i64(), quote in any_i64(), near in -3i64..=3, is_near: bool, price in any_u64(), band in band(),
    ) {
        let product = i128::from(size) * i128::from(price);
        let top = ceil(product, SIZE_SCALE);
        let quote = narrow(top).filter(|_| is_near).map_or(quote, |top| top.saturating_add(near));
        let Ok(worth) = Worth::of(SizeE8(size), PriceE6(price)) else {
            prop_assert!(floor(product.abs(), SIZE_SCALE) > i128::from(u64::MAX));
            return Ok(());
        };
        let lost = (i128::from(quote) - top).max(0);
        match worth.lost(SizeE8(size), Atoms(quote)) {
            Ok(found) => prop_assert_eq!(i128::from(found.0), lost),
            Err(_) => prop_assert!(narrow(top).is_none() || narrow(lost).is_none()),
        }
        if let Ok(opening) = OpeningBand::new(PriceE6(price), Bps(band)) {
            let opened = opening.opened_quote(SizeE8(size), Atoms(quote));
            prop_assert_eq!(opening.opened_quote_near(SizeE8(size), Atoms(quote), worth), opened);
        }
    }

    #[test]
    fn opened_quote_is_exact_near_the_ends(
        size in 1i64..1 << 40, is_sold: bool, price in 1u64..1 << 40, band in 0u16..10_000, by in -3i64..=3, is_top: bool,
    ) {
        let size = if is_sold { -size } else { size };
        let edge = |basis: i128| floor(i128::from(size) * (i128::from(price) * basis), SIZE_SCALE * BPS);
        let (one, other) = (edge(BPS - i128::from(band)), edge(BPS + i128::from(band)));
        let (Some(low), Some(high)) = (narrow(one.min(other)), narrow(one.max(other))) else { return Ok(()) };
        let quote = if is_top { high } else { low }.saturating_add(by);
        let opening = OpeningBand::new(PriceE6(price), Bps(band)).unwrap();
        prop_assert_eq!(opening.opened_quote(SizeE8(size), Atoms(quote)), Ok(Atoms(quote.clamp(low, high))));
    }

    #[test]
    fn a_quote_of_the_wrong_sign_opens_at_the_nearest_end(
        size in 1i64..1 << 40, is_sold: bool, price in 1u64..1 << 40, band in 0u16..10_000, by in -3i64..=3,
    ) {
        let size = if is_sold { -size } else { size };
        let edge = |basis: i128| floor(i128::from(size) * (i128::from(price) * basis), SIZE_SCALE * BPS);
        let (one, other) = (edge(BPS - i128::from(band)), edge(BPS + i128::from(band)));
        let Some(worth) = narrow(edge(BPS)) else { return Ok(()) };
        // As far from 0 as the entry's worth, on the other side of it.
        let quote = by - worth;
        let expected = i128::from(quote).clamp(one.min(other), one.max(other));
        let opening = OpeningBand::new(PriceE6(price), Bps(band)).unwrap();
        let Some(expected) = narrow(expected) else { return Ok(()) };
        if let Ok(opened) = opening.opened_quote(SizeE8(size), Atoms(quote)) {
            prop_assert_eq!(opened, Atoms(expected));
        } else {
            prop_assert!(narrow(one).is_none() || narrow(other).is_none());
        }
    }

    #[test]
    fn opening_twice_changes_nothing(size in any_i64(), quote in any_i64(), price in any_u64(), band in band()) {
        let Ok(opening) = OpeningBand::new(PriceE6(price), Bps(band)) else { return Ok(()) };
        if let Ok(opened) = opening.opened_quote(SizeE8(size), Atoms(quote)) {
            prop_assert_eq!(opening.opened_quote(SizeE8(size), opened), Ok(opened));
        }
    }

    #[test]
    fn mark_sample_stays_in_the_band(
        bought in any_i64(), paid in any_i64(), ends in [any_u64(), any_u64()], band in band(),
    ) {
        let range = range(ends);
        let found = mark_sample(SizeE8(bought), Atoms(paid), range, Bps(band));
        if bought <= 0 || paid <= 0 {
            prop_assert_eq!(found, Ok(None));
            return Ok(());
        }
        let share = (BPS - i128::from(band)).max(0);
        let low = ceil(i128::from(range.low.0) * share, BPS);
        let high = floor(i128::from(range.high.0) * (BPS + i128::from(band)), BPS);
        let exact = floor(i128::from(paid) * SIZE_SCALE, i128::from(bought));
        match found {
            Ok(sample) => {
                let expected = exact.clamp(low, high.max(low));
                prop_assert_eq!(sample.map(|price| i128::from(price.0)), Some(expected));
            }
            Err(_) => prop_assert!(exact.max(high) > i128::from(u64::MAX)),
        }
    }
}
