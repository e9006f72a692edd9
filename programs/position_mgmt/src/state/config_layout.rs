//! Layouts of the configuration. Layout 2 is layout 1 with more at its end.

use anchor_lang::prelude::*;

use super::GlobalConfig;
use crate::{constants::CONFIG_LAYOUT_VERSION, error::PositionError};

/// Whether an account is as large as the present layout: its fields may be read. Told by size alone, which is all
/// that reading depends on; a larger one is of a later program.
#[inline]
pub fn has_current_layout<'info>(config: &impl AsRef<AccountInfo<'info>>) -> bool {
    config.as_ref().data_len() == GlobalConfig::SPACE
}

/// # Errors
/// `ConfigLayoutCurrent` when there is nothing to do; `ConfigLayoutUnknown` for a size that no layout has.
pub fn require_layout_1(config: &AccountInfo<'_>) -> Result<()> {
    require!(
        !has_current_layout(config),
        PositionError::ConfigLayoutCurrent
    );
    require_eq!(
        config.data_len(),
        GlobalConfig::SPACE_OF_LAYOUT_1,
        PositionError::ConfigLayoutUnknown
    );
    Ok(())
}

impl GlobalConfig {
    /// What `migrate_config` does once the account has grown: the new fields are zero, which is what they mean to
    /// say of a configuration that had none of them.
    pub fn migrate(&mut self) -> Result<()> {
        self.layout_version = CONFIG_LAYOUT_VERSION;
        self.invariant()
    }
}
