use gdx_math::band::OpeningBand;
use gdx_math::money::{
    charge_fee, charge_insurance, fill, fill_opened, move_collateral, move_fee, net_fill, touch,
    unpaid_funding, unpaid_loss, Side,
};
use gdx_math::MathError;
use gdx_units::{Atoms, Bps, PriceE6, SizeE8};
use proptest::prelude::*;

use crate::strategies::{
    any_i64, any_ledger, any_position, book_value, ceil, narrow, side, usual, worth, INDEX_SCALE,
};

fn atoms() -> impl Strategy<Value = i64> {
    -1_000_000_000_000i64..1_000_000_000_000
}

proptest! {
    #[test]
    fn funding_is_exact_and_never_paid_out_twice(position in any_position(), ledger in any_ledger()) {
        let moved = i128::from(ledger.funding_index) - i128::from(position.funding_index);
        let exact = |size: i64| ceil(i128::from(size) * moved, INDEX_SCALE);
        let found = unpaid_funding(&position, &ledger);
        if position.size_e8 == 0 || moved == 0 {
            prop_assert_eq!(found, Ok(Atoms(0)));
        } else if narrow(moved).is_some() {
            prop_assert_eq!(found.ok(), narrow(exact(position.size_e8)).map(Atoms));
        } else {
            prop_assert_eq!(found, Err(MathError::Overflow));
        }
        // What one side pays is never less than what the other receives.
        let mut opposite = position;
        opposite.size_e8 = position.size_e8.checked_neg().unwrap_or(0);
        if let (Ok(paid), Ok(received), true) = (found, unpaid_funding(&opposite, &ledger), opposite.size_e8 != 0) {
            prop_assert!([0, 1].contains(&(i128::from(paid.0) + i128::from(received.0))));
        }
    }

    #[test]
    fn loss_is_exact(position in any_position(), ledger in any_ledger()) {
        let found = unpaid_loss(&position, &ledger);
        let Some(side) = Side::of(position.size_e8) else {
            prop_assert_eq!(found, Ok(Atoms(0)));
            return Ok(());
        };
        let moved = i128::from(ledger.loss_index(side)) - i128::from(position.loss_index);
        let exact = narrow(moved).and_then(|moved| {
            narrow(ceil(i128::from(position.size_e8).abs() * i128::from(moved), INDEX_SCALE))
        });
        prop_assert_eq!(found.ok(), exact.map(Atoms));
    }

    #[test]
    fn a_second_touch_pays_nothing((position, ledger) in usual()) {
        let (mut touched, mut books) = (position, ledger);
        let paid = touch(&mut touched, &mut books).unwrap();
        let lost = unpaid_loss(&position, &ledger).unwrap();
        prop_assert_eq!(paid, unpaid_funding(&position, &ledger).unwrap());
        prop_assert_eq!(touched.collateral_atoms, position.collateral_atoms - paid.0 - lost.0);
        prop_assert_eq!(books.funding_pool_atoms, ledger.funding_pool_atoms + paid.0);
        prop_assert_eq!(books.outstanding_loss_atoms, ledger.outstanding_loss_atoms - lost.0);
        prop_assert_eq!(book_value(&books), book_value(&ledger));
        prop_assert_eq!((touched.size_e8, touched.cost_atoms), (position.size_e8, position.cost_atoms));
        prop_assert_eq!(touched.funding_index, ledger.funding_index);
        let again = (touched, books);
        prop_assert_eq!(touch(&mut touched, &mut books), Ok(Atoms(0)));
        prop_assert_eq!((touched, books), again);
    }

    #[test]
    fn a_fill_moves_worth_by_its_quote((position, ledger) in usual(), delta in atoms(), quote in atoms()) {
        let (mut filled, mut books) = (position, ledger);
        let realized = fill(&mut filled, &mut books, SizeE8(delta), Atoms(quote));
        if delta == 0 {
            let expected = if quote == 0 { Ok(Atoms(0)) } else { Err(MathError::QuoteWithoutSize) };
            prop_assert_eq!(realized, expected);
            prop_assert_eq!((filled, books), (position, ledger));
            return Ok(());
        }
        let realized = realized.unwrap().0;
        prop_assert_eq!(filled.size_e8, position.size_e8 + delta);
        prop_assert_eq!(worth(&filled), worth(&position) - i128::from(quote));
        prop_assert_eq!(filled.collateral_atoms, position.collateral_atoms + realized);
        prop_assert_eq!(book_value(&books), book_value(&ledger) - i128::from(quote));
        prop_assert_eq!(books.collateral_sum_atoms - ledger.collateral_sum_atoms, realized);
        let is_flat = filled.size_e8 == 0;
        prop_assert!(!is_flat || filled.cost_atoms == 0);
        let has_grown = position.size_e8.signum() * delta.signum() >= 0;
        prop_assert!(!has_grown || realized == 0);
        let opens = !is_flat && position.size_e8.signum() != filled.size_e8.signum();
        let index = Side::of(filled.size_e8).map(|side| ledger.loss_index(side));
        prop_assert_eq!(filled.loss_index, if opens { index.unwrap() } else { position.loss_index });
        let (long, short) = (filled.size_e8.max(0) - position.size_e8.max(0), position.size_e8.min(0) - filled.size_e8.min(0));
        prop_assert_eq!(books.long_interest_e8 - ledger.long_interest_e8, long);
        prop_assert_eq!(books.short_interest_e8 - ledger.short_interest_e8, short);
    }

    /// The cost that leaves is rounded up, so what a closing pays out is rounded down.
    #[test]
    fn closing_in_pieces_never_pays_more((position, ledger) in usual(), share in 1i64..100, quote in atoms()) {
        prop_assume!(position.size_e8 != 0);
        let piece = -(i128::from(position.size_e8) * i128::from(share) / 100) as i64;
        let (mut filled, mut books) = (position, ledger);
        let realized = fill(&mut filled, &mut books, SizeE8(piece), Atoms(quote));
        prop_assume!(piece != 0);
        let cost = ceil(i128::from(position.cost_atoms) * i128::from(piece).abs(), i128::from(position.size_e8).abs());
        prop_assert_eq!(i128::from(realized.unwrap().0), -i128::from(quote) - cost);
        prop_assert_eq!(i128::from(filled.cost_atoms), i128::from(position.cost_atoms) - cost);
    }

    #[test]
    fn a_flip_closes_at_the_fills_own_price((position, ledger) in usual(), beyond in 1i64..1_000_000_000, quote in atoms()) {
        prop_assume!(position.size_e8 != 0);
        let delta = -position.size_e8 - position.size_e8.signum() * beyond;
        let closing = ceil(i128::from(quote) * i128::from(position.size_e8).abs(), i128::from(delta).abs());
        let (mut flipped, mut books) = (position, ledger);
        let realized = fill(&mut flipped, &mut books, SizeE8(delta), Atoms(quote)).unwrap();
        prop_assert_eq!(i128::from(realized.0), -closing - i128::from(position.cost_atoms));
        prop_assert_eq!(i128::from(flipped.cost_atoms), i128::from(quote) - closing);
        prop_assert_eq!(flipped.size_e8, -position.size_e8.signum() * beyond);
    }

    #[test]
    fn net_fill_agrees_with_fill_on_size_and_worth(
        (position, ledger) in usual(), delta in atoms(), quote in atoms(), price in 1u64..1_000_000_000, band in 0u16..10_000,
    ) {
        let opening = OpeningBand::new(PriceE6(price), Bps(band)).unwrap();
        let (mut net, mut net_books) = (position, ledger);
        let realized = net_fill(&mut net, &mut net_books, SizeE8(delta), Atoms(quote), opening).unwrap();
        prop_assert_eq!(net.size_e8, position.size_e8 + delta);
        prop_assert_eq!(worth(&net), worth(&position) - i128::from(quote));
        prop_assert_eq!(net.collateral_atoms, position.collateral_atoms + realized.0);
        prop_assert_eq!(book_value(&net_books), book_value(&ledger) - i128::from(quote));
        if delta != 0 {
            let (mut filled, mut books) = (position, ledger);
            fill(&mut filled, &mut books, SizeE8(delta), Atoms(quote)).unwrap();
            prop_assert_eq!((net.size_e8, worth(&net)), (filled.size_e8, worth(&filled)));
        }
        if position.size_e8 == 0 {
            let opened = opening.opened_quote(SizeE8(delta), Atoms(quote)).unwrap();
            prop_assert_eq!(net.cost_atoms, position.cost_atoms + opened.0);
        }
    }

    #[test]
    fn a_net_fill_opens_what_the_band_allows(
        (position, ledger) in usual(), delta in atoms(), quote in atoms(), price in 1u64..1_000_000_000, band in 0u16..10_000,
    ) {
        let opening = OpeningBand::new(PriceE6(price), Bps(band)).unwrap();
        let (size, quote) = (SizeE8(delta), Atoms(quote));
        let opened = opening.opened_quote(size, quote).unwrap();
        let (mut one, mut one_books, mut other, mut other_books) = (position, ledger, position, ledger);
        let realized = fill_opened(&mut one, &mut one_books, size, quote, opened);
        prop_assert_eq!(realized, net_fill(&mut other, &mut other_books, size, quote, opening));
        prop_assert_eq!((one, one_books), (other, other_books));
    }

    #[test]
    fn charges_move_money_within_the_books((position, ledger) in usual(), amount in atoms()) {
        let (mut fee_payer, mut books) = (position, ledger);
        charge_fee(&mut fee_payer, &mut books, Atoms(amount)).unwrap();
        prop_assert_eq!(fee_payer.collateral_atoms, position.collateral_atoms - amount);
        prop_assert_eq!(books.accrued_fees_atoms, ledger.accrued_fees_atoms + amount);
        prop_assert_eq!(book_value(&books), book_value(&ledger));
        let (mut insured, mut books) = (position, ledger);
        charge_insurance(&mut insured, &mut books, Atoms(amount)).unwrap();
        prop_assert_eq!(insured.collateral_atoms, position.collateral_atoms - amount);
        prop_assert_eq!(books.accrued_insurance_atoms, ledger.accrued_insurance_atoms + amount);
        prop_assert_eq!(book_value(&books), book_value(&ledger));
        let (mut payer, mut receiver) = (position, fee_payer);
        move_fee(&mut payer, &mut receiver, Atoms(amount)).unwrap();
        prop_assert_eq!(payer.collateral_atoms, position.collateral_atoms - amount);
        prop_assert_eq!(receiver.collateral_atoms, fee_payer.collateral_atoms + amount);
    }

    #[test]
    fn only_collateral_moves_the_book_value((position, ledger) in usual(), amount in atoms()) {
        let (mut after, mut books) = (position, ledger);
        move_collateral(&mut after, &mut books, Atoms(amount)).unwrap();
        prop_assert_eq!(after.collateral_atoms, position.collateral_atoms + amount);
        prop_assert_eq!(book_value(&books), book_value(&ledger) + i128::from(amount));
        move_collateral(&mut after, &mut books, Atoms(-amount)).unwrap();
        prop_assert_eq!((after, books), (position, ledger));
    }

    #[test]
    fn sides_are_signs(size in any_i64(), side in side()) {
        let expected = [(size > 0, Side::Long), (size < 0, Side::Short)];
        let expected = expected.iter().find(|(holds, _)| *holds).map(|&(_, side)| side);
        prop_assert_eq!(Side::of(size), expected);
        prop_assert_ne!(side.opposite(), side);
        prop_assert_eq!(side.opposite().opposite(), side);
    }

    #[test]
    fn a_ledger_keeps_its_sides_apart(ledger in any_ledger()) {
        let losses = (ledger.loss_index(Side::Long), ledger.loss_index(Side::Short));
        prop_assert_eq!(losses, (ledger.long_loss_index, ledger.short_loss_index));
        let shortfalls = (ledger.shortfall(Side::Long).0, ledger.shortfall(Side::Short).0);
        prop_assert_eq!(shortfalls, (ledger.long_shortfall_atoms, ledger.short_shortfall_atoms));
        prop_assert_eq!(ledger.is_balanced(), ledger.long_interest_e8 == ledger.short_interest_e8);
    }

    #[test]
    fn book_value_is_the_exact_sum(ledger in any_ledger()) {
        if let Ok(found) = ledger.book_value() {
            prop_assert_eq!(i128::from(found.0), book_value(&ledger));
        }
        let mut halved = ledger;
        for field in [
            &mut halved.collateral_sum_atoms, &mut halved.cost_sum_atoms, &mut halved.accrued_fees_atoms,
            &mut halved.accrued_insurance_atoms, &mut halved.funding_pool_atoms, &mut halved.outstanding_loss_atoms,
            &mut halved.long_shortfall_atoms, &mut halved.short_shortfall_atoms,
        ] {
            *field /= 16;
        }
        prop_assert_eq!(i128::from(halved.book_value().unwrap().0), book_value(&halved));
    }
}
