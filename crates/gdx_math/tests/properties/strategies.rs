//! Inputs: everything, with the edges of the types far more often than chance would have them.

use gdx_math::money::{Ledger, Position, Side};
use gdx_math::Rounding;
use proptest::prelude::*;

pub const SIZE_SCALE: i128 = 100_000_000;
pub const INDEX_SCALE: i128 = 1_000_000_000_000;

const U64_EDGES: [u64; 14] = [
    0,
    1,
    2,
    9_999,
    10_000,
    99_999_999,
    100_000_000,
    1 << 32,
    (1 << 42) - 1,
    1 << 48,
    (1 << 63) - 1,
    1 << 63,
    u64::MAX - 1,
    u64::MAX,
];
const I64_EDGES: [i64; 12] = [
    0,
    1,
    -1,
    100_000_000,
    -100_000_000,
    1 << 42,
    -(1 << 48),
    1 << 62,
    i64::MAX - 1,
    i64::MAX,
    i64::MIN + 1,
    i64::MIN,
];

pub fn any_u64() -> impl Strategy<Value = u64> {
    prop_oneof![
        2 => prop::sample::select(&U64_EDGES[..]),
        2 => 0u64..1_000_000_000_000,
        1 => 0u64..1_000,
        2 => any::<u64>(),
    ]
}

pub fn any_i64() -> impl Strategy<Value = i64> {
    prop_oneof![
        2 => prop::sample::select(&I64_EDGES[..]),
        2 => -1_000_000_000_000i64..1_000_000_000_000,
        1 => -1_000i64..1_000,
        2 => any::<i64>(),
    ]
}

pub fn rounding() -> impl Strategy<Value = Rounding> {
    prop::sample::select(&[Rounding::Floor, Rounding::Ceil, Rounding::Trunc][..])
}

pub fn side() -> impl Strategy<Value = Side> {
    prop::sample::select(&[Side::Long, Side::Short][..])
}

pub fn divided(numerator: i128, denominator: i128, rounding: Rounding) -> i128 {
    match rounding {
        Rounding::Floor => numerator.div_euclid(denominator),
        Rounding::Ceil => -(-numerator).div_euclid(denominator),
        Rounding::Trunc => numerator / denominator,
    }
}

/// `numerator / denominator` toward +∞, for a positive denominator.
pub fn ceil(numerator: i128, denominator: i128) -> i128 {
    divided(numerator, denominator, Rounding::Ceil)
}

pub fn floor(numerator: i128, denominator: i128) -> i128 {
    divided(numerator, denominator, Rounding::Floor)
}

/// The exact result where it fits in i64.
pub fn narrow(exact: i128) -> Option<i64> {
    i64::try_from(exact).ok()
}

prop_compose! {
    pub fn any_position()(fields in [any_i64(), any_i64(), any_i64(), any_i64(), any_i64()]) -> Position {
        let [size_e8, cost_atoms, collateral_atoms, funding_index, loss_index] = fields;
        Position { size_e8, cost_atoms, collateral_atoms, funding_index, loss_index }
    }
}

prop_compose! {
    pub fn any_ledger()(
        indices in [any_i64(), any_i64(), any_i64()],
        interest in [any_i64(), any_i64()],
        sums in [any_i64(), any_i64(), any_i64(), any_i64(), any_i64(), any_i64()],
        shortfalls in [any_i64(), any_i64()],
    ) -> Ledger {
        Ledger {
            funding_index: indices[0],
            long_loss_index: indices[1],
            short_loss_index: indices[2],
            long_interest_e8: interest[0],
            short_interest_e8: interest[1],
            collateral_sum_atoms: sums[0],
            cost_sum_atoms: sums[1],
            accrued_fees_atoms: sums[2],
            accrued_insurance_atoms: sums[3],
            funding_pool_atoms: sums[4],
            outstanding_loss_atoms: sums[5],
            long_shortfall_atoms: shortfalls[0],
            short_shortfall_atoms: shortfalls[1],
        }
    }
}

prop_compose! {
    /// A position as markets have them, with its ledger: indices not far behind, sums of its own alone.
    pub fn usual()(
        size_e8 in -1_000_000_000_000i64..1_000_000_000_000,
        entry_e6 in 1i64..1_000_000_000,
        collateral_atoms in 0i64..1_000_000_000_000,
        moved in -1_000_000_000i64..1_000_000_000,
        losses in [0i64..1_000_000, 0i64..1_000_000],
        pool in 0i64..1_000_000_000,
    ) -> (Position, Ledger) {
        let cost_atoms = (i128::from(size_e8) * i128::from(entry_e6) / SIZE_SCALE) as i64;
        let position = Position { size_e8, cost_atoms, collateral_atoms, funding_index: 0, loss_index: 0 };
        let ledger = Ledger {
            funding_index: moved,
            long_loss_index: losses[0],
            short_loss_index: losses[1],
            long_interest_e8: size_e8.abs(),
            short_interest_e8: size_e8.abs(),
            collateral_sum_atoms: collateral_atoms,
            cost_sum_atoms: cost_atoms,
            funding_pool_atoms: pool,
            outstanding_loss_atoms: 1_000_000_000_000,
            ..Ledger::default()
        };
        (position, ledger)
    }
}

/// Collateral less cost: what a position is worth before the price.
pub fn worth(position: &Position) -> i128 {
    i128::from(position.collateral_atoms) - i128::from(position.cost_atoms)
}

/// What the pool must hold, by plain addition.
pub fn book_value(ledger: &Ledger) -> i128 {
    let added = [
        ledger.collateral_sum_atoms,
        ledger.accrued_fees_atoms,
        ledger.accrued_insurance_atoms,
        ledger.funding_pool_atoms,
    ];
    let taken = [
        ledger.cost_sum_atoms,
        ledger.outstanding_loss_atoms,
        ledger.long_shortfall_atoms,
        ledger.short_shortfall_atoms,
    ];
    let sum = |atoms: [i64; 4]| atoms.into_iter().map(i128::from).sum::<i128>();
    sum(added) - sum(taken)
}
