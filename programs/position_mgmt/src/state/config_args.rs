//! What `create_config` knows, and the rules between the figures.

use anchor_lang::prelude::*;

use crate::{
    constants::{KNOWN_BATCH_VERSIONS, MAX_BPS, MAX_DELAY_SECONDS, MAX_MIN_BATCH_SIZE},
    error::PositionError,
};

/// The configuration's first content.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct CreateConfigArgs {
    pub admin: Pubkey,
    pub guardian: Pubkey,
    /// First approved relayer, active at once.
    pub relayer: Pubkey,
    pub allowed_batch_versions: u8,
    pub min_batch_size: u32,
    /// Delay of changes that touch money; 0 only on a local chain.
    pub delay_seconds: u32,
    pub takeover_slots: u32,
    pub release_delay_slots: u32,
    pub batch_retention_seconds: u32,
    pub slippage_floor_atoms: u64,
    pub slippage_share_bps: u16,
    pub insurance_share_bps: u16,
}

impl CreateConfigArgs {
    /// # Errors
    /// `DelayTooLong`, `MinBatchSizeTooLarge`, `UnknownVersionBit`, `BadShare`, `DefaultAddressRefused`.
    pub fn validate(&self) -> Result<()> {
        require_gte!(
            MAX_DELAY_SECONDS,
            self.delay_seconds,
            PositionError::DelayTooLong
        );
        require_min_batch_size(self.min_batch_size)?;
        require_known_versions(self.allowed_batch_versions)?;
        require_gte!(MAX_BPS, self.slippage_share_bps, PositionError::BadShare);
        require_gte!(MAX_BPS, self.insurance_share_bps, PositionError::BadShare);
        for key in [self.admin, self.guardian, self.relayer] {
            require_keys_neq!(key, Pubkey::default(), PositionError::DefaultAddressRefused);
        }
        Ok(())
    }
}

pub(super) fn require_known_versions(versions: u8) -> Result<()> {
    require!(
        versions & !KNOWN_BATCH_VERSIONS == 0,
        PositionError::UnknownVersionBit
    );
    Ok(())
}

pub(super) fn require_min_batch_size(min_batch_size: u32) -> Result<()> {
    require_gte!(
        MAX_MIN_BATCH_SIZE,
        min_batch_size,
        PositionError::MinBatchSizeTooLarge
    );
    Ok(())
}
