use gdx_math::money::{
    close_at, is_average_near, is_index_nearly_used_up, is_loss_stuck, open_payouts, pay_out,
    Ledger, Position, INDEX_ALARM,
};
use gdx_units::{Atoms, Bps, PriceE6};
use proptest::prelude::*;

use crate::strategies::{
    any_i64, any_ledger, any_position, any_u64, book_value, floor, usual, SIZE_SCALE,
};

proptest! {
    #[test]
    fn closing_at_a_price_leaves_its_value((position, ledger) in usual(), price in 0u64..1_000_000_000) {
        let (mut closed, mut books) = (position, ledger);
        let worth = close_at(&mut closed, &mut books, PriceE6(price)).unwrap().0;
        let exact = floor(i128::from(position.size_e8) * i128::from(price), SIZE_SCALE);
        prop_assert_eq!(i128::from(worth), exact);
        prop_assert_eq!((closed.size_e8, closed.cost_atoms), (0, 0));
        prop_assert_eq!(closed.collateral_atoms, position.collateral_atoms - position.cost_atoms + worth);
        prop_assert_eq!(book_value(&books), book_value(&ledger) + exact);
        let (long, short) = (position.size_e8.max(0), -position.size_e8.min(0));
        prop_assert_eq!(books.long_interest_e8, ledger.long_interest_e8 - long);
        prop_assert_eq!(books.short_interest_e8, ledger.short_interest_e8 - short);
    }

    #[test]
    fn all_pay_outs_together_are_what_is_there(
        held in prop::collection::vec(0i64..1 << 40, 1..8), locked in 0i64..1 << 43, insurance in 0i64..1 << 43,
        indices in [any_i64(), any_i64(), any_i64()],
    ) {
        let claims: i64 = held.iter().sum();
        let mut ledger = Ledger {
            collateral_sum_atoms: claims, accrued_fees_atoms: locked - claims,
            funding_index: indices[0], long_loss_index: indices[1], short_loss_index: indices[2], ..Ledger::default()
        };
        let payouts = open_payouts(&mut ledger, Atoms(locked), Atoms(insurance)).unwrap();
        let drawn = (claims - locked).clamp(0, insurance);
        prop_assert_eq!((payouts.claims.0, payouts.drawn.0), (claims, drawn));
        prop_assert_eq!(payouts.payable.0, claims.min(locked + drawn));
        prop_assert_eq!(book_value(&ledger), i128::from(locked + drawn));
        // What a position paid up to stays where it is.
        prop_assert_eq!([ledger.funding_index, ledger.long_loss_index, ledger.short_loss_index], indices);
        let mut paid = 0;
        for collateral_atoms in &held {
            let mut position = Position { collateral_atoms: *collateral_atoms, ..Position::default() };
            let part = pay_out(&mut position, &mut ledger, &payouts).unwrap().0;
            prop_assert!((0..=*collateral_atoms).contains(&part));
            prop_assert_eq!(position.collateral_atoms, 0);
            paid += part;
            prop_assert_eq!(book_value(&ledger), i128::from(locked + drawn - paid));
        }
        prop_assert!(paid <= payouts.payable.0 && payouts.payable.0 - paid < held.len() as i64);
        prop_assert_eq!(ledger.collateral_sum_atoms, 0);
    }

    #[test]
    fn a_loss_is_stuck_when_nobody_can_carry_it(
        shortfall in 0i64..1_000, accrued in 0i64..1_000, insurance in 0i64..1_000, interest in 0i64..3, owed in 0i64..2,
        is_short: bool,
    ) {
        let interest = interest * 100_000_000;
        let mut ledger = Ledger {
            long_interest_e8: interest, short_interest_e8: interest, accrued_insurance_atoms: accrued,
            outstanding_loss_atoms: owed, ..Ledger::default()
        };
        let bankrupt = if is_short { &mut ledger.short_shortfall_atoms } else { &mut ledger.long_shortfall_atoms };
        *bankrupt = shortfall;
        let is_left = shortfall > accrued + insurance;
        prop_assert_eq!(is_loss_stuck(&ledger, Atoms(insurance)), interest == 0 && (is_left || owed > 0));
    }

    #[test]
    fn an_index_is_nearly_used_up_from_the_alarm_on(ledger in any_ledger(), indices in [any_i64(), any_i64(), any_i64()], by in -1i64..=1) {
        let indices = indices.map(|index| index / 8);
        let low = Ledger { funding_index: indices[0], long_loss_index: indices[1], short_loss_index: indices[2], ..ledger };
        prop_assert!(!is_index_nearly_used_up(&low));
        let near = INDEX_ALARM + by;
        let is_there = by >= 0;
        prop_assert_eq!(is_index_nearly_used_up(&Ledger { funding_index: near, ..low }), is_there);
        prop_assert_eq!(is_index_nearly_used_up(&Ledger { funding_index: -near, ..low }), is_there);
        prop_assert_eq!(is_index_nearly_used_up(&Ledger { long_loss_index: near, ..low }), is_there);
        prop_assert_eq!(is_index_nearly_used_up(&Ledger { short_loss_index: near, ..low }), is_there);
    }

    #[test]
    fn an_average_is_near_within_the_band(average in any_u64(), price in any_u64(), band: u16, share in 0u64..1_000_000_000_000) {
        let distance = (i128::from(average) - i128::from(price)).abs();
        let expected = distance * 10_000 <= i128::from(price) * i128::from(band);
        prop_assert_eq!(is_average_near(PriceE6(average), PriceE6(price), Bps(band)), expected);
        let (middle, most) = (share + 1, (share + 1) * u64::from(band) / 10_000);
        prop_assert!(is_average_near(PriceE6(middle + most), PriceE6(middle), Bps(band)));
        prop_assert!(!is_average_near(PriceE6(middle + most + 1), PriceE6(middle), Bps(band)));
    }

    #[test]
    fn no_state_makes_settling_panic(
        position in any_position(), ledger in any_ledger(), price in any_u64(), amounts in [any_i64(), any_i64()],
    ) {
        let _ = close_at(&mut { position }, &mut { ledger }, PriceE6(price));
        let _ = is_loss_stuck(&ledger, Atoms(amounts[0]));
        let _ = is_index_nearly_used_up(&ledger);
        let mut books = ledger;
        if let Ok(payouts) = open_payouts(&mut books, Atoms(amounts[0]), Atoms(amounts[1])) {
            let _ = pay_out(&mut { position }, &mut books, &payouts);
        }
    }
}
