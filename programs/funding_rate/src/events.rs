//! Events: past tense, numbered per funding account, with the state after.

use anchor_lang::prelude::*;

/// Starts every event; `sequence` grows by one per event of the funding account.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct EventHead {
    pub slot: u64,
    pub ts: i64,
    pub sequence: u64,
}

impl EventHead {
    pub fn new(clock: &Clock, sequence: u64) -> Self {
        Self {
            slot: clock.slot,
            ts: clock.unix_timestamp,
            sequence,
        }
    }
}

#[event]
pub struct FundingCreated {
    pub head: EventHead,
    pub market: Pubkey,
    pub max_rate_e9: i64,
}

#[event]
pub struct FundingUpdated {
    pub head: EventHead,
    pub market: Pubkey,
    /// Hours that this update paid, of which some may have had no samples.
    pub hours: u64,
    /// End of the last of them.
    pub paid_until_ts: i64,
    /// Rate of the last of them, 1e-9 per hour.
    pub rate_e9: i64,
    /// Cumulative, 1e-4 atom per whole base unit.
    pub funding_index: i64,
}

#[event]
pub struct MaxRateScheduled {
    pub head: EventHead,
    pub market: Pubkey,
    pub max_rate_e9: i64,
    pub not_before_ts: i64,
}

#[event]
pub struct FundingClosed {
    pub head: EventHead,
    pub market: Pubkey,
    /// The last one, which the market settles with.
    pub funding_index: i64,
}
