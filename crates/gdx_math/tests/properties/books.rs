//! All money rules in random order with amounts up to the edges: what succeeds leaves the books exact.

use gdx_math::band::OpeningBand;
use gdx_math::fees::notional_and_value;
use gdx_math::integer::Result;
use gdx_math::money::{
    charge_fee, charge_insurance, cover_from_accrued, fill, move_collateral, move_fee, net_fill,
    resolve_bankruptcy, settle_overdraft, touch, Ledger, Position, Side,
};

use gdx_math::MathError;
use gdx_units::{Atoms, Bps, PriceE6, SizeE8};
use proptest::prelude::*;

use crate::strategies::{any_i64, any_ledger, any_position, any_u64, side};

#[derive(Clone, Debug)]
enum Step {
    Collateral(i64),
    Touch,
    Fill(i64, i64),
    NetFill(i64, i64, u64, u16),
    Fee(i64),
    Insurance(i64),
    MoveFee(i64),
    Overdraft,
    MoveFunding(i64),
    Resolve(Side, i64),
    Cover(Side),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => any_i64().prop_map(Step::Collateral),
        2 => Just(Step::Touch),
        6 => (any_i64(), any_i64()).prop_map(|(size, quote)| Step::Fill(size, quote)),
        4 => (any_i64(), any_i64(), any_u64(), any::<u16>()).prop_map(|(size, quote, price, band)| Step::NetFill(size, quote, price, band)),
        2 => any_i64().prop_map(Step::Fee),
        2 => any_i64().prop_map(Step::Insurance),
        2 => any_i64().prop_map(Step::MoveFee),
        3 => Just(Step::Overdraft),
        2 => any_i64().prop_map(Step::MoveFunding),
        2 => (side(), any_i64()).prop_map(|(side, atoms)| Step::Resolve(side, atoms)),
        1 => side().prop_map(Step::Cover),
    ]
}

/// Two positions of one market; a step acts on the first, or moves money from it to the second.
#[derive(Clone, Copy, Default)]
struct Books {
    positions: [Position; 2],
    ledger: Ledger,
    /// Tokens that came in, plus what fills have moved between the worth of positions and the other side's.
    owed_atoms: i128,
}

impl Books {
    fn run(&mut self, step: &Step) -> Result<()> {
        let [one, two] = &mut self.positions;
        let ledger = &mut self.ledger;
        match *step {
            Step::Collateral(atoms) => {
                move_collateral(one, ledger, Atoms(atoms))?;
                self.owed_atoms += i128::from(atoms);
            }
            Step::Touch => drop(touch(one, ledger)?),
            Step::Fill(size, quote) => {
                fill(one, ledger, SizeE8(size), Atoms(quote))?;
                self.owed_atoms -= i128::from(quote);
            }
            Step::NetFill(size, quote, price, band) => {
                let band = OpeningBand::new(PriceE6(price), Bps(band))?;
                net_fill(one, ledger, SizeE8(size), Atoms(quote), band)?;
                self.owed_atoms -= i128::from(quote);
            }
            Step::Fee(atoms) => charge_fee(one, ledger, Atoms(atoms))?,
            Step::Insurance(atoms) => charge_insurance(one, ledger, Atoms(atoms))?,
            Step::MoveFee(atoms) => move_fee(one, two, Atoms(atoms))?,
            Step::Overdraft => settle_overdraft(one, ledger, Side::of(one.size_e8))?,
            Step::MoveFunding(index) => ledger.funding_index = index,
            Step::Resolve(side, insurance) => {
                let insured = resolve_bankruptcy(ledger, side, Atoms(insurance))?;
                self.owed_atoms += i128::from(insured.0);
            }
            Step::Cover(side) => drop(cover_from_accrued(ledger, side)?),
        }
        Ok(())
    }

    fn check(&self) {
        let sum = |field: fn(&Position) -> i64| {
            self.positions
                .iter()
                .map(|position| i128::from(field(position)))
                .sum::<i128>()
        };
        let ledger = &self.ledger;
        assert_eq!(
            sum(|position| position.collateral_atoms),
            i128::from(ledger.collateral_sum_atoms)
        );
        assert_eq!(
            sum(|position| position.cost_atoms),
            i128::from(ledger.cost_sum_atoms)
        );
        assert_eq!(
            sum(|position| position.size_e8.max(0)),
            i128::from(ledger.long_interest_e8)
        );
        assert_eq!(
            -sum(|position| position.size_e8.min(0)),
            i128::from(ledger.short_interest_e8)
        );
        if let Ok(value) = ledger.book_value() {
            assert_eq!(i128::from(value.0), self.owed_atoms);
        }
    }
}

proptest! {
    #[test]
    fn whatever_succeeds_leaves_the_books_exact(steps in prop::collection::vec((step(), any::<bool>()), 1..40)) {
        let mut books = Books::default();
        for (step, is_swapped) in &steps {
            if *is_swapped {
                books.positions.swap(0, 1);
            }
            let mut after = books;
            if after.run(step).is_ok() {
                books = after;
                books.check();
            }
        }
    }

    /// Neither a state that no instruction leaves nor an absurd amount makes a rule panic.
    #[test]
    fn no_state_and_no_amount_makes_a_rule_panic(
        positions in [any_position(), any_position()], ledger in any_ledger(), step in step(),
    ) {
        let mut books = Books { positions, ledger, owed_atoms: 0 };
        let _ = books.run(&step);
    }
}

/// Inputs that once panicked.
#[test]
fn found_edges_are_refused_or_exact() {
    let mut flat = (Position::default(), Ledger::default());
    let sold = fill(&mut flat.0, &mut flat.1, SizeE8(i64::MIN), Atoms(0));
    assert_eq!(sold, Err(MathError::Overflow));
    let shortfall = Ledger {
        long_shortfall_atoms: i64::MAX - 1,
        ..Ledger::default()
    };
    let resolved = resolve_bankruptcy(&mut { shortfall }, Side::Long, Atoms(-(1 << 48)));
    assert_eq!(resolved, Err(MathError::Overflow));
    let (one, price) = (SizeE8(-100_000_000), PriceE6(1 << 63));
    assert_eq!(notional_and_value(one, price), Err(MathError::Overflow));
    let (less, price) = (SizeE8(-1), PriceE6(100_000_001));
    assert_eq!(notional_and_value(less, price), Ok((Atoms(1), Atoms(-2))));
}
