//! A price feed: publishers in, a median with its quality out.

use anchor_lang::prelude::*;
use gdx_math::statistics::{aggregate, ema_e6, Quote};

use super::{FallbackFeed, FeedLimits, MinuteRing, NewFeed, Publisher, PublisherSet};
use crate::{
    constants::{
        EMA_PERIOD_SECONDS, FUTURE_TOLERANCE_SECONDS, LAYOUT_VERSION, MAX_PRICE_E6, MAX_PUBLISHERS,
        TWAP_PERIOD_SECONDS,
    },
    error::OracleError,
    events::EventHead,
};

/// Averages carry three more digits than prices, so that small steps are not lost.
pub(super) const AVERAGE_PER_PRICE: u64 = 1_000;

/// Address: `["feed", symbol_hash]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct PriceFeed {
    /// SHA-256 of the symbol.
    pub symbol_hash: [u8; 32],
    pub authority: Pubkey,
    pub pending_authority: Pubkey,
    pub fallback: FallbackFeed,
    pub pending_fallback: FallbackFeed,
    pub publishers: [Publisher; MAX_PUBLISHERS],
    pub pending_publishers: PublisherSet,
    pub minutes: MinuteRing,
    /// Median of the publishers that were fresh when there were enough of them; 0 before.
    pub price_e6: u64,
    pub confidence_e6: u64,
    /// Newest observation in the price, never after the chain's clock.
    pub publish_ts: i64,
    pub publish_slot: u64,
    /// The last price within the limits.
    pub last_good_price_e6: u64,
    pub last_good_ts: i64,
    /// Five-minute average.
    pub ema_e9: u64,
    /// One-hour average.
    pub twap_e9: u64,
    pub average_ts: i64,
    pub limits: FeedLimits,
    pub pending_limits: FeedLimits,
    /// When each pending change comes into force; 0 when none waits.
    pub pending_limits_not_before_ts: i64,
    pub pending_publishers_not_before_ts: i64,
    pub pending_fallback_not_before_ts: i64,
    pub pending_authority_not_before_ts: i64,
    pub delay_seconds: u64,
    pub event_sequence: u64,
    pub publisher_count: u32,
    pub min_publishers: u32,
    pub layout_version: u8,
    pub bump: u8,
    pub reserved: [u8; 6],
    /// A longer delay that waits; 0 when none does.
    pub pending_delay_seconds: u64,
    pub pending_delay_not_before_ts: i64,
    pub reserved_tail: [u8; 48],
}

const _: () = assert!(size_of::<PriceFeed>() == 2_200 && align_of::<PriceFeed>() == 8);

impl PriceFeed {
    pub const SPACE: usize = 8 + size_of::<Self>();

    pub fn open(&mut self, new: &NewFeed) {
        self.symbol_hash = new.symbol_hash;
        self.authority = new.authority;
        self.limits = new.limits;
        self.delay_seconds = u64::from(new.delay_seconds);
        self.bump = new.bump;
        self.layout_version = LAYOUT_VERSION;
        self.replace_publishers(&new.publishers);
    }

    /// Header of the next event of this feed.
    pub fn next_head(&mut self, clock: &Clock) -> EventHead {
        self.event_sequence = self.event_sequence.wrapping_add(1);
        EventHead::new(clock, self.event_sequence)
    }

    /// Takes one publisher's observation and, when enough publishers are fresh, makes a new price.
    ///
    /// # Errors
    /// `NotPublisher`, `PublishTimeNotLater`, `PublishTimeInFuture`.
    pub fn publish(
        &mut self,
        key: &Pubkey,
        quote: Quote,
        publish_ts: i64,
        clock: &Clock,
    ) -> Result<()> {
        let now_ts = clock.unix_timestamp;
        let publisher = self.publishers[..self.publisher_count as usize]
            .iter_mut()
            .find(|publisher| publisher.key == *key)
            .ok_or(OracleError::NotPublisher)?;
        require!(
            publish_ts > publisher.publish_ts,
            OracleError::PublishTimeNotLater
        );
        require!(
            publish_ts <= now_ts.saturating_add(FUTURE_TOLERANCE_SECONDS),
            OracleError::PublishTimeInFuture
        );
        publisher.price_e6 = quote.price_e6;
        publisher.confidence_e6 = quote.confidence_e6;
        publisher.publish_ts = publish_ts;
        publisher.publish_slot = clock.slot;
        self.aggregate(clock)
    }

