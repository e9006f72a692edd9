//! The canary: a batch version that one market may try for a few batches before it is live for all.
//!
//! It is bounded by sequence, so that settling reads the configuration and never writes it.

use anchor_lang::prelude::*;

use super::{GlobalConfig, MarketStatus, PerpMarket};
use crate::{
    constants::{KNOWN_BATCH_VERSIONS, MAX_CANARY_BATCHES},
    error::PositionError,
};

/// What `set_canary` asks for.
pub struct Canary {
    pub version: u8,
    pub market: Pubkey,
    /// Number of batches; 0 ends the canary.
    pub batches: u32,
}

impl GlobalConfig {
    /// The admin sets any; the guardian only ends one, or lets the present one end earlier.
    pub fn set_canary(
        &mut self,
        signer: &Pubkey,
        canary: &Canary,
        market: &PerpMarket,
    ) -> Result<()> {
        if canary.batches == 0 {
            self.end_canary();
            return Ok(());
        }
        require!(
            canary.version.is_power_of_two() && canary.version & KNOWN_BATCH_VERSIONS != 0,
            PositionError::InvalidBatchVersion
        );
        require_gte!(
            MAX_CANARY_BATCHES,
            canary.batches,
            PositionError::CanaryTooLong
        );
        let last_sequence = market
            .last_batch_sequence
            .checked_add(u64::from(canary.batches))
            .ok_or(PositionError::MathOverflow)?;
        let is_narrower = self.is_canary_of(canary.version, &canary.market)
            && last_sequence <= self.canary_last_sequence;
        self.require_admin_or_restricting_guardian(signer, is_narrower)?;
        require!(
            !self.allows_version(canary.version),
            PositionError::VersionAlreadyAllowed
        );
        market.require_status(&[MarketStatus::Active, MarketStatus::ReduceOnly])?;
        self.canary_version = canary.version;
        self.canary_market = canary.market;
        self.canary_remaining = canary.batches;
        self.canary_last_sequence = last_sequence;
        Ok(())
    }

    pub(super) fn end_canary(&mut self) {
        self.canary_version = 0;
        self.canary_market = Pubkey::default();
        self.canary_remaining = 0;
        self.canary_last_sequence = 0;
    }

    /// Whether the canary is of this version, in this market.
    pub fn is_canary_of(&self, version: u8, market: &Pubkey) -> bool {
        self.canary_version == version && self.canary_version != 0 && self.canary_market == *market
    }

    /// Whether a sequence is one of those that the canary was set for.
    pub fn is_within_canary(&self, sequence: u64) -> bool {
        let before_first = self
            .canary_last_sequence
            .saturating_sub(u64::from(self.canary_remaining));
        before_first < sequence && sequence <= self.canary_last_sequence
    }
}
