//! A market of random positions is settled in random order: nothing is made or lost, nobody's turn matters, and what is
//! not paid is less than an atom each.

use gdx_math::{
    fees::notional,
    money::{
        charge_fee, close_at, fill, is_average_near, is_index_nearly_used_up, is_loss_stuck,
        move_collateral, open_payouts, pay_out, settle_overdraft, touch, Ledger, Position, Side,
        INDEX_ALARM, MAX_INDEX,
    },
};
use gdx_units::{Atoms, Bps, PriceE6, SizeE8};
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Trade {
    buyer: usize,
    next: usize,
    size_e8: i64,
    price_e6: u64,
    index_step: i64,
}

fn trade() -> impl Strategy<Value = Trade> {
    (
        0..6usize,
        1..6usize,
        1i64..300_000_000,
        50_000_000u64..150_000_000,
        -1_000_000_000i64..1_000_000_000,
    )
        .prop_map(|(buyer, next, size_e8, price_e6, index_step)| Trade {
            buyer,
            next,
            size_e8,
            price_e6,
            index_step,
        })
}

/// Six positions after the trades, their books and what the pool holds.
fn traded(collateral: &[i64], trades: &[Trade]) -> (Vec<Position>, Ledger, Atoms) {
    let mut positions = vec![Position::default(); 6];
    let mut ledger = Ledger::default();
    for (position, atoms) in positions.iter_mut().zip(collateral) {
        move_collateral(position, &mut ledger, Atoms(*atoms)).unwrap();
    }
    for trade in trades {
        let worth = notional(PriceE6(trade.price_e6), SizeE8(trade.size_e8)).unwrap();
        let legs = [
            (trade.buyer, trade.size_e8, worth.0, 7),
            ((trade.buyer + trade.next) % 6, -trade.size_e8, -worth.0, -3),
        ];
        for (who, size, quote, fee) in legs {
            let position = &mut positions[who];
            touch(position, &mut ledger).unwrap();
            let side = Side::of(position.size_e8);
            fill(position, &mut ledger, SizeE8(size), Atoms(quote)).unwrap();
            charge_fee(position, &mut ledger, Atoms(fee)).unwrap();
            settle_overdraft(position, &mut ledger, side).unwrap();
        }
        ledger.funding_index += trade.index_step;
    }
    (positions, ledger, Atoms(collateral.iter().sum()))
}

/// What each position is paid when they are closed and paid in these orders, and what is left over.
fn settled(
    (positions, ledger, locked): &(Vec<Position>, Ledger, Atoms),
    price: PriceE6,
    insurance: Atoms,
    [closing, paying]: [&[usize]; 2],
) -> (Vec<i64>, i64) {
    let (mut positions, mut ledger) = (positions.clone(), *ledger);
    let mut imbalance = 0;
    for who in closing {
        let position = &mut positions[*who];
        let side = Side::of(position.size_e8);
        touch(position, &mut ledger).unwrap();
        imbalance += close_at(position, &mut ledger, price).unwrap().0;
        settle_overdraft(position, &mut ledger, side).unwrap();
        assert_eq!(ledger.book_value().unwrap().0 - imbalance, locked.0);
        assert_eq!((position.size_e8, position.cost_atoms), (0, 0));
    }
    assert!((-6..=0).contains(&imbalance), "dust of {imbalance}");
    assert_eq!((ledger.long_interest_e8, ledger.short_interest_e8), (0, 0));
    assert_eq!(ledger.cost_sum_atoms, 0);

    let payouts = open_payouts(&mut ledger, *locked, insurance).unwrap();
    let mut held = locked.0 + payouts.drawn.0;
    assert!(payouts.drawn.0 <= insurance.0);
    assert!(payouts.drawn.0 == 0 || payouts.payable.0 == held);
    assert_eq!(ledger.book_value(), Ok(Atoms(held)));
    let mut paid = vec![0; positions.len()];
    for who in paying {
        let claim = positions[*who].collateral_atoms;
        paid[*who] = pay_out(&mut positions[*who], &mut ledger, &payouts)
            .unwrap()
            .0;
        held -= paid[*who];
        assert!(held >= 0 && (0..=claim).contains(&paid[*who]));
        assert_eq!(ledger.book_value(), Ok(Atoms(held)));
    }
    let total: i64 = paid.iter().sum();
    assert!(total <= payouts.payable.0 && payouts.payable.0 - total < 6);
    assert!(payouts.payable < payouts.claims || total == payouts.claims.0);
    assert_eq!(ledger.collateral_sum_atoms, 0);
    (paid, held)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_order_matters_to_nobody(
        collateral in prop::collection::vec(0i64..400_000_000, 6),
        trades in prop::collection::vec(trade(), 0..30),
        price_e6 in 1u64..400_000_000,
        insurance in 0i64..200_000_000,
        orders in [Just((0..6).collect::<Vec<usize>>()).prop_shuffle(), Just((0..6).collect::<Vec<usize>>()).prop_shuffle()],
    ) {
        let market = traded(&collateral, &trades);
        let (price, insurance) = (PriceE6(price_e6), Atoms(insurance));
        let in_order: Vec<usize> = (0..6).collect();
        let first = settled(&market, price, insurance, [&in_order, &in_order]);
        let shuffled = settled(&market, price, insurance, [&orders[0], &orders[1]]);
        prop_assert_eq!(first, shuffled);
    }
}

