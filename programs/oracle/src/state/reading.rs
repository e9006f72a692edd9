//! What other programs read: a price and what is wrong with it.

use anchor_lang::prelude::*;
use gdx_math::oracle::ValidityBits;

use super::{price_feed::AVERAGE_PER_PRICE, FeedLimits, PriceFeed};
use crate::{
    constants::BPS,
    pyth::{read_price, PythPrice},
};

/// A price and its faults; `gdx_math::oracle::Action` says which of them block what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OracleReading {
    pub price_e6: u64,
    pub confidence_e6: u64,
    pub validity: ValidityBits,
}

impl PriceFeed {
    #[must_use]
    pub fn price_e6(&self) -> u64 {
        self.price_e6
    }

    /// Five-minute average.
    #[must_use]
    pub fn ema_e6(&self) -> u64 {
        self.ema_e9 / AVERAGE_PER_PRICE
    }

    /// One-hour average.
    #[must_use]
    pub fn twap_e6(&self) -> u64 {
        self.twap_e9 / AVERAGE_PER_PRICE
    }

    /// Low and high over the minutes from `from_ts` to `to_ts`; `None` outside the last sixty.
    #[must_use]
    pub fn low_high_e6(&self, from_ts: i64, to_ts: i64) -> Option<(u64, u64)> {
        self.minutes.low_high_e6(from_ts, to_ts, self.price_e6)
    }

    /// What is wrong with the feed's price at `now_ts`.
    #[must_use]
    pub fn validity(&self, now_ts: i64) -> ValidityBits {
        (self.quality(now_ts) | self.age(self.publish_ts, now_ts)).with(
            ValidityBits::TOO_FEW_PUBLISHERS,
            self.has_too_few_publishers(now_ts),
        )
    }

    /// The feed's price at `now_ts`.
    #[must_use]
    pub fn reading(&self, now_ts: i64) -> OracleReading {
        OracleReading {
            price_e6: self.price_e6,
            confidence_e6: self.confidence_e6,
            validity: self.validity(now_ts),
        }
    }

    /// The feed's price, or the fallback's when too few publishers are fresh and `fallback` is given.
    ///
    /// # Errors
    /// `WrongFallback`, `InvalidFallback` when an account is given that is not the fallback.
    pub fn reading_with_fallback(
        &self,
        now_ts: i64,
        fallback: Option<&AccountInfo<'_>>,
    ) -> Result<OracleReading> {
        let own = self.reading(now_ts);
        match fallback {
            Some(account) if own.validity.intersects(ValidityBits::TOO_FEW_PUBLISHERS) => {
                let price = read_price(account, self.fallback_at(now_ts))?;
                Ok(self.fallback_reading(&price, now_ts))
            }
            _ => Ok(own),
        }
    }

    /// Measured with the feed's limits against the fallback's own average.
    fn fallback_reading(&self, price: &PythPrice, now_ts: i64) -> OracleReading {
        let limits = self.limits_at(now_ts);
        let validity = quality_of(price.price_e6, price.confidence_e6, price.ema_e6, limits)
            | self.age(price.publish_ts, now_ts)
            | ValidityBits::ON_FALLBACK;
        OracleReading {
            price_e6: price.price_e6,
            confidence_e6: price.confidence_e6,
            validity,
        }
    }

    /// The bits that do not depend on the price's age.
    pub(super) fn quality(&self, now_ts: i64) -> ValidityBits {
        let limits = self.limits_at(now_ts);
        quality_of(self.price_e6, self.confidence_e6, self.ema_e6(), limits)
    }

    fn age(&self, publish_ts: i64, now_ts: i64) -> ValidityBits {
        let age_s = now_ts.saturating_sub(publish_ts);
        let limits = self.limits_at(now_ts);
        ValidityBits::VALID
            .with(ValidityBits::STALE, age_s > i64::from(limits.stale_seconds))
            .with(
                ValidityBits::TOO_OLD,
                age_s > i64::from(limits.too_old_seconds),
            )
    }
}

fn quality_of(
    price_e6: u64,
    confidence_e6: u64,
    average_e6: u64,
    limits: &FeedLimits,
) -> ValidityBits {
    let deviation_e6 = price_e6.abs_diff(average_e6);
    ValidityBits::VALID
        .with(ValidityBits::NON_POSITIVE, price_e6 == 0)
        .with(
            ValidityBits::TOO_UNCERTAIN,
            exceeds(confidence_e6, price_e6, limits.max_confidence_bps),
        )
        .with(
            ValidityBits::TOO_VOLATILE,
            exceeds(deviation_e6, average_e6, limits.max_deviation_bps),
        )
}

/// `part / whole > limit`; products of the largest prices fit in u128.
fn exceeds(part: u64, whole: u64, limit_bps: u32) -> bool {
    u128::from(part) * u128::from(BPS) > u128::from(whole) * u128::from(limit_bps)
}
