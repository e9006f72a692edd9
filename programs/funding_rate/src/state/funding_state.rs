//! Premium samples of the last hours, and the funding that they led to.

use anchor_lang::prelude::*;

use super::FundingHour;
use crate::{
    constants::{
        KEPT_HOURS, LAYOUT_VERSION, MAX_SAMPLE_WEIGHT_SECONDS, MIN_SAMPLE_SECONDS, SECONDS_PER_HOUR,
    },
    error::FundingError,
    events::EventHead,
    seeds::SEED_FUNDING,
};

/// Address: `["funding", market]`; signs for the market's funding.
#[account(zero_copy)]
#[derive(Debug)]
pub struct FundingState {
    pub market: Pubkey,
    /// Samples of the hour `h` since 1970 are at `h % 24`.
    pub hours: [FundingHour; KEPT_HOURS],
    /// Rate of the hour `h` is at `h % 24`, 1e-9 per hour, + = longs pay.
    pub rates_e9: [i64; KEPT_HOURS],
    /// The first hour that is not paid yet.
    pub next_hour: i64,
    pub last_rate_e9: i64,
    /// Cumulative, 1e-4 atom per whole base unit; the market has the same.
    pub funding_index: i64,
    pub last_update_ts: i64,
    pub last_sample_ts: i64,
    pub last_premium_e9: i64,
    /// The market's own premium accumulator, as far as it is counted here.
    pub market_premium_sum_e9: i64,
    pub market_weight_seconds: u64,
    /// Clamp of the first hour that is not paid yet.
    pub max_rate_e9: i64,
    /// Clamp of the hours that end from `pending_max_rate_not_before_ts` on.
    pub pending_max_rate_e9: i64,
    /// 0 when no other clamp waits.
    pub pending_max_rate_not_before_ts: i64,
    pub event_sequence: u64,
    pub layout_version: u8,
    pub bump: u8,
    pub reserved: [u8; 62],
}

const _: () = assert!(size_of::<FundingState>() == 1_152 && align_of::<FundingState>() == 8);

/// The premium accumulator that settled batches leave in a market.
#[derive(Clone, Copy, Debug)]
pub struct MarketPremium {
    pub sum_e9: i64,
    /// Wraps around.
    pub weight_seconds: u32,
    /// When the market last added to it.
    pub last_ts: i64,
}

/// What an update did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FundingUpdate {
    pub hours: u64,
    pub paid_until_ts: i64,
    pub rate_e9: i64,
    pub funding_index: i64,
}

impl FundingState {
    pub const SPACE: usize = 8 + size_of::<Self>();

    /// Starts at the market's index and at the current hour; what the market accumulated before does not count.
    pub fn open(
        &mut self,
        market: Pubkey,
        funding_index: i64,
        premium: MarketPremium,
        max_rate_e9: i64,
        bump: u8,
        now_ts: i64,
    ) {
        self.market = market;
        self.funding_index = funding_index;
        self.market_premium_sum_e9 = premium.sum_e9;
        self.market_weight_seconds = u64::from(premium.weight_seconds);
        self.max_rate_e9 = max_rate_e9;
        self.next_hour = hour_of(now_ts);
        self.last_update_ts = now_ts;
        self.last_sample_ts = now_ts;
        self.bump = bump;
        self.layout_version = LAYOUT_VERSION;
    }

