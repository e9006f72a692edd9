//! A limit on the net outflow of a rolling window, which `gdx_math::net_outflow` measures.

use anchor_lang::prelude::*;
use bytemuck::{Pod, Zeroable};
use gdx_math::net_outflow::NetOutflow;

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

/// The limit in force, the one that waits for its delay, and the net outflow.
#[zero_copy]
#[derive(Debug, Default)]
pub struct WithdrawLimiter {
    pub current: WithdrawLimit,
    pub pending: WithdrawLimit,
    /// When `pending` comes into force; 0 when none waits.
    pub pending_not_before_ts: i64,
    /// When `window_net_atoms` was last brought up to date.
    pub window_start_ts: i64,
    /// Withdrawals minus deposits; the share of the window that passes is forgotten.
    pub window_net_atoms: i64,
    /// Was the net of the fixed window before, when windows were fixed; written no more.
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

    /// Brings a due limit into force and lets the outflow fade: until then in the old window, from then on in the new.
    pub fn advance(&mut self, now_ts: i64) {
        if self.pending_not_before_ts != 0 && now_ts >= self.pending_not_before_ts {
            let faded = self.outflow(self.pending_not_before_ts);
            self.store(faded);
            self.current = self.pending;
            self.pending = WithdrawLimit::default();
            self.pending_not_before_ts = 0;
        }
        let faded = self.outflow(now_ts);
        self.store(faded);
    }

    /// Counts a deposit.
    pub fn count_deposit(&mut self, amount_atoms: u64, now_ts: i64) {
        self.advance(now_ts);
        let outflow = self.outflow(now_ts).deposited(amount_atoms);
        self.store(outflow);
    }

    /// Counts a withdrawal of a user who took `user_withdrawn_atoms` in their window, this one included.
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
        let outflow = self.outflow(now_ts).withdrawn(amount_atoms);
        self.store(outflow);
        require!(
            self.current.limit_atoms == 0
                || user_withdrawn_atoms <= self.current.user_minimum_atoms
                || outflow.is_within(self.current.limit_atoms),
            VaultError::WithdrawLimitExceeded
        );
        Ok(())
    }

    fn outflow(&self, now_ts: i64) -> NetOutflow {
        let stored = NetOutflow {
            net_atoms: self.window_net_atoms,
            updated_ts: self.window_start_ts,
        };
        stored.decayed(now_ts, self.current.window_seconds)
    }

    fn store(&mut self, outflow: NetOutflow) {
        self.window_net_atoms = outflow.net_atoms;
        self.window_start_ts = outflow.updated_ts;
    }
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
        limiter.advance(1_149);
        assert_eq!(limiter.window_net_atoms, 500);
        limiter.advance(1_249);
        assert_eq!(limiter.window_net_atoms, 0);
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

    #[test]
    fn each_window_counts_for_its_own_time() {
        let mut limiter = limiter();
        limiter.count_withdrawal(1_000, 1_000, 1_000).unwrap();
        let longer = WithdrawLimit {
            window_seconds: 1_000,
            ..limiter.current
        };
        limiter.schedule(longer, 1_050, 1_000);
        limiter.advance(1_150);
        // half of it in the window of 100 s, then a tenth in that of 1,000 s
        assert_eq!(limiter.window_net_atoms, 450);
    }
}
