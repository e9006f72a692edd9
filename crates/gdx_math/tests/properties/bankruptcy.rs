use gdx_math::money::{
    cover_from_accrued, resolve_bankruptcy, settle_overdraft, settling_payout, Ledger, Side,
    MAX_INDEX,
};
use gdx_math::MathError;
use gdx_units::Atoms;
use proptest::prelude::*;

use crate::strategies::{
    any_i64, book_value, ceil, floor, narrow, side, usual, worth, INDEX_SCALE,
};

proptest! {
    #[test]
    fn no_overdraft_is_left_and_nothing_is_lost(
        (position, ledger) in usual(), collateral in any_i64(), is_flat: bool, side in prop::option::of(side()),
    ) {
        let (mut position, mut ledger) = (position, ledger);
        position.collateral_atoms = collateral / 2;
        ledger.collateral_sum_atoms = position.collateral_atoms;
        if is_flat {
            (position.size_e8, position.cost_atoms) = (0, 0);
        }
        let (mut after, mut books) = (position, ledger);
        settle_overdraft(&mut after, &mut books, side).unwrap();
        prop_assert_eq!(after.collateral_atoms, position.collateral_atoms.max(0));
        prop_assert_eq!(book_value(&books), book_value(&ledger));
        let over = -position.collateral_atoms.min(0);
        let closed = side.unwrap_or(Side::Long);
        if position.size_e8 == 0 {
            prop_assert_eq!(books.shortfall(closed).0, ledger.shortfall(closed).0 + over);
            prop_assert_eq!(books.shortfall(closed.opposite()), ledger.shortfall(closed.opposite()));
            prop_assert_eq!(after.cost_atoms, position.cost_atoms);
        } else {
            prop_assert_eq!(worth(&after), worth(&position));
            prop_assert_eq!((books.long_shortfall_atoms, books.short_shortfall_atoms), (ledger.long_shortfall_atoms, ledger.short_shortfall_atoms));
        }
        let once = (after, books);
        settle_overdraft(&mut after, &mut books, side).unwrap();
        prop_assert_eq!((after, books), once);
    }

    #[test]
    fn a_resolved_loss_is_covered_by_insurance_and_index(
        shortfall in 0i64..1 << 50, other in 0i64..1 << 50, insurance in 0i64..1 << 50, interest in 0i64..1 << 50, bankrupt in side(),
    ) {
        let mut ledger = Ledger { long_interest_e8: interest, short_interest_e8: interest, ..Ledger::default() };
        (ledger.long_shortfall_atoms, ledger.short_shortfall_atoms) =
            if bankrupt == Side::Long { (shortfall, other) } else { (other, shortfall) };
        let mut after = ledger;
        let found = resolve_bankruptcy(&mut after, bankrupt, Atoms(insurance));
        let rest = (shortfall - insurance).max(0);
        if rest > 0 && interest == 0 {
            prop_assert_eq!(found, Err(MathError::NobodyToCarryLoss));
            return Ok(());
        }
        let gained = bankrupt.opposite();
        let exact = if rest == 0 { Some(0) } else { narrow(ceil(i128::from(rest) * INDEX_SCALE, i128::from(interest))) };
        let Some(step) = exact.filter(|step| *step <= MAX_INDEX) else {
            prop_assert_eq!(found, Err(MathError::Overflow));
            return Ok(());
        };
        let insured = found.unwrap().0;
        prop_assert_eq!(insured, shortfall.min(insurance));
        prop_assert_eq!(book_value(&after), book_value(&ledger) + i128::from(insured));
        prop_assert_eq!(after.outstanding_loss_atoms, rest);
        prop_assert_eq!((after.shortfall(bankrupt), after.shortfall(gained)), (Atoms(0), Atoms(other)));
        prop_assert_eq!((after.loss_index(gained), after.loss_index(bankrupt)), (step, 0));
    }

    #[test]
    fn accrued_insurance_covers_within_the_books(
        accrued in any_i64(), shortfall in any_i64(), other in any_i64(), bankrupt in side(),
    ) {
        let mut ledger = Ledger { accrued_insurance_atoms: accrued, ..Ledger::default() };
        (ledger.long_shortfall_atoms, ledger.short_shortfall_atoms) =
            if bankrupt == Side::Long { (shortfall, other) } else { (other, shortfall) };
        let mut after = ledger;
        let covered = cover_from_accrued(&mut after, bankrupt).unwrap().0;
        prop_assert_eq!(covered, accrued.min(shortfall).max(0));
        prop_assert_eq!(after.accrued_insurance_atoms, accrued - covered);
        prop_assert_eq!(after.shortfall(bankrupt), Atoms(shortfall - covered));
        prop_assert_eq!(after.shortfall(bankrupt.opposite()), Atoms(other));
        prop_assert_eq!(book_value(&after), book_value(&ledger));
    }

    #[test]
    fn payouts_share_what_is_there(
        held in prop::collection::vec(0i64..1 << 40, 1..8), locked in any_i64(), any in [any_i64(), any_i64()],
    ) {
        let sum: i64 = held.iter().sum();
        let payable = i128::from(sum.min(locked).max(0));
        let mut paid = 0;
        for &collateral in &held {
            let found = settling_payout(Atoms(collateral), Atoms(sum), Atoms(locked)).unwrap().0;
            let exact = if sum > 0 { floor(i128::from(collateral) * payable, i128::from(sum)) } else { 0 };
            prop_assert_eq!(i128::from(found), exact);
            paid += found;
        }
        // All together never more than there is, and less only by the dust of each.
        prop_assert!(i128::from(paid) <= payable && payable - i128::from(paid) < held.len() as i128);
        if let Ok(found) = settling_payout(Atoms(any[0]), Atoms(any[1]), Atoms(locked)) {
            prop_assert!(found.0 >= 0 && found.0 <= any[0].max(0));
        }
    }
}

#[test]
fn a_loss_that_insurance_covers_needs_nobody_open() {
    let mut ledger = Ledger {
        long_shortfall_atoms: 7,
        ..Ledger::default()
    };
    let insured = resolve_bankruptcy(&mut ledger, Side::Long, Atoms(7));
    assert_eq!(insured, Ok(Atoms(7)));
    assert_eq!(ledger, Ledger::default());
}