    /// Seeds of this address; takes the parts alone, so that no borrow lasts into a CPI.
    pub fn seeds_with<'a>(market: &'a Pubkey, bump: &'a u8) -> [&'a [u8]; 3] {
        [SEED_FUNDING, market.as_ref(), std::slice::from_ref(bump)]
    }

    /// Header of the next event of this account.
    pub fn next_head(&mut self, clock: &Clock) -> EventHead {
        self.event_sequence = self.event_sequence.wrapping_add(1);
        EventHead::new(clock, self.event_sequence)
    }

    /// Counts a premium for the time since the last sample, at most five minutes and never before this hour.
    ///
    /// # Errors
    /// `SampleTooSoon`, `FundingOverdue`.
    pub fn sample(&mut self, premium_e9: i64, index_price_e6: u64, now_ts: i64) -> Result<()> {
        require!(
            self.has_room_for(hour_of(now_ts)),
            FundingError::FundingOverdue
        );
        let elapsed_s = now_ts.saturating_sub(self.last_sample_ts);
        require_gte!(elapsed_s, MIN_SAMPLE_SECONDS, FundingError::SampleTooSoon);
        let since_hour_s = now_ts.rem_euclid(SECONDS_PER_HOUR);
        let weight_s = elapsed_s
            .min(MAX_SAMPLE_WEIGHT_SECONDS)
            .min(since_hour_s)
            .max(1);
        let sum_e9 = premium_e9
            .checked_mul(weight_s)
            .ok_or(FundingError::MathOverflow)?;
        self.hour_mut(hour_of(now_ts))
            .add(sum_e9, weight_s.unsigned_abs(), index_price_e6)?;
        self.last_sample_ts = now_ts;
        self.last_premium_e9 = premium_e9;
        Ok(())
    }

    /// Counts what settled batches added to the market's accumulator since the last look, in the hour of the last
    /// of them; an hour that is paid already gets nothing more. While that hour would push out one that is not
    /// paid yet, nothing is counted: the accumulator waits in the market.
    pub fn collect(&mut self, premium: MarketPremium, index_price_e6: u64) -> Result<()> {
        let hour = hour_of(premium.last_ts);
        if !self.has_room_for(hour) {
            return Ok(());
        }
        let counted_s = self.market_weight_seconds as u32;
        let weight_s = premium.weight_seconds.wrapping_sub(counted_s);
        let sum_e9 = premium
            .sum_e9
            .checked_sub(self.market_premium_sum_e9)
            .ok_or(FundingError::MathOverflow)?;
        self.market_premium_sum_e9 = premium.sum_e9;
        self.market_weight_seconds = u64::from(premium.weight_seconds);
        if weight_s == 0 || hour < self.next_hour {
            return Ok(());
        }
        self.hour_mut(hour)
            .add(sum_e9, u64::from(weight_s), index_price_e6)
    }

    /// Pays every full hour that is not paid yet, at most twenty-four of them, each with the clamp that was in
    /// force when it ended.
    ///
    /// # Errors
    /// `FundingNotDue`.
    pub fn update(&mut self, now_ts: i64) -> Result<FundingUpdate> {
        let due = hour_of(now_ts).saturating_sub(self.next_hour);
        require_gt!(due, 0, FundingError::FundingNotDue);
        let end = self.next_hour + due.min(KEPT_HOURS as i64);
        for hour in self.next_hour..end {
            self.activate_clamp_of(hour);
            let samples = self.hours[slot(hour)];
            let (rate_e9, step) = if samples.hour == hour {
                samples.settle(self.max_rate_e9)?
            } else {
                (0, 0)
            };
            self.funding_index = self
                .funding_index
                .checked_add(step)
                .ok_or(FundingError::MathOverflow)?;
            self.rates_e9[slot(hour)] = rate_e9;
            self.last_rate_e9 = rate_e9;
        }
        let hours = end.abs_diff(self.next_hour);
        self.next_hour = end;
        self.activate_due(now_ts);
        self.last_update_ts = now_ts;
        Ok(FundingUpdate {
            hours,
            paid_until_ts: end * SECONDS_PER_HOUR,
            rate_e9: self.last_rate_e9,
            funding_index: self.funding_index,
        })
    }

    /// Schedules another clamp; it comes into force by itself, for the hours that end from then on.
    ///
    /// # Errors
    /// `FundingOverdue` when a clamp that is in force already still waits for earlier hours to be paid.
    pub fn schedule_max_rate(
        &mut self,
        max_rate_e9: i64,
        not_before_ts: i64,
        now_ts: i64,
    ) -> Result<()> {
        self.activate_due(now_ts);
        let is_in_force = self.pending_max_rate_not_before_ts != 0
            && now_ts >= self.pending_max_rate_not_before_ts;
        require!(!is_in_force, FundingError::FundingOverdue);
        self.pending_max_rate_e9 = max_rate_e9;
        self.pending_max_rate_not_before_ts = not_before_ts;
        self.activate_due(now_ts);
        Ok(())
    }

    /// The rate is within the clamp that can be set at all, and no hour is paid before it has passed.
    pub fn invariant(&self, now_ts: i64) -> Result<()> {
        let is_consistent = self.next_hour <= hour_of(now_ts)
            && self.max_rate_e9 > 0
            && self.last_rate_e9.abs() <= crate::constants::MAX_MAX_RATE_E9;
        require!(is_consistent, FundingError::FundingInconsistent);
        Ok(())
    }

    /// Brings a clamp whose time has come into force, unless an earlier hour is still to be paid with the old one.
    fn activate_due(&mut self, now_ts: i64) {
        if now_ts >= self.pending_max_rate_not_before_ts {
            self.activate_clamp_of(self.next_hour);
        }
    }

    /// Brings the clamp into force that is the one of `hour`: what is in force when it ends.
    fn activate_clamp_of(&mut self, hour: i64) {
        let ends_ts = hour.saturating_add(1).saturating_mul(SECONDS_PER_HOUR);
        if self.pending_max_rate_not_before_ts != 0
            && ends_ts >= self.pending_max_rate_not_before_ts
        {
            self.max_rate_e9 = self.pending_max_rate_e9;
            self.pending_max_rate_e9 = 0;
            self.pending_max_rate_not_before_ts = 0;
        }
    }

    /// Whether samples of `hour` take no unpaid hour's place.
    fn has_room_for(&self, hour: i64) -> bool {
        hour.saturating_sub(self.next_hour) < KEPT_HOURS as i64
    }

    fn hour_mut(&mut self, hour: i64) -> &mut FundingHour {
        let samples = &mut self.hours[slot(hour)];
        if samples.hour != hour {
            *samples = FundingHour {
                hour,
                ..FundingHour::default()
            };
        }
        samples
    }
}

fn hour_of(ts: i64) -> i64 {
    ts.div_euclid(SECONDS_PER_HOUR)
}

fn slot(hour: i64) -> usize {
    hour.rem_euclid(KEPT_HOURS as i64) as usize
}
