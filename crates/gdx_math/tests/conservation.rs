//! Random operations on a market: the books move only with the pool's tokens, and every promise stays covered.

use gdx_math::{
    band::OpeningBand,
    fees::{fee, notional},
    liquidation::{liquidation_fee, liquidation_size, Terms},
    margin::{equity, initial_requirement, is_liquidatable},
    money::{
        charge_fee, charge_insurance, fill, move_collateral, move_fee, net_fill,
        resolve_bankruptcy, settle_overdraft, touch, Ledger, Position, Side,
    },
};
use gdx_units::{Atoms, Bps, Ppm, PriceE6, SizeE8};
use proptest::prelude::*;

const TRADERS: usize = 4;

#[derive(Clone, Debug)]
enum Operation {
    AddCollateral {
        who: usize,
        atoms: i64,
    },
    Trade {
        buyer: usize,
        seller: usize,
        size_e8: i64,
        price_e6: u64,
        is_net: bool,
    },
    MoveFunding {
        step: i64,
    },
    Liquidate {
        who: usize,
        by: usize,
        price_e6: u64,
        share_percent: i64,
    },
    Resolve {
        is_short: bool,
        insurance_atoms: i64,
    },
}

fn operation() -> impl Strategy<Value = Operation> {
    let who = 0..TRADERS;
    let price = 50_000_000u64..150_000_000;
    prop_oneof![
        2 => (who.clone(), 0i64..500_000_000)
            .prop_map(|(who, atoms)| Operation::AddCollateral { who, atoms }),
        6 => (who.clone(), 1..TRADERS, 1i64..300_000_000, price.clone(), any::<bool>()).prop_map(
            |(buyer, next, size_e8, price_e6, is_net)| {
                let seller = (buyer + next) % TRADERS;
                Operation::Trade { buyer, seller, size_e8, price_e6, is_net }
            }
        ),
        2 => (-10_000_000i64..10_000_000).prop_map(|step| Operation::MoveFunding { step }),
        4 => (who, 1..TRADERS, price, prop_oneof![Just(100i64), 1i64..100]).prop_map(
            |(who, next, price_e6, share_percent)| {
                Operation::Liquidate { who, by: (who + next) % TRADERS, price_e6, share_percent }
            }
        ),
        1 => (any::<bool>(), 0i64..50_000_000)
            .prop_map(|(is_short, insurance_atoms)| Operation::Resolve { is_short, insurance_atoms }),
    ]
}

#[derive(Default)]
struct Market {
    positions: [Position; TRADERS],
    ledger: Ledger,
    locked_atoms: i64,
}

impl Market {
    fn run(&mut self, operation: &Operation) {
        match *operation {
            Operation::AddCollateral { who, atoms } => {
                self.touch(who);
                move_collateral(&mut self.positions[who], &mut self.ledger, Atoms(atoms)).unwrap();
                self.locked_atoms += atoms;
                self.settle(who, None);
            }
            Operation::Trade {
                buyer,
                seller,
                size_e8,
                price_e6,
                is_net,
            } => {
                let worth = notional(PriceE6(price_e6), SizeE8(size_e8)).unwrap().0;
                self.trade(buyer, size_e8, worth, is_net, Ppm(500));
                self.trade(seller, -size_e8, -worth, is_net, Ppm(-100));
            }
            Operation::MoveFunding { step } => self.ledger.funding_index += step,
            Operation::Liquidate {
                who,
                by,
                price_e6,
                share_percent,
            } => self.liquidate(who, by, PriceE6(price_e6), share_percent),
            Operation::Resolve {
                is_short,
                insurance_atoms,
            } => {
                let side = if is_short { Side::Short } else { Side::Long };
                let mut after = self.ledger;
                // Nobody may be open to carry the loss; then nothing happens.
                if let Ok(paid) = resolve_bankruptcy(&mut after, side, Atoms(insurance_atoms)) {
                    self.ledger = after;
                    self.locked_atoms += paid.0;
                }
            }
        }
    }

    fn touch(&mut self, who: usize) {
        touch(&mut self.positions[who], &mut self.ledger).unwrap();
    }

    fn settle(&mut self, who: usize, side: Option<Side>) {
        settle_overdraft(&mut self.positions[who], &mut self.ledger, side).unwrap();
    }

    fn trade(&mut self, who: usize, size_e8: i64, quote: i64, is_net: bool, rate: Ppm) {
        self.touch(who);
        let side = Side::of(self.positions[who].size_e8);
        let (position, ledger) = (&mut self.positions[who], &mut self.ledger);
        let (size, quote) = (SizeE8(size_e8), Atoms(quote));
        if is_net {
            let band = OpeningBand::new(PriceE6(100_000_000), Bps(500)).unwrap();
            net_fill(position, ledger, size, quote, band).unwrap();
        } else {
            fill(position, ledger, size, quote).unwrap();
        }
        let charged = fee(Atoms(quote.0.abs()), rate).unwrap();
        charge_fee(position, ledger, charged).unwrap();
        let side = Side::of(self.positions[who].size_e8).or(side);
        self.settle(who, side);
    }

