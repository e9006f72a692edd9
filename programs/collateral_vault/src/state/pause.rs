//! What is paused, and for how long withdrawals can be.
//!
//! A pause of withdrawals has an end from its beginning. Until then the bit may be cleared and set again, to
//! the same end. Afterwards withdrawals stay open for as long as a pause can last, unless the admin announced
//! a renewal a delay before: so nobody, admin and guardian together included, keeps users in by surprise.

use anchor_lang::prelude::*;

use super::VaultState;
use crate::{
    constants::{
        PAUSE_ALL, PAUSE_DEPOSIT, PAUSE_LOCK, PAUSE_RENEWAL_SECONDS, PAUSE_WITHDRAW,
        WITHDRAWALS_OPEN_SECONDS, WITHDRAW_PAUSE_SECONDS,
    },
    error::VaultError,
};

impl VaultState {
    pub fn require_deposits_open(&self) -> Result<()> {
        require!(
            self.pause_bits & PAUSE_DEPOSIT == 0,
            VaultError::DepositsPaused
        );
        Ok(())
    }

    pub fn require_locking_open(&self) -> Result<()> {
        require!(self.pause_bits & PAUSE_LOCK == 0, VaultError::LockingPaused);
        Ok(())
    }

    /// A pause of withdrawals lapses by itself.
    pub fn require_withdrawals_open(&self, now_ts: i64) -> Result<()> {
        let is_paused =
            self.pause_bits & PAUSE_WITHDRAW != 0 && now_ts < self.withdraw_pause_expiry_ts;
        require!(!is_paused, VaultError::WithdrawalsPaused);
        Ok(())
    }

    /// The admin sets any bits, the guardian only adds some.
    ///
    /// # Errors
    /// `UnknownPauseBit`, `NotAdminOrGuardian`, `GuardianMayOnlyPause`, `WithdrawalsMustStayOpen`.
    pub fn set_pause(&mut self, signer: &Pubkey, pause_bits: u8, now_ts: i64) -> Result<()> {
        require!(pause_bits & !PAUSE_ALL == 0, VaultError::UnknownPauseBit);
        self.activate_due(now_ts);
        self.drop_lapsed_pause(now_ts);
        if *signer != self.admin {
            require_keys_eq!(*signer, self.guardian, VaultError::NotAdminOrGuardian);
            require!(
                self.pause_bits & !pause_bits == 0,
                VaultError::GuardianMayOnlyPause
            );
        }
        let was_paused = self.pause_bits & PAUSE_WITHDRAW != 0;
        let is_paused = pause_bits & PAUSE_WITHDRAW != 0;
        if is_paused && !was_paused {
            self.begin_withdraw_pause(now_ts)?;
        } else if was_paused && !is_paused {
            self.withdrawals_open_since_ts = now_ts;
        }
        self.pause_bits = pause_bits;
        Ok(())
    }

    /// Announces that withdrawals may be paused again, or for longer; gives the earliest time.
    pub fn propose_pause_renewal(&mut self, now_ts: i64) -> i64 {
        self.pause_renewal_not_before_ts = self.not_before_ts(now_ts);
        self.pause_renewal_not_before_ts
    }

    /// Pauses withdrawals anew, as announced.
    ///
    /// # Errors
    /// `NoPauseRenewalProposed`, `DelayNotPassed`, `PauseRenewalLapsed`.
    pub fn execute_pause_renewal(&mut self, now_ts: i64) -> Result<()> {
        let not_before_ts = self.pause_renewal_not_before_ts;
        require!(not_before_ts != 0, VaultError::NoPauseRenewalProposed);
        require_gte!(now_ts, not_before_ts, VaultError::DelayNotPassed);
        let lapses_ts = not_before_ts.saturating_add(PAUSE_RENEWAL_SECONDS);
        require_gt!(lapses_ts, now_ts, VaultError::PauseRenewalLapsed);
        self.pause_renewal_not_before_ts = 0;
        self.pause_bits |= PAUSE_WITHDRAW;
        self.withdraw_pause_expiry_ts = now_ts.saturating_add(WITHDRAW_PAUSE_SECONDS);
        Ok(())
    }

    /// Goes on with the pause that has not ended, or begins one when users had their time to get out.
    fn begin_withdraw_pause(&mut self, now_ts: i64) -> Result<()> {
        if now_ts < self.withdraw_pause_expiry_ts {
            return Ok(());
        }
        let open_until_ts = self
            .withdrawals_open_since_ts
            .saturating_add(WITHDRAWALS_OPEN_SECONDS);
        require!(
            self.withdraw_pause_expiry_ts == 0 || now_ts >= open_until_ts,
            VaultError::WithdrawalsMustStayOpen
        );
        self.withdraw_pause_expiry_ts = now_ts.saturating_add(WITHDRAW_PAUSE_SECONDS);
        Ok(())
    }

    /// A pause that has lapsed is none: its bit would tell a guardian that withdrawals are still paused.
    fn drop_lapsed_pause(&mut self, now_ts: i64) {
        if self.pause_bits & PAUSE_WITHDRAW != 0 && now_ts >= self.withdraw_pause_expiry_ts {
            self.pause_bits &= !PAUSE_WITHDRAW;
            self.withdrawals_open_since_ts = self.withdraw_pause_expiry_ts;
        }
    }
}
