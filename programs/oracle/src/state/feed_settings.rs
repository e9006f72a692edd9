//! What the authority of a feed sets, and one publisher's last observation.

use anchor_lang::prelude::*;
use bytemuck::{Pod, Zeroable};

use crate::{
    constants::{BPS, MAX_PUBLISHERS, MAX_SECONDS, MIN_PUBLISHERS},
    error::OracleError,
};

/// When a price is uncertain, volatile, stale, too old.
#[derive(
    AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable,
)]
#[repr(C)]
pub struct FeedLimits {
    /// Widest confidence, as a share of the price.
    pub max_confidence_bps: u32,
    /// Furthest from the five-minute average.
    pub max_deviation_bps: u32,
    /// Soft age limit; an observation older than this does not count toward a price.
    pub stale_seconds: u32,
    /// Hard age limit.
    pub too_old_seconds: u32,
}

/// Another oracle's account that stands in when too few publishers are alive; zeros = none.
#[derive(
    AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable,
)]
#[repr(C)]
pub struct FallbackFeed {
    /// A Pyth `PriceUpdateV2` account.
    pub account: Pubkey,
    pub feed_id: [u8; 32],
}

/// One publisher and what it said last.
#[zero_copy]
#[derive(Debug, Default)]
pub struct Publisher {
    pub key: Pubkey,
    pub price_e6: u64,
    pub confidence_e6: u64,
    pub publish_ts: i64,
    pub publish_slot: u64,
}

/// The publishers of a feed and how many of them make a price.
#[zero_copy]
#[derive(Debug, Default)]
pub struct PublisherSet {
    pub keys: [Pubkey; MAX_PUBLISHERS],
    pub count: u32,
    pub min_publishers: u32,
}

/// What `create_feed` knows.
pub struct NewFeed {
    pub symbol_hash: [u8; 32],
    pub authority: Pubkey,
    pub publishers: PublisherSet,
    pub limits: FeedLimits,
    pub delay_seconds: u32,
    pub bump: u8,
}

impl FeedLimits {
    /// # Errors
    /// `InvalidLimits`.
    pub fn validate(&self) -> Result<()> {
        let is_share = |bps: u32| (1..=BPS as u32).contains(&bps);
        require!(
            is_share(self.max_confidence_bps)
                && is_share(self.max_deviation_bps)
                && self.stale_seconds > 0
                && self.stale_seconds <= self.too_old_seconds
                && self.too_old_seconds <= MAX_SECONDS,
            OracleError::InvalidLimits
        );
        Ok(())
    }
}

impl FallbackFeed {
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.account != Pubkey::default()
    }
}

impl PublisherSet {
    /// # Errors
    /// `WrongPublisherCount`, `PublisherRepeated`, `InvalidMinPublishers`.
    pub fn new(publishers: &[Pubkey], min_publishers: u8) -> Result<Self> {
        let count = publishers.len();
        require!(
            (MIN_PUBLISHERS..=MAX_PUBLISHERS).contains(&count),
            OracleError::WrongPublisherCount
        );
        for (index, key) in publishers.iter().enumerate() {
            let is_new = *key != Pubkey::default() && !publishers[..index].contains(key);
            require!(is_new, OracleError::PublisherRepeated);
        }
        require!(
            (MIN_PUBLISHERS..=count).contains(&usize::from(min_publishers)),
            OracleError::InvalidMinPublishers
        );
        let mut set = Self {
            count: count as u32,
            min_publishers: u32::from(min_publishers),
            ..Self::default()
        };
        set.keys[..count].copy_from_slice(publishers);
        Ok(set)
    }
}
