//! Changes of a feed that wait for its delay. All but the authority's come into force by themselves.

use anchor_lang::prelude::*;

use super::{FallbackFeed, FeedLimits, PriceFeed, PublisherSet};
use crate::{constants::MAX_SECONDS, error::OracleError};

impl PriceFeed {
    /// Brings changes whose delay has passed into force.
    pub fn activate_due(&mut self, now_ts: i64) {
        if is_due(self.pending_limits_not_before_ts, now_ts) {
            self.limits = self.pending_limits;
            self.pending_limits_not_before_ts = 0;
        }
        if is_due(self.pending_publishers_not_before_ts, now_ts) {
            let publishers = self.pending_publishers;
            self.replace_publishers(&publishers);
            self.pending_publishers_not_before_ts = 0;
        }
        if is_due(self.pending_fallback_not_before_ts, now_ts) {
            self.fallback = self.pending_fallback;
            self.pending_fallback_not_before_ts = 0;
        }
        self.activate_due_delay(now_ts);
    }

    fn activate_due_delay(&mut self, now_ts: i64) {
        if is_due(self.pending_delay_not_before_ts, now_ts) {
            self.delay_seconds = self.pending_delay_seconds;
            self.pending_delay_seconds = 0;
            self.pending_delay_not_before_ts = 0;
        }
    }

    /// The limits in force at `now_ts`, whether or not a publication has brought them into force.
    #[must_use]
    pub fn limits_at(&self, now_ts: i64) -> &FeedLimits {
        if is_due(self.pending_limits_not_before_ts, now_ts) {
            &self.pending_limits
        } else {
            &self.limits
        }
    }

    /// The fallback in force at `now_ts`.
    #[must_use]
    pub fn fallback_at(&self, now_ts: i64) -> &FallbackFeed {
        if is_due(self.pending_fallback_not_before_ts, now_ts) {
            &self.pending_fallback
        } else {
            &self.fallback
        }
    }

    /// Whether fewer of the publishers in force at `now_ts` are fresh than make a price.
    #[must_use]
    pub fn has_too_few_publishers(&self, now_ts: i64) -> bool {
        let fresh = self.fresh_publishers(now_ts);
        if is_due(self.pending_publishers_not_before_ts, now_ts) {
            let set = &self.pending_publishers;
            let keys = &set.keys[..set.count as usize];
            let staying = fresh.filter(|publisher| keys.contains(&publisher.key));
            return staying.count() < set.min_publishers as usize;
        }
        fresh.count() < self.min_publishers as usize
    }

    /// Schedules a longer delay: whoever steals the authority's key must not shorten what protects from it.
    ///
    /// # Errors
    /// `DelayNotRaised`, `DelayTooLong`.
    pub fn schedule_delay(&mut self, delay_seconds: u32, now_ts: i64) -> Result<i64> {
        self.activate_due_delay(now_ts);
        let not_before_ts = self.not_before_ts(now_ts);
        let raised_seconds = u64::from(delay_seconds);
        require_gt!(
            raised_seconds,
            self.delay_seconds,
            OracleError::DelayNotRaised
        );
        require_gte!(MAX_SECONDS, delay_seconds, OracleError::DelayTooLong);
        self.pending_delay_seconds = raised_seconds;
        self.pending_delay_not_before_ts = not_before_ts;
        self.activate_due_delay(now_ts);
        Ok(not_before_ts)
    }

    pub fn schedule_limits(&mut self, limits: FeedLimits, now_ts: i64) -> i64 {
        self.activate_due(now_ts);
        self.pending_limits = limits;
        self.pending_limits_not_before_ts = self.not_before_ts(now_ts);
        let not_before_ts = self.pending_limits_not_before_ts;
        self.activate_due(now_ts);
        not_before_ts
    }

    pub fn schedule_publishers(&mut self, publishers: PublisherSet, now_ts: i64) -> i64 {
        self.activate_due(now_ts);
        self.pending_publishers = publishers;
        self.pending_publishers_not_before_ts = self.not_before_ts(now_ts);
        let not_before_ts = self.pending_publishers_not_before_ts;
        self.activate_due(now_ts);
        not_before_ts
    }

    pub fn schedule_fallback(&mut self, fallback: FallbackFeed, now_ts: i64) -> i64 {
        self.activate_due(now_ts);
        self.pending_fallback = fallback;
        self.pending_fallback_not_before_ts = self.not_before_ts(now_ts);
        let not_before_ts = self.pending_fallback_not_before_ts;
        self.activate_due(now_ts);
        not_before_ts
    }

    pub fn propose_authority(&mut self, new_authority: Pubkey, now_ts: i64) {
        self.activate_due_delay(now_ts);
        self.pending_authority = new_authority;
        self.pending_authority_not_before_ts = self.not_before_ts(now_ts);
    }

    /// # Errors
    /// `NoPendingAuthority`, `NotPendingAuthority`, `DelayNotPassed`.
    pub fn accept_authority(&mut self, signer: &Pubkey, now_ts: i64) -> Result<()> {
        require_keys_neq!(
            self.pending_authority,
            Pubkey::default(),
            OracleError::NoPendingAuthority
        );
        require_keys_eq!(
            *signer,
            self.pending_authority,
            OracleError::NotPendingAuthority
        );
        require_gte!(
            now_ts,
            self.pending_authority_not_before_ts,
            OracleError::DelayNotPassed
        );
        self.authority = self.pending_authority;
        self.pending_authority = Pubkey::default();
        self.pending_authority_not_before_ts = 0;
        Ok(())
    }

    fn not_before_ts(&self, now_ts: i64) -> i64 {
        now_ts.saturating_add_unsigned(self.delay_seconds)
    }
}

fn is_due(not_before_ts: i64, now_ts: i64) -> bool {
    not_before_ts != 0 && now_ts >= not_before_ts
}
