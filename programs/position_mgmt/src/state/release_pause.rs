//! Pausing operations, and for how long releases of collateral can be paused.
//!
//! A pause of releases has an end from its beginning, like the vault's pause of withdrawals: until then the bit may be
//! cleared and set again, to the same end. Afterwards releases stay open for as long as a pause can last, whoever
//! signs: so nobody, admin and guardian together included, keeps collateral in for good.

use anchor_lang::prelude::*;

use super::GlobalConfig;
use crate::{
    constants::{PAUSE_ALL, PAUSE_RELEASE, RELEASES_OPEN_SECONDS, RELEASE_PAUSE_SECONDS},
    error::PositionError,
};

impl GlobalConfig {
    /// A pause of releases lapses by itself.
    ///
    /// # Errors
    /// `ReleasePaused`.
    pub fn require_releases_open(&self, now_ts: i64) -> Result<()> {
        let is_paused =
            self.pause_bits & PAUSE_RELEASE != 0 && now_ts < self.release_pause_expiry_ts;
        require!(!is_paused, PositionError::ReleasePaused);
        Ok(())
    }

    /// The admin sets any bits, the guardian only adds some.
    ///
    /// # Errors
    /// `UnknownPauseBit`, `NotAdminOrGuardian`, `GuardianMayOnlyRestrict`, `ReleasesMustStayOpen`.
    pub fn set_pause_bits(&mut self, signer: &Pubkey, pause_bits: u32, now_ts: i64) -> Result<()> {
        require!(pause_bits & !PAUSE_ALL == 0, PositionError::UnknownPauseBit);
        self.drop_lapsed_release_pause(now_ts);
        let is_narrower = self.pause_bits & !pause_bits == 0;
        self.require_admin_or_restricting_guardian(signer, is_narrower)?;
        let was_paused = self.pause_bits & PAUSE_RELEASE != 0;
        let is_paused = pause_bits & PAUSE_RELEASE != 0;
        if is_paused && !was_paused {
            self.begin_release_pause(now_ts)?;
        } else if was_paused && !is_paused {
            self.releases_open_since_ts = now_ts;
        }
        self.pause_bits = pause_bits;
        self.is_paused = u8::from(pause_bits == PAUSE_ALL);
        Ok(())
    }

    /// Goes on with the pause that has not ended, or begins one when users had their time to get out.
    fn begin_release_pause(&mut self, now_ts: i64) -> Result<()> {
        if now_ts < self.release_pause_expiry_ts {
            return Ok(());
        }
        let open_until_ts = self
            .releases_open_since_ts
            .saturating_add(RELEASES_OPEN_SECONDS);
        require!(
            self.release_pause_expiry_ts == 0 || now_ts >= open_until_ts,
            PositionError::ReleasesMustStayOpen
        );
        self.release_pause_expiry_ts = now_ts.saturating_add(RELEASE_PAUSE_SECONDS);
        Ok(())
    }

    /// A pause that has lapsed is none: its bit would tell a guardian that releases are still paused. One that was set
    /// before pauses had an end counts as lapsed.
    fn drop_lapsed_release_pause(&mut self, now_ts: i64) {
        if self.pause_bits & PAUSE_RELEASE != 0 && now_ts >= self.release_pause_expiry_ts {
            self.pause_bits &= !PAUSE_RELEASE;
            self.releases_open_since_ts = self.release_pause_expiry_ts;
        }
    }
}