    fn aggregate(&mut self, clock: &Clock) -> Result<()> {
        let now_ts = clock.unix_timestamp;
        let mut quotes = [Quote::default(); MAX_PUBLISHERS];
        let (mut count, mut newest_ts) = (0, i64::MIN);
        for publisher in self.fresh_publishers(now_ts) {
            quotes[count] = Quote {
                price_e6: publisher.price_e6,
                confidence_e6: publisher.confidence_e6,
            };
            newest_ts = newest_ts.max(publisher.publish_ts);
            count += 1;
        }
        if count < self.min_publishers as usize {
            return Ok(());
        }
        let Some(median) = aggregate(&mut quotes[..count]) else {
            return Ok(());
        };
        self.minutes.record(median.price_e6, self.price_e6, now_ts);
        self.update_averages(median.price_e6, now_ts)?;
        self.price_e6 = median.price_e6;
        self.confidence_e6 = median.confidence_e6;
        self.publish_ts = newest_ts.min(now_ts);
        self.publish_slot = clock.slot;
        if self.quality(now_ts).0 == 0 {
            self.last_good_price_e6 = self.price_e6;
            self.last_good_ts = self.publish_ts;
        }
        Ok(())
    }

    fn update_averages(&mut self, price_e6: u64, now_ts: i64) -> Result<()> {
        let sample_e9 = price_e6 * AVERAGE_PER_PRICE; // fits: prices are at most MAX_PRICE_E6
        let elapsed_s = u64::try_from(now_ts.saturating_sub(self.average_ts)).unwrap_or(0);
        // Silence is no observation: what the price is compared with moves no further than an observation's life,
        // or a jump after five minutes without a price would be its own measure. The hourly average does not wait,
        // because settling, which everybody may need, does not start while the price is far from it.
        let observed_s = elapsed_s.min(u64::from(self.limits_at(now_ts).stale_seconds));
        let average = |previous_e9: u64, elapsed_s: u64, period_s: u64| {
            ema_e6(previous_e9, sample_e9, elapsed_s, period_s)
                .map_err(|_| error!(OracleError::MathOverflow))
        };
        self.ema_e9 = average(self.ema_e9, observed_s, EMA_PERIOD_SECONDS)?;
        self.twap_e9 = average(self.twap_e9, elapsed_s, TWAP_PERIOD_SECONDS)?;
        self.average_ts = self.average_ts.max(now_ts);
        Ok(())
    }

    /// Publishers whose observation is not older than the soft limit.
    pub(super) fn fresh_publishers(&self, now_ts: i64) -> impl Iterator<Item = &Publisher> {
        let oldest_ts = now_ts.saturating_sub(i64::from(self.limits_at(now_ts).stale_seconds));
        self.publishers[..self.publisher_count as usize]
            .iter()
            .filter(move |publisher| publisher.price_e6 > 0 && publisher.publish_ts >= oldest_ts)
    }

    /// Counts and ranges that every instruction leaves behind.
    pub fn invariant(&self) -> Result<()> {
        let is_counted = self.min_publishers <= self.publisher_count
            && self.publisher_count as usize <= MAX_PUBLISHERS;
        let has_averages = (self.price_e6 == 0) == (self.ema_e9 == 0)
            && (self.price_e6 == 0) == (self.minutes.newest_minute == 0);
        require!(
            is_counted && has_averages && self.price_e6 <= MAX_PRICE_E6,
            OracleError::FeedInconsistent
        );
        Ok(())
    }

    /// A publisher that stays keeps its observation.
    pub(super) fn replace_publishers(&mut self, set: &PublisherSet) {
        let old = self.publishers;
        self.publishers = [Publisher::default(); MAX_PUBLISHERS];
        for (publisher, key) in self
            .publishers
            .iter_mut()
            .zip(&set.keys[..set.count as usize])
        {
            let known = old.iter().find(|publisher| publisher.key == *key);
            *publisher = known.copied().unwrap_or(Publisher {
                key: *key,
                ..Publisher::default()
            });
        }
        self.publisher_count = set.count;
        self.min_publishers = set.min_publishers;
    }
}
