//! Events: past tense, numbered per feed, with the state after. Prices have none: the account says all.

use anchor_lang::prelude::*;

use crate::state::{FallbackFeed, FeedLimits};

/// Starts every event; `sequence` grows by one per event of the feed.
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
pub struct FeedCreated {
    pub head: EventHead,
    pub feed: Pubkey,
    pub symbol_hash: [u8; 32],
    pub authority: Pubkey,
    pub publishers: Vec<Pubkey>,
    pub min_publishers: u8,
    pub limits: FeedLimits,
    pub delay_seconds: u64,
}

#[event]
pub struct PublishersScheduled {
    pub head: EventHead,
    pub feed: Pubkey,
    pub publishers: Vec<Pubkey>,
    pub min_publishers: u8,
    pub not_before_ts: i64,
}

#[event]
pub struct LimitsScheduled {
    pub head: EventHead,
    pub feed: Pubkey,
    pub limits: FeedLimits,
    pub not_before_ts: i64,
}

#[event]
pub struct FallbackScheduled {
    pub head: EventHead,
    pub feed: Pubkey,
    pub fallback: FallbackFeed,
    pub not_before_ts: i64,
}

#[event]
pub struct FeedAuthorityProposed {
    pub head: EventHead,
    pub feed: Pubkey,
    pub authority: Pubkey,
    pub pending_authority: Pubkey,
    pub not_before_ts: i64,
}

#[event]
pub struct FeedAuthorityAccepted {
    pub head: EventHead,
    pub feed: Pubkey,
    pub authority: Pubkey,
}

#[event]
pub struct DelayRaiseScheduled {
    pub head: EventHead,
    pub feed: Pubkey,
    pub delay_seconds: u64,
    pub not_before_ts: i64,
}
