//! A limit on the net outflow of a rolling window.
//!
//! Net, not gross: who cycles deposits and withdrawals uses up nothing. The rolling window is
//! estimated from two fixed ones, the earlier weighted by the part of it that is still in view.

use anchor_lang::prelude::*;
use bytemuck::{Pod, Zeroable};

use crate::error::VaultError;

/// What the admin sets.
#[derive(
    AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable,
)]
#[repr(C)]
pub struct WithdrawLimit {
    /// Greatest net outflow of one window, in atoms; 0 means no limit.
    pub limit_atoms: u64,
    /// What one user may always withdraw in one window, in atoms.
    pub user_minimum_atoms: u64,
    /// Length of the window.
    pub window_seconds: u64,
}

/// The limit in force, the one that waits for its delay, and the flows of two windows.
#[zero_copy]
#[derive(Debug, Default)]
pub struct WithdrawLimiter {
    pub current: WithdrawLimit,
    pub pending: WithdrawLimit,
    /// When `pending` comes into force; 0 when none waits.
    pub pending_not_before_ts: i64,
    pub window_start_ts: i64,
    /// Withdrawals minus deposits since `window_start_ts`.
    pub window_net_atoms: i64,
    /// The same of the window before.
    pub previous_net_atoms: i64,
}

impl WithdrawLimit {
    pub const MAX_WINDOW_SECONDS: u64 = 30 * 86_400;

    /// # Errors
    /// `InvalidLimitWindow` when the window is empty or longer than thirty days.
    pub fn validate(&self) -> Result<()> {
        require!(
            (1..=Self::MAX_WINDOW_SECONDS).contains(&self.window_seconds),
            VaultError::InvalidLimitWindow
        );
        Ok(())
    }
}

impl WithdrawLimiter {
    /// Schedules a new limit; it comes into force by itself at `not_before_ts`.
    pub fn schedule(&mut self, limit: WithdrawLimit, not_before_ts: i64, now_ts: i64) {
        self.advance(now_ts);
        self.pending = limit;
        self.pending_not_before_ts = not_before_ts;
        self.advance(now_ts);
    }

    /// Brings a due limit into force and moves the windows on to `now_ts`.
    pub fn advance(&mut self, now_ts: i64) {
        if self.pending_not_before_ts != 0 && now_ts >= self.pending_not_before_ts {
            self.current = self.pending;
            self.pending = WithdrawLimit::default();
            self.pending_not_before_ts = 0;
        }
        let window = self.window_seconds();
        let elapsed = now_ts.saturating_sub(self.window_start_ts);
        if elapsed < window {
            return;
        }
        self.previous_net_atoms = if elapsed < window.saturating_mul(2) {
            self.window_net_atoms
        } else {
            0
        };
        self.window_net_atoms = 0;
        self.window_start_ts = now_ts - elapsed % window;
    }

    /// Counts a deposit.
    pub fn count_deposit(&mut self, amount_atoms: u64, now_ts: i64) -> Result<()> {
        self.advance(now_ts);
        self.add_net(-signed(amount_atoms)?)
    }

    /// Counts a withdrawal of a user who took `user_withdrawn_atoms` in this window, this one included.
    ///
    /// # Errors
    /// `WithdrawLimitExceeded` when the net outflow passes the limit and the user's own minimum is used up.
    pub fn count_withdrawal(
        &mut self,
        amount_atoms: u64,
        user_withdrawn_atoms: u64,
        now_ts: i64,
    ) -> Result<()> {
        self.advance(now_ts);
        self.add_net(signed(amount_atoms)?)?;
        let is_small = user_withdrawn_atoms <= self.current.user_minimum_atoms;
        let is_within =
            i128::from(self.net_outflow_atoms(now_ts)) <= i128::from(self.current.limit_atoms);
        require!(
            self.current.limit_atoms == 0 || is_small || is_within,
            VaultError::WithdrawLimitExceeded
        );
        Ok(())
    }

    /// Net outflow in view at `now_ts`, rounded up, against the one who withdraws.
    #[must_use]
    pub fn net_outflow_atoms(&self, now_ts: i64) -> i64 {
        let window = self.window_seconds();
        let elapsed = now_ts.saturating_sub(self.window_start_ts).clamp(0, window);
        let product = i128::from(self.previous_net_atoms) * i128::from(window - elapsed);
        let divisor = i128::from(window);
        let carried = product.div_euclid(divisor) + i128::from(product.rem_euclid(divisor) != 0);
        // |carried| <= |previous_net_atoms|, so it fits.
        self.window_net_atoms.saturating_add(carried as i64)
    }

    fn window_seconds(&self) -> i64 {
        self.current.window_seconds.max(1) as i64
    }

    fn add_net(&mut self, change_atoms: i64) -> Result<()> {
        self.window_net_atoms = self
            .window_net_atoms
            .checked_add(change_atoms)
            .ok_or(VaultError::LedgerOverflow)?;
        Ok(())
    }
}

fn signed(amount_atoms: u64) -> Result<i64> {
    i64::try_from(amount_atoms).map_err(|_| error!(VaultError::LedgerOverflow))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter() -> WithdrawLimiter {
        let mut limiter = WithdrawLimiter::default();
        let limit = WithdrawLimit {
            limit_atoms: 1_000,
            user_minimum_atoms: 10,
            window_seconds: 100,
        };
        limiter.schedule(limit, 1_000, 1_000);
        limiter
    }

    #[test]
    fn cycling_deposits_uses_up_nothing() {
        let mut limiter = limiter();
        for _ in 0..50 {
            limiter.count_deposit(5_000, 1_001).unwrap();
            limiter.count_withdrawal(5_000, 5_000, 1_001).unwrap();
        }
        assert_eq!(limiter.net_outflow_atoms(1_001), 0);
        limiter.count_withdrawal(1_000, 1_000, 1_002).unwrap();
    }

    #[test]
    fn small_withdrawals_pass_a_full_window() {
        let mut limiter = limiter();
        limiter.count_withdrawal(1_000, 1_000, 1_000).unwrap();
        assert!(limiter.count_withdrawal(11, 11, 1_000).is_err());
        let mut limiter = self::limiter();
        limiter.count_withdrawal(1_000, 1_000, 1_000).unwrap();
        limiter.count_withdrawal(10, 10, 1_000).unwrap();
    }

    #[test]
    fn outflow_leaves_the_view_gradually() {
        let mut limiter = limiter();
        limiter.count_withdrawal(1_000, 1_000, 1_099).unwrap();
        limiter.advance(1_150);
        assert_eq!(limiter.net_outflow_atoms(1_150), 500);
        limiter.advance(1_250);
        assert_eq!(limiter.net_outflow_atoms(1_250), 0);
    }

    #[test]
    fn a_scheduled_limit_waits_for_its_time() {
        let mut limiter = limiter();
        let tighter = WithdrawLimit {
            limit_atoms: 1,
            user_minimum_atoms: 0,
            window_seconds: 100,
        };
        limiter.schedule(tighter, 1_050, 1_000);
        limiter.count_withdrawal(900, 900, 1_049).unwrap();
        assert!(limiter.count_withdrawal(50, 950, 1_050).is_err());
    }
}