    /// `share_percent` of what may be taken over is.
    fn liquidate(&mut self, who: usize, by: usize, price: PriceE6, share_percent: i64) {
        self.touch(who);
        self.touch(by);
        let before = self.positions[who];
        if !is_liquidatable(&before, &self.ledger, price, Bps(300)).unwrap() {
            self.settle(who, Side::of(before.size_e8));
            return self.settle(by, None);
        }
        let terms = Terms {
            initial_ratio: Bps(500),
            fee: Ppm(5_000),
            min_size: SizeE8(1_000),
        };
        let most = liquidation_size(&before, &self.ledger, price, terms)
            .unwrap()
            .0;
        let size = (most * share_percent / 100).max(1);
        let taken = if before.size_e8 > 0 { size } else { -size };
        let worth = notional(price, SizeE8(size)).unwrap().0;
        let quote = if taken > 0 { worth } else { -worth };
        let by_side = Side::of(self.positions[by].size_e8);
        fill(
            &mut self.positions[who],
            &mut self.ledger,
            SizeE8(-taken),
            Atoms(-quote),
        )
        .unwrap();
        fill(
            &mut self.positions[by],
            &mut self.ledger,
            SizeE8(taken),
            Atoms(quote),
        )
        .unwrap();
        let left = Atoms(self.positions[who].collateral_atoms);
        let rest = equity(&self.positions[who], &self.ledger, price).unwrap();
        let charged = liquidation_fee(Atoms(worth), Ppm(5_000), left, rest).unwrap();
        assert!(charged.0 <= rest.0.max(0));
        let insured = Atoms(charged.0 / 2);
        charge_insurance(&mut self.positions[who], &mut self.ledger, insured).unwrap();
        let [payer, receiver] = self.positions.get_disjoint_mut([who, by]).unwrap();
        move_fee(payer, receiver, Atoms(charged.0 - insured.0)).unwrap();
        self.settle(who, Side::of(taken));
        self.settle(by, Side::of(self.positions[by].size_e8).or(by_side));
        if size == most {
            self.check_restored(who, price);
        }
    }

    /// What a partial liquidation leaves covers its initial requirement at the same price.
    fn check_restored(&self, who: usize, price: PriceE6) {
        let position = &self.positions[who];
        if position.size_e8 != 0 {
            let at_stake = notional(price, SizeE8(position.size_e8)).unwrap();
            let requirement = initial_requirement(at_stake, 1_000, Bps(500)).unwrap();
            assert!(equity(position, &self.ledger, price).unwrap() >= requirement);
        }
    }

    fn check(&self) {
        let sum = |field: fn(&Position) -> i64| self.positions.iter().map(field).sum::<i64>();
        assert_eq!(sum(|position| position.size_e8), 0);
        assert_eq!(
            sum(|position| position.collateral_atoms),
            self.ledger.collateral_sum_atoms
        );
        assert_eq!(
            sum(|position| position.cost_atoms),
            self.ledger.cost_sum_atoms
        );
        assert!(self.ledger.is_balanced());
        assert_eq!(self.ledger.book_value(), Ok(Atoms(self.locked_atoms)));
        assert!(self
            .positions
            .iter()
            .all(|position| position.collateral_atoms >= 0));
        self.check_solvency();
    }

    /// Funding that is due is in the funding pool; the loss that is outstanding is due.
    fn check_solvency(&self) {
        let (mut funding, mut loss) = (0i128, 0i128);
        for position in &self.positions {
            let size = i128::from(position.size_e8);
            funding += size * i128::from(self.ledger.funding_index - position.funding_index);
            if let Some(side) = Side::of(position.size_e8) {
                loss += size.abs() * i128::from(self.ledger.loss_index(side) - position.loss_index);
            }
        }
        let scale = 1_000_000_000_000i128;
        assert!(i128::from(self.ledger.funding_pool_atoms) * scale + funding >= 0);
        if self.ledger.long_interest_e8 > 0 {
            assert!(loss >= i128::from(self.ledger.outstanding_loss_atoms) * scale);
        }
    }
}

proptest! {
    #[test]
    fn nothing_is_created_or_lost(operations in prop::collection::vec(operation(), 1..60)) {
        let mut market = Market::default();
        for operation in &operations {
            market.run(operation);
            market.check();
        }
    }
}
