//! What `create_config` knows, and the rules between the figures.

use anchor_lang::prelude::*;

use super::GlobalConfig;
use crate::{
    constants::{
        BATCH_RETENTION_SECONDS, KNOWN_BATCH_VERSIONS, MAX_BPS, MAX_DELAY_SECONDS,
        MAX_MIN_BATCH_SIZE, MAX_SLIPPAGE_FLOOR_ATOMS, RELEASE_DELAY_SLOTS, TAKEOVER_SLOTS,
    },
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

/// Figures common to all markets that may be changed after the delay.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct ConfigLimits {
    /// Slippage that any position may have per hour.
    pub slippage_floor_atoms: u64,
    /// Share of equity that a position may lose to slippage per hour.
    pub slippage_share_bps: u16,
    /// Share of a liquidation fee that goes to the market's insurance.
    pub insurance_share_bps: u16,
    /// Age of the active relayer's beat from which another may take over.
    pub takeover_slots: u32,
    /// Slots between the request of a release and its execution.
    pub release_delay_slots: u32,
    /// How long a settled batch is kept.
    pub batch_retention_seconds: u32,
}

impl ConfigLimits {
    /// # Errors
    /// `SlippageFloorTooLarge`, `BadShare`, `BadTakeoverSlots`, `BadReleaseDelay`, `BadBatchRetention`.
    pub fn validate(&self) -> Result<()> {
        require_gte!(
            MAX_SLIPPAGE_FLOOR_ATOMS,
            self.slippage_floor_atoms,
            PositionError::SlippageFloorTooLarge
        );
        require_gte!(MAX_BPS, self.slippage_share_bps, PositionError::BadShare);
        require_gte!(MAX_BPS, self.insurance_share_bps, PositionError::BadShare);
        require!(
            TAKEOVER_SLOTS.contains(&self.takeover_slots),
            PositionError::BadTakeoverSlots
        );
        require!(
            RELEASE_DELAY_SLOTS.contains(&self.release_delay_slots),
            PositionError::BadReleaseDelay
        );
        require!(
            BATCH_RETENTION_SECONDS.contains(&self.batch_retention_seconds),
            PositionError::BadBatchRetention
        );
        Ok(())
    }
}

impl CreateConfigArgs {
    /// # Errors
    /// `DelayTooLong`, `MinBatchSizeTooLarge`, `UnknownVersionBit`, `DefaultAddressRefused`, those of [`ConfigLimits`].
    pub fn validate(&self) -> Result<()> {
        require_delay(self.delay_seconds)?;
        require_min_batch_size(self.min_batch_size)?;
        require_known_versions(self.allowed_batch_versions)?;
        self.limits().validate()?;
        for key in [self.admin, self.guardian, self.relayer] {
            require_keys_neq!(key, Pubkey::default(), PositionError::DefaultAddressRefused);
        }
        Ok(())
    }

    pub(super) fn limits(&self) -> ConfigLimits {
        ConfigLimits {
            slippage_floor_atoms: self.slippage_floor_atoms,
            slippage_share_bps: self.slippage_share_bps,
            insurance_share_bps: self.insurance_share_bps,
            takeover_slots: self.takeover_slots,
            release_delay_slots: self.release_delay_slots,
            batch_retention_seconds: self.batch_retention_seconds,
        }
    }
}

impl GlobalConfig {
    /// Takes checked limits over.
    pub fn set_limits(&mut self, limits: &ConfigLimits) -> Result<()> {
        limits.validate()?;
        self.slippage_floor_atoms = limits.slippage_floor_atoms;
        self.slippage_share_bps = limits.slippage_share_bps;
        self.insurance_share_bps = limits.insurance_share_bps;
        self.takeover_slots = limits.takeover_slots;
        self.release_delay_slots = limits.release_delay_slots;
        self.batch_retention_seconds = limits.batch_retention_seconds;
        Ok(())
    }

    /// Only ever raised, so that nobody shortens the time in which users may leave.
    pub fn raise_delay(&mut self, delay_seconds: u32) -> Result<()> {
        require_delay(delay_seconds)?;
        require_gt!(
            delay_seconds,
            self.delay_seconds,
            PositionError::DelayNotRaised
        );
        self.delay_seconds = delay_seconds;
        Ok(())
    }

    pub fn set_guardian(&mut self, guardian: Pubkey) -> Result<()> {
        require_keys_neq!(
            guardian,
            Pubkey::default(),
            PositionError::DefaultAddressRefused
        );
        self.guardian = guardian;
        Ok(())
    }
}

fn require_delay(delay_seconds: u32) -> Result<()> {
    require_gte!(
        MAX_DELAY_SECONDS,
        delay_seconds,
        PositionError::DelayTooLong
    );
    Ok(())
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
