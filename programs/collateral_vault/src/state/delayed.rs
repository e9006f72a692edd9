//! Changes of the vault that wait for its delay. All but the admin's come into force by themselves.

use anchor_lang::prelude::*;

use super::{VaultState, WithdrawLimit};
use crate::{constants::MAX_DELAY_SECONDS, error::VaultError};

/// A role that the admin gives to another address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Role {
    Guardian = 1,
    FeeRecipient = 2,
}

impl VaultState {
    /// Schedules another holder of a role; only one change waits, a new one replaces it.
    ///
    /// # Errors
    /// `DefaultAddressRefused`.
    pub fn schedule_role(&mut self, role: Role, key: Pubkey, now_ts: i64) -> Result<i64> {
        require_keys_neq!(key, Pubkey::default(), VaultError::DefaultAddressRefused);
        let not_before_ts = self.not_before_ts(now_ts);
        self.pending_role = role as u8;
        self.pending_role_key = key;
        self.pending_role_not_before_ts = not_before_ts;
        self.activate_due(now_ts);
        Ok(not_before_ts)
    }

    /// Schedules a longer delay: whoever steals the admin's key must not shorten what protects users from it.
    ///
    /// # Errors
    /// `DelayNotRaised`, `DelayTooLong`.
    pub fn schedule_delay(&mut self, delay_seconds: u32, now_ts: i64) -> Result<i64> {
        let not_before_ts = self.not_before_ts(now_ts);
        let raised_seconds = u64::from(delay_seconds);
        require_gt!(
            raised_seconds,
            self.delay_seconds,
            VaultError::DelayNotRaised
        );
        require_gte!(MAX_DELAY_SECONDS, delay_seconds, VaultError::DelayTooLong);
        self.pending_delay_seconds = raised_seconds;
        self.pending_delay_not_before_ts = not_before_ts;
        self.activate_due(now_ts);
        Ok(not_before_ts)
    }

    pub fn schedule_withdraw_limit(&mut self, limit: WithdrawLimit, now_ts: i64) -> i64 {
        let not_before_ts = self.not_before_ts(now_ts);
        self.limiter.schedule(limit, not_before_ts, now_ts);
        not_before_ts
    }

    pub fn propose_admin(&mut self, new_admin: Pubkey, now_ts: i64) {
        self.pending_admin_not_before_ts = self.not_before_ts(now_ts);
        self.pending_admin = new_admin;
    }

    /// # Errors
    /// `NoPendingAdmin`, `NotPendingAdmin`, `DelayNotPassed`.
    pub fn accept_admin(&mut self, signer: &Pubkey, now_ts: i64) -> Result<()> {
        require_keys_neq!(
            self.pending_admin,
            Pubkey::default(),
            VaultError::NoPendingAdmin
        );
        require_keys_eq!(*signer, self.pending_admin, VaultError::NotPendingAdmin);
        require_gte!(
            now_ts,
            self.pending_admin_not_before_ts,
            VaultError::DelayNotPassed
        );
        self.admin = self.pending_admin;
        self.pending_admin = Pubkey::default();
        self.pending_admin_not_before_ts = 0;
        Ok(())
    }

    /// Owner of the token accounts that fees may go to at `now_ts`.
    #[must_use]
    pub fn fee_recipient_at(&self, now_ts: i64) -> Pubkey {
        if self.is_role_due(Role::FeeRecipient, now_ts) {
            self.pending_role_key
        } else {
            self.fee_recipient
        }
    }

    /// Brings a role and a delay whose time has come into force; the limiter does so itself.
    pub fn activate_due(&mut self, now_ts: i64) {
        let role_to_fill = if self.is_role_due(Role::Guardian, now_ts) {
            Some(&mut self.guardian)
        } else if self.is_role_due(Role::FeeRecipient, now_ts) {
            Some(&mut self.fee_recipient)
        } else {
            None
        };
        if let Some(holder) = role_to_fill {
            *holder = self.pending_role_key;
            self.pending_role = 0;
            self.pending_role_key = Pubkey::default();
            self.pending_role_not_before_ts = 0;
        }
        if self.pending_delay_seconds != 0 && now_ts >= self.pending_delay_not_before_ts {
            self.delay_seconds = self.pending_delay_seconds;
            self.pending_delay_seconds = 0;
            self.pending_delay_not_before_ts = 0;
        }
    }

    /// The earliest time of a change that is proposed now, by the delay in force now.
    pub(super) fn not_before_ts(&mut self, now_ts: i64) -> i64 {
        self.activate_due(now_ts);
        now_ts.saturating_add_unsigned(self.delay_seconds)
    }

    fn is_role_due(&self, role: Role, now_ts: i64) -> bool {
        self.pending_role == role as u8 && now_ts >= self.pending_role_not_before_ts
    }
}
