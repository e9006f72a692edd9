use gdx_math::fees::{notional, value};
use gdx_math::liquidation::{liquidation_fee, liquidation_size, Terms};
use gdx_math::margin::{
    adds_risk, covers_initial, entry_price, equity, initial_requirement, is_liquidatable,
    liquidation_price, maintenance_requirement, touched_equity,
};
use gdx_math::money::{fill, touch, unpaid_funding, unpaid_loss, Ledger, Position};
use gdx_units::{Atoms, Bps, Ppm, PriceE6, SizeE8};
use proptest::prelude::*;

use crate::strategies::{
    any_i64, any_ledger, any_position, any_u64, ceil, floor, narrow, usual, SIZE_SCALE,
};

const BPS: i128 = 10_000;
const PPM: i128 = 1_000_000;

fn ratio() -> impl Strategy<Value = u16> {
    prop_oneof![3 => 1u16..5_000, 1 => any::<u16>(), 1 => prop::sample::select(&[0, 1, 9_999, 10_000, 10_001, u16::MAX][..])]
}

proptest! {
    #[test]
    fn equity_is_what_a_touch_leaves((position, ledger) in usual(), price in 0u64..1_000_000_000) {
        let before = equity(&position, &ledger, PriceE6(price)).unwrap();
        let (mut touched, mut books) = (position, ledger);
        touch(&mut touched, &mut books).unwrap();
        prop_assert_eq!(touched_equity(&touched, PriceE6(price)), Ok(before));
        prop_assert_eq!(equity(&touched, &books, PriceE6(price)), Ok(before));
    }

    #[test]
    fn equity_never_favours_the_holder(position in any_position(), ledger in any_ledger(), price in any_u64()) {
        let Ok(found) = equity(&position, &ledger, PriceE6(price)) else { return Ok(()) };
        let worth = floor(i128::from(position.size_e8) * i128::from(price), SIZE_SCALE);
        let owed = i128::from(unpaid_funding(&position, &ledger).unwrap().0)
            + i128::from(unpaid_loss(&position, &ledger).unwrap().0);
        let held = i128::from(position.collateral_atoms) - i128::from(position.cost_atoms);
        prop_assert_eq!(i128::from(found.0), held + worth - owed);
    }

    #[test]
    fn requirements_cover_the_exact_share(atoms in 0i64.., leverage in any::<u16>(), ratio in ratio()) {
        let of_ratio = ceil(i128::from(atoms) * i128::from(ratio), BPS);
        let maintenance = maintenance_requirement(Atoms(atoms), Bps(ratio)).ok();
        prop_assert_eq!(maintenance, narrow(of_ratio).map(Atoms));
        let found = initial_requirement(Atoms(atoms), leverage, Bps(ratio));
        if leverage == 0 {
            prop_assert!(found.is_err());
            return Ok(());
        }
        let exact = of_ratio.max(ceil(i128::from(atoms), i128::from(leverage)));
        prop_assert_eq!(found.ok(), narrow(exact).map(Atoms));
    }

    #[test]
    fn risk_is_more_size_or_the_other_side(before in any_i64(), after in any_i64()) {
        let is_flipped = (before > 0 && after < 0) || (before < 0 && after > 0);
        let is_larger = after.unsigned_abs() > before.unsigned_abs();
        prop_assert_eq!(adds_risk(SizeE8(before), SizeE8(after)), is_flipped || is_larger);
        prop_assert!(!adds_risk(SizeE8(before), SizeE8(before)) && !adds_risk(SizeE8(before), SizeE8(0)));
    }

    #[test]
    fn margin_checks_compare_equity_with_requirements(
        position in any_position(), ledger in any_ledger(), usual in usual(), is_usual: bool,
        price in any_u64(), leverage in 1u16..60, ratio in ratio(),
    ) {
        let (position, ledger) = if is_usual { usual } else { (position, ledger) };
        let (price, size) = (PriceE6(price), SizeE8(position.size_e8));
        let at_stake = notional(price, size);
        let covered = covers_initial(&position, price, leverage, Bps(ratio));
        if let (Ok(at_stake), Ok(_)) = (at_stake, value(size, price)) {
            let expected = touched_equity(&position, price).and_then(|equity| {
                Ok(equity >= initial_requirement(at_stake, leverage, Bps(ratio))?)
            });
            prop_assert_eq!(covered, expected);
        } else {
            prop_assert!(covered.is_err());
        }
        let is_due = is_liquidatable(&position, &ledger, price, Bps(ratio));
        let expected = at_stake.and_then(|at_stake| {
            Ok(equity(&position, &ledger, price)? < maintenance_requirement(at_stake, Bps(ratio))?)
        });
        prop_assert_eq!(is_due, if size.0 == 0 { Ok(false) } else { expected });
    }

    #[test]
    fn margin_is_covered_at_the_exact_requirement((position, _) in usual(), price in 1u64..1_000_000_000, ratio in 1u16..5_000) {
        let at_stake = notional(PriceE6(price), SizeE8(position.size_e8)).unwrap();
        let needed = initial_requirement(at_stake, 10, Bps(ratio)).unwrap().0;
        let mut exact = position;
        exact.collateral_atoms += needed - touched_equity(&position, PriceE6(price)).unwrap().0;
        prop_assert_eq!(covers_initial(&exact, PriceE6(price), 10, Bps(ratio)), Ok(true));
        exact.collateral_atoms -= 1;
        prop_assert_eq!(covers_initial(&exact, PriceE6(price), 10, Bps(ratio)), Ok(false));
    }

    #[test]
    fn a_position_at_its_maintenance_requirement_is_safe((position, ledger) in usual(), price in 1u64..1_000_000_000, ratio in 1u16..5_000) {
        prop_assume!(position.size_e8 != 0);
        let at_stake = notional(PriceE6(price), SizeE8(position.size_e8)).unwrap();
        let needed = maintenance_requirement(at_stake, Bps(ratio)).unwrap().0;
        let mut exact = position;
        exact.collateral_atoms += needed - equity(&position, &ledger, PriceE6(price)).unwrap().0;
        prop_assert_eq!(is_liquidatable(&exact, &ledger, PriceE6(price), Bps(ratio)), Ok(false));
        exact.collateral_atoms -= 1;
        prop_assert_eq!(is_liquidatable(&exact, &ledger, PriceE6(price), Bps(ratio)), Ok(true));
    }

    #[test]
    fn liquidation_is_announced_at_the_first_price_that_suffices(
        (position, _) in usual(), ratio in 0u16..9_999,
    ) {
        let found = i128::from(liquidation_price(&position, Bps(ratio)).unwrap().0);
        let (size, held) = (i128::from(position.size_e8), i128::from(position.collateral_atoms - position.cost_atoms));
        // equity − requirement at a price, in 1e-12 atoms
        let rest = |price: i128| (held * SIZE_SCALE + size * price) * BPS - size.abs() * price * i128::from(ratio);
        if found == 0 {
            // Nothing to announce: flat, or solvent at every price, or insolvent at every price.
            let steps = [0, 1, 1_000_000];
            prop_assert!(size == 0 || steps.iter().all(|&price| rest(price) >= 0) || (size < 0 && rest(1) < 0));
        } else if found == i128::from(i64::MAX) {
            prop_assert!(size < 0 || rest(found - 1) < 0);
        } else if size > 0 {
            prop_assert!(rest(found) >= 0 && rest(found - 1) < 0);
        } else {
            prop_assert!(rest(found) >= 0 && rest(found + 1) < 0);
        }
    }

    /// Cheap assets have positions of billions of base units.
    #[test]
    fn large_positions_have_a_liquidation_price(
        size in 1_800_000_000_000_000i64.., is_short: bool, cost in 1i64..1 << 60, collateral in 0i64..1 << 59, ratio in 0u16..9_999,
    ) {
        let sign = if is_short { -1 } else { 1 };
        let (size_e8, cost_atoms) = (sign * size, sign * cost);
        let position = Position { size_e8, cost_atoms, collateral_atoms: collateral, ..Position::default() };
        let owed = i128::from(cost_atoms) - i128::from(collateral);
        let divisor = i128::from(size) * (BPS - i128::from(sign) * i128::from(ratio));
        let exact = if sign * owed.signum() as i64 <= 0 {
            0
        } else if is_short {
            floor(-owed * SIZE_SCALE * BPS, divisor)
        } else {
            ceil(owed * SIZE_SCALE * BPS, divisor)
        };
        let found = liquidation_price(&position, Bps(ratio)).unwrap();
        prop_assert_eq!(i128::from(found.0), exact.min(i128::from(i64::MAX)));
    }

    #[test]
    fn no_announced_price_is_outside_i64(position in any_position(), ratio in ratio()) {
        if let Ok(price) = liquidation_price(&position, Bps(ratio)) {
            prop_assert!(i64::try_from(price.0).is_ok());
        }
    }

    #[test]
    fn entry_price_is_exact(position in any_position()) {
        let (cost, size) = (i128::from(position.cost_atoms).abs(), i128::from(position.size_e8).abs());
        let exact = if size == 0 { 0 } else { floor(cost * SIZE_SCALE, size).min(i128::from(u64::MAX)) };
        prop_assert_eq!(i128::from(entry_price(&position).0), exact);
    }

    #[test]
    fn liquidation_takes_what_restores_the_target(
        (position, ledger) in usual(), price in prop_oneof![1 => Just(0), 9 => 0u64..1_000_000_000], ratio in 1u16..5_000,
        fee_ppm in 0i32..600_000, min_size in prop_oneof![Just(0i64), 0i64..1_000_000_000],
    ) {
        let terms = Terms { initial_ratio: Bps(ratio), fee: Ppm(fee_ppm), min_size: SizeE8(min_size) };
        let size = i128::from(position.size_e8.abs());
        let found = i128::from(liquidation_size(&position, &ledger, PriceE6(price), terms).unwrap().0);
        let at_stake = i128::from(notional(PriceE6(price), SizeE8(position.size_e8)).unwrap().0);
        let worth = i128::from(equity(&position, &ledger, PriceE6(price)).unwrap().0);
        let (target, slope) = (i128::from(ratio) * 102, i128::from(ratio) * 102 - i128::from(fee_ppm));
        let missing = target * at_stake - PPM * worth;
        let expected = if size == 0 || price == 0 || slope <= 0 {
            size
        } else if missing <= 0 {
            0
        } else {
            let closing = ceil(ceil(missing, slope) * SIZE_SCALE, i128::from(price));
            if size - closing < i128::from(min_size.max(1)) { size } else { closing }
        };
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn liquidation_never_takes_more_than_there_is(
        position in any_position(), ledger in any_ledger(), price in any_u64(), ratio in ratio(), fee_ppm: i32, min_size in any_i64(),
    ) {
        let terms = Terms { initial_ratio: Bps(ratio), fee: Ppm(fee_ppm), min_size: SizeE8(min_size) };
        if let Ok(taken) = liquidation_size(&position, &ledger, PriceE6(price), terms) {
            prop_assert!(taken.0 >= 0 && taken.0.unsigned_abs() <= position.size_e8.unsigned_abs());
        }
    }

    /// Closing the size at the price, less the fee, leaves equity over the initial requirement.
    #[test]
    fn a_partial_liquidation_restores_the_margin(
        (position, ledger) in usual(), price in 1u64..1_000_000_000, ratio in 100u16..5_000, fee_ppm in 0i32..10_000,
        percent in 1i128..150,
    ) {
        let (mut position, mut books, price) = (position, ledger, PriceE6(price));
        let terms = Terms { initial_ratio: Bps(ratio), fee: Ppm(fee_ppm), min_size: SizeE8(1) };
        touch(&mut position, &mut books).unwrap();
        let at_stake = notional(price, SizeE8(position.size_e8)).unwrap();
        let wanted = i128::from(at_stake.0) * i128::from(ratio) * percent / 100 / BPS;
        position.collateral_atoms += wanted as i64 - touched_equity(&position, price).unwrap().0;
        let size = liquidation_size(&position, &books, price, terms).unwrap();
        let sign = -position.size_e8.signum();
        let worth = notional(price, size).unwrap();
        fill(&mut position, &mut books, SizeE8(sign * size.0), Atoms(sign * worth.0)).unwrap();
        if size.0 > 0 {
            let all = Atoms(i64::MAX);
            position.collateral_atoms -= liquidation_fee(worth, Ppm(fee_ppm), all, all).unwrap().0;
        }
        let left = notional(price, SizeE8(position.size_e8)).unwrap();
        let requirement = initial_requirement(left, 1_000, Bps(ratio)).unwrap();
        prop_assert!(position.size_e8 == 0 || touched_equity(&position, price).unwrap() >= requirement);
    }

    #[test]
    fn liquidation_fee_never_bankrupts(
        atoms in 0i64.., rate in 0i32.., collateral in any_i64(), equity in any_i64(),
    ) {
        let full = ceil(i128::from(atoms) * i128::from(rate), PPM);
        let found = liquidation_fee(Atoms(atoms), Ppm(rate), Atoms(collateral), Atoms(equity)).ok();
        let expected = narrow(full).map(|full| Atoms(full.min(collateral.max(0)).min(equity.max(0))));
        prop_assert_eq!(found, expected);
    }
}

/// 31 of 50 USDT close exactly, and 0.38 base units stay.
#[test]
fn a_liquidation_that_comes_out_even_is_not_rounded() {
    let (price, equity_atoms) = (PriceE6(50_000_000), 1_000_000);
    let position = Position {
        size_e8: 100_000_000,
        cost_atoms: 50_000_000,
        collateral_atoms: equity_atoms,
        ..Position::default()
    };
    let closing = |min_size: i64| {
        let terms = Terms {
            initial_ratio: Bps(500),
            fee: Ppm(1_000),
            min_size: SizeE8(min_size),
        };
        liquidation_size(&position, &Ledger::default(), price, terms)
    };
    assert_eq!(closing(1), Ok(SizeE8(62_000_000)));
    assert_eq!(closing(38_000_000), Ok(SizeE8(62_000_000)));
    assert_eq!(closing(38_000_001), Ok(SizeE8(100_000_000)));
}

/// 100 million base units that cost 190 USDT: at 2e-6 USDT each they are worth 200, of which 5 % are required.
#[test]
fn an_even_price_of_a_large_position_is_not_rounded() {
    let position = Position {
        size_e8: 10_000_000_000_000_000,
        cost_atoms: 190_000_000,
        ..Position::default()
    };
    assert_eq!(liquidation_price(&position, Bps(500)), Ok(PriceE6(2)));
}
