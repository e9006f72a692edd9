//! The premium samples of one hour.

use anchor_lang::prelude::*;
use gdx_math::{funding::funding_index_step, statistics::weighted_mean};
use gdx_units::{PriceE6, RateE9};

use crate::error::FundingError;

#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FundingHour {
    /// Hours since 1970.
    pub hour: i64,
    /// Σ premium (1e-9) · seconds.
    pub premium_sum_e9: i64,
    /// Σ seconds; 0 = no samples, and the hour pays nothing.
    pub weight_seconds: u64,
    /// Index price at the last sample.
    pub index_price_e6: u64,
}

impl FundingHour {
    pub(super) fn add(
        &mut self,
        premium_sum_e9: i64,
        weight_seconds: u64,
        index_price_e6: u64,
    ) -> Result<()> {
        self.premium_sum_e9 = self
            .premium_sum_e9
            .checked_add(premium_sum_e9)
            .ok_or(FundingError::MathOverflow)?;
        self.weight_seconds = self
            .weight_seconds
            .checked_add(weight_seconds)
            .ok_or(FundingError::MathOverflow)?;
        self.index_price_e6 = index_price_e6;
        Ok(())
    }

    /// Rate of the hour and how far it moves the index; zeros without samples.
    pub(super) fn settle(&self, max_rate_e9: i64) -> Result<(i64, i64)> {
        let Some(premium_e9) = weighted_mean(self.premium_sum_e9, self.weight_seconds) else {
            return Ok((0, 0));
        };
        let premium_e9 = premium_e9.map_err(|_| error!(FundingError::MathOverflow))?;
        let rate = gdx_math::funding::funding_rate(RateE9(premium_e9), RateE9(max_rate_e9));
        let step = funding_index_step(rate, PriceE6(self.index_price_e6))
            .map_err(|_| error!(FundingError::MathOverflow))?;
        Ok((rate.0, step.0))
    }
}