#[test]
fn a_loss_is_stuck_when_nobody_is_open_or_too_little_is() {
    let open = Ledger {
        long_interest_e8: 100_000_000,
        short_interest_e8: 100_000_000,
        long_shortfall_atoms: 1_000_000,
        ..Ledger::default()
    };
    assert!(!is_loss_stuck(&open, Atoms::ZERO));
    let closed = Ledger {
        long_interest_e8: 0,
        short_interest_e8: 0,
        ..open
    };
    assert!(is_loss_stuck(&closed, Atoms(999_999)));
    assert!(!is_loss_stuck(&closed, Atoms(1_000_000)));
    let insured = Ledger {
        accrued_insurance_atoms: 400_000,
        ..closed
    };
    assert!(is_loss_stuck(&insured, Atoms(599_999)));
    assert!(!is_loss_stuck(&insured, Atoms(600_000)));
    let sliver = Ledger {
        long_interest_e8: 1,
        short_interest_e8: 1,
        long_shortfall_atoms: 5_000_000,
        ..open
    };
    assert!(is_loss_stuck(&sliver, Atoms::ZERO));
    let owed_by_nobody = Ledger {
        long_shortfall_atoms: 0,
        outstanding_loss_atoms: 1,
        ..closed
    };
    assert!(is_loss_stuck(&owed_by_nobody, Atoms(i64::MAX)));
    for (long_interest_e8, short_interest_e8) in [(1, 0), (0, 1)] {
        let owed_by_one_side = Ledger {
            long_interest_e8,
            short_interest_e8,
            ..owed_by_nobody
        };
        assert!(!is_loss_stuck(&owed_by_one_side, Atoms::ZERO));
    }
    assert!(!is_loss_stuck(&Ledger::default(), Atoms::ZERO));
}

#[test]
fn an_index_is_nearly_used_up_at_half_its_range() {
    let at = |index| Ledger {
        funding_index: index,
        ..Ledger::default()
    };
    assert!(!is_index_nearly_used_up(&at(INDEX_ALARM - 1)));
    assert!(is_index_nearly_used_up(&at(INDEX_ALARM)));
    assert!(is_index_nearly_used_up(&at(-INDEX_ALARM)));
    assert!(MAX_INDEX.checked_sub(-MAX_INDEX).is_none());
    assert!(MAX_INDEX.checked_sub(-MAX_INDEX + 1).is_some());
}

#[test]
fn an_average_is_near_within_the_band() {
    let near = |average, price| is_average_near(PriceE6(average), PriceE6(price), Bps(200));
    assert!(near(102, 100) && near(98, 100) && near(0, 0));
    assert!(!near(103, 100) && !near(97, 100) && !near(1, 0));
    assert!(!near(u64::MAX, 1) && near(u64::MAX, u64::MAX));
}
