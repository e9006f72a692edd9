//! The money of a position and of its market, as plain values.

use gdx_units::{difference, sum, Atoms};

use crate::integer::{fits, Result};

/// Which way a position points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Gains when the price rises.
    Long,
    /// Gains when the price falls.
    Short,
}

impl Side {
    /// The side of a size; `None` when flat.
    #[inline]
    pub const fn of(size_e8: i64) -> Option<Self> {
        match size_e8 {
            0 => None,
            1.. => Some(Self::Long),
            _ => Some(Self::Short),
        }
    }

    /// The other side.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Long => Self::Short,
            Self::Short => Self::Long,
        }
    }
}

/// The money of one position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// + long, − short.
    pub size_e8: i64,
    /// What the open size was bought (+) or sold (−) for.
    pub cost_atoms: i64,
    /// Collateral; negative only between the steps of an instruction.
    pub collateral_atoms: i64,
    /// The market's funding index at the last touch.
    pub funding_index: i64,
    /// The loss index of the position's side at the last touch.
    pub loss_index: i64,
}

/// The money counters and indices of one market.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Cumulative funding, 1e-4 atom per whole base unit, + = longs paid.
    pub funding_index: i64,
    /// Cumulative socialized loss of longs, same unit, never falls.
    pub long_loss_index: i64,
    /// Cumulative socialized loss of shorts.
    pub short_loss_index: i64,
    /// Σ size of the longs.
    pub long_interest_e8: i64,
    /// Σ |size| of the shorts.
    pub short_interest_e8: i64,
    /// Σ collateral.
    pub collateral_sum_atoms: i64,
    /// Σ cost.
    pub cost_sum_atoms: i64,
    /// Fees earned and not yet swept.
    pub accrued_fees_atoms: i64,
    /// Insurance's share of liquidation fees, not yet moved to the pool's insurance.
    pub accrued_insurance_atoms: i64,
    /// Funding paid and not yet received.
    pub funding_pool_atoms: i64,
    /// Socialized loss not yet collected.
    pub outstanding_loss_atoms: i64,
    /// Left behind by bankrupt longs.
    pub long_shortfall_atoms: i64,
    /// Left behind by bankrupt shorts.
    pub short_shortfall_atoms: i64,
}

impl Ledger {
    /// The loss index that `side` pays.
    #[inline]
    pub const fn loss_index(&self, side: Side) -> i64 {
        match side {
            Side::Long => self.long_loss_index,
            Side::Short => self.short_loss_index,
        }
    }

    /// `ΣC − Σcost + accrued + funding_pool − loss_out − shortfall`: what the market's pool must hold.
    pub fn book_value(&self) -> Result<Atoms> {
        let value = difference(self.collateral_sum_atoms, self.cost_sum_atoms)
            .and_then(|value| sum(value, self.accrued_fees_atoms))
            .and_then(|value| sum(value, self.accrued_insurance_atoms))
            .and_then(|value| sum(value, self.funding_pool_atoms))
            .and_then(|value| difference(value, self.outstanding_loss_atoms))
            .and_then(|value| difference(value, self.long_shortfall_atoms))
            .and_then(|value| difference(value, self.short_shortfall_atoms));
        fits(value).map(Atoms)
    }

    /// What bankrupt positions of `side` left uncovered.
    pub const fn shortfall(&self, side: Side) -> Atoms {
        match side {
            Side::Long => Atoms(self.long_shortfall_atoms),
            Side::Short => Atoms(self.short_shortfall_atoms),
        }
    }

    pub(super) fn shortfall_mut(&mut self, side: Side) -> &mut i64 {
        match side {
            Side::Long => &mut self.long_shortfall_atoms,
            Side::Short => &mut self.short_shortfall_atoms,
        }
    }

    /// Both sides of the market are equally large.
    pub const fn is_balanced(&self) -> bool {
        self.long_interest_e8 == self.short_interest_e8
    }

    #[inline(always)]
    pub(super) fn move_interest(&mut self, before_e8: i64, after_e8: i64) -> Result<()> {
        if before_e8 > 0 || after_e8 > 0 {
            let bought = after_e8.max(0) - before_e8.max(0);
            add(&mut self.long_interest_e8, bought)?;
        }
        if before_e8 < 0 || after_e8 < 0 {
            let sold = fits(difference(before_e8.min(0), after_e8.min(0)))?;
            add(&mut self.short_interest_e8, sold)?;
        }
        Ok(())
    }
}

#[inline(always)]
pub(super) fn add(total: &mut i64, amount: i64) -> Result<()> {
    *total = fits(sum(*total, amount))?;
    Ok(())
}

#[inline(always)]
pub(super) fn take(total: &mut i64, amount: i64) -> Result<()> {
    *total = fits(difference(*total, amount))?;
    Ok(())
}

#[inline(always)]
pub(super) fn credit(position: &mut Position, ledger: &mut Ledger, amount: i64) -> Result<()> {
    add(&mut position.collateral_atoms, amount)?;
    add(&mut ledger.collateral_sum_atoms, amount)
}
