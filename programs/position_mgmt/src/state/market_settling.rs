//! What settling does to a market.

use anchor_lang::prelude::*;
use gdx_math::money::Ledger;
use gdx_units::Atoms;

use super::{MarketSettlement, MarketStatus, PerpMarket};
use crate::{
    constants::SETTLING_AFTER_SECONDS,
    error::{OrProgramError, PositionError},
};

impl PerpMarket {
    /// # Errors
    /// `MarketNotSilent` within a day of the last batch.
    pub fn require_silent(&self, now_ts: i64) -> Result<()> {
        require_gte!(
            self.silent_seconds(now_ts),
            SETTLING_AFTER_SECONDS,
            PositionError::MarketNotSilent
        );
        Ok(())
    }

    /// Time since the last batch, or since the market was created.
    pub fn silent_seconds(&self, now_ts: i64) -> i64 {
        now_ts.saturating_sub(self.last_batch_ts)
    }

    /// # Errors
    /// `MarketNotSettling`.
    pub fn require_settling(&self) -> Result<()> {
        require!(
            self.status == MarketStatus::Settling as u8,
            PositionError::MarketNotSettling
        );
        Ok(())
    }

    /// Whether any position still has size.
    pub fn has_size_left(&self) -> bool {
        self.total_long_interest != 0 || self.total_short_interest != 0
    }

    /// Takes the counters back while sizes are closed one by one, so that the sides differ: the books are worth by
    /// `worth` more than before.
    pub fn store_settling_ledger(
        &mut self,
        ledger: &Ledger,
        value_before: Atoms,
        worth: Atoms,
    ) -> Result<()> {
        let expected = value_before.0.checked_add(worth.0);
        require!(
            expected == Some(ledger.book_value().or_error()?.0),
            PositionError::MarketNotBacked
        );
        self.store_counters(ledger)
    }

    /// The market's invariant while it is settling: books and pool differ by what the settlement counted.
    pub fn settling_invariant(
        &self,
        settlement: &MarketSettlement,
        locked_atoms: u64,
    ) -> Result<()> {
        let value = self.ledger()?.book_value().or_error()?;
        let backed = i64::try_from(locked_atoms).map_err(|_| PositionError::MathOverflow)?;
        require!(
            value.checked_sub(settlement.open_imbalance()) == Some(Atoms(backed)),
            PositionError::MarketNotBacked
        );
        settlement.invariant(self.has_size_left())
    }

    /// A position account came into being.
    pub fn count_position(&mut self) -> Result<()> {
        if self.counts_positions() {
            let count = self.position_count.checked_add(1);
            self.position_count = count.ok_or(PositionError::MathOverflow)?;
        }
        Ok(())
    }

    /// A position account was closed.
    pub fn uncount_position(&mut self) -> Result<()> {
        if self.counts_positions() {
            let count = self.position_count.checked_sub(1);
            self.position_count = count.ok_or(PositionError::MathOverflow)?;
        }
        Ok(())
    }

    /// # Errors
    /// `PositionsNotCounted`, `PositionsLeft`.
    pub fn require_no_positions(&self) -> Result<()> {
        require!(self.counts_positions(), PositionError::PositionsNotCounted);
        require_eq!(self.position_count, 0, PositionError::PositionsLeft);
        Ok(())
    }

    /// A market of layout 1 had positions before they were counted.
    fn counts_positions(&self) -> bool {
        self.layout_version > 1
    }
}
