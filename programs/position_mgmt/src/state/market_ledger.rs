//! The market's counters as the ledger that the money rules work on, and its marks of price and slippage.

use anchor_lang::prelude::*;
use gdx_math::{
    limiter::Outflow,
    money::Ledger,
    statistics::{ema_e6, relative_e9},
};
use gdx_units::{Atoms, PriceE6};

use super::PerpMarket;
use crate::{
    constants::{
        MARK_EMA_SECONDS, MAX_PREMIUM_E9, MAX_PREMIUM_WEIGHT_SECONDS, SLIPPAGE_WINDOW_SECONDS,
    },
    error::{OrProgramError, PositionError},
};

impl PerpMarket {
    /// The counters by value; put back with [`Self::store_ledger`].
    pub fn ledger(&self) -> Result<Ledger> {
        Ok(Ledger {
            funding_index: self.funding_index,
            long_loss_index: self.long_loss_index,
            short_loss_index: self.short_loss_index,
            long_interest_e8: signed(self.total_long_interest)?,
            short_interest_e8: signed(self.total_short_interest)?,
            collateral_sum_atoms: self.collateral_sum_atoms,
            cost_sum_atoms: self.cost_sum_atoms,
            accrued_fees_atoms: self.accrued_fees_atoms,
            accrued_insurance_atoms: signed(self.insurance_fund)?,
            funding_pool_atoms: self.funding_pool_atoms,
            outstanding_loss_atoms: self.outstanding_loss_atoms,
            long_shortfall_atoms: self.long_shortfall_atoms,
            short_shortfall_atoms: self.short_shortfall_atoms,
        })
    }

    /// Takes the counters back; both sides must be equal again.
    pub fn store_ledger(&mut self, ledger: &Ledger) -> Result<()> {
        require!(ledger.is_balanced(), PositionError::InterestNotBalanced);
        self.store_counters(ledger)
    }

    pub(super) fn store_counters(&mut self, ledger: &Ledger) -> Result<()> {
        self.long_loss_index = ledger.long_loss_index;
        self.short_loss_index = ledger.short_loss_index;
        self.total_open_interest = unsigned(ledger.long_interest_e8)?;
        self.total_long_interest = self.total_open_interest;
        self.total_short_interest = unsigned(ledger.short_interest_e8)?;
        self.collateral_sum_atoms = ledger.collateral_sum_atoms;
        self.cost_sum_atoms = ledger.cost_sum_atoms;
        self.accrued_fees_atoms = ledger.accrued_fees_atoms;
        self.insurance_fund = unsigned(ledger.accrued_insurance_atoms)?;
        self.funding_pool_atoms = ledger.funding_pool_atoms;
        self.outstanding_loss_atoms = ledger.outstanding_loss_atoms;
        self.long_shortfall_atoms = ledger.long_shortfall_atoms;
        self.short_shortfall_atoms = ledger.short_shortfall_atoms;
        Ok(())
    }

    /// The same, for an instruction that moves no tokens: the books are worth what they were.
    pub fn store_unmoved_ledger(&mut self, ledger: &Ledger, value_before: Atoms) -> Result<()> {
        require!(
            ledger.book_value().or_error()? == value_before,
            PositionError::MarketNotBacked
        );
        self.store_ledger(ledger)
    }

    /// Takes accrued fees and insurance off the books, as far as the pool's `locked_atoms` pay them, fees first.
    pub fn take_earned(&mut self, locked_atoms: u64) -> Result<(u64, u64)> {
        let fees = u64::try_from(self.accrued_fees_atoms)
            .unwrap_or(0)
            .min(locked_atoms);
        let insurance = self.insurance_fund.min(locked_atoms - fees);
        self.accrued_fees_atoms -= signed(fees)?;
        self.insurance_fund -= insurance;
        Ok((fees, insurance))
    }

    /// Counts a batch's distance from the oracle against the market's cap of the hour.
    pub fn count_slippage(&mut self, amount: Atoms, now_ts: i64) -> Result<()> {
        if amount.0 == 0 {
            return Ok(());
        }
        let used = Outflow {
            net_atoms: self.slippage_used_atoms,
            updated_ts: i64::from(self.slippage_ts),
        };
        let used = used
            .withdrawn(
                amount.0.unsigned_abs(),
                now_ts,
                SLIPPAGE_WINDOW_SECONDS,
                self.max_slippage_per_hour_atoms,
            )
            .or_error()?
            .ok_or(PositionError::MarketSlippageExceeded)?;
        self.slippage_used_atoms = used.net_atoms;
        self.slippage_ts =
            u32::try_from(used.updated_ts).map_err(|_| PositionError::MathOverflow)?;
        Ok(())
    }

    /// Moves the mark price toward a batch's sample and adds the premium over the index for the time since the
    /// last one.
    pub fn mark(&mut self, sample: PriceE6, index: PriceE6, now_ts: i64) -> Result<()> {
        let elapsed_s = u64::try_from(now_ts.saturating_sub(i64::from(self.mark_ts))).unwrap_or(0);
        self.mark_ts = u32::try_from(now_ts).map_err(|_| PositionError::MathOverflow)?;
        self.mark_price_e6 =
            ema_e6(self.mark_price_e6, sample.0, elapsed_s, MARK_EMA_SECONDS).or_error()?;
        let weight_s = elapsed_s.min(MAX_PREMIUM_WEIGHT_SECONDS);
        if weight_s == 0 || index.0 == 0 {
            return Ok(());
        }
        let premium_e9 = relative_e9(self.mark_price_e6, index.0)
            .or_error()?
            .clamp(-MAX_PREMIUM_E9, MAX_PREMIUM_E9);
        let weighted = premium_e9 * weight_s as i64;
        self.premium_accumulator = self
            .premium_accumulator
            .checked_add(weighted)
            .ok_or(PositionError::MathOverflow)?;
        self.premium_weight_seconds = self.premium_weight_seconds.wrapping_add(weight_s as u32);
        Ok(())
    }
}

#[inline]
fn signed(value: u64) -> Result<i64> {
    i64::try_from(value).map_err(|_| error!(PositionError::MathOverflow))
}

#[inline]
fn unsigned(value: i64) -> Result<u64> {
    u64::try_from(value).map_err(|_| error!(PositionError::MathOverflow))
}
