//! The price feed. It owns its transitions; aggregation and the table of blocking bits are in `gdx_math`.

mod delayed;
mod feed_settings;
mod minute_ring;
mod price_feed;
mod reading;

pub use feed_settings::{FallbackFeed, FeedLimits, NewFeed, Publisher, PublisherSet};
pub use minute_ring::{MinuteRange, MinuteRing};
pub use price_feed::PriceFeed;
pub use reading::OracleReading;
