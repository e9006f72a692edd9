//! One file per instruction: arguments, accounts, checks, handler.

mod accept_feed_authority;
mod create_feed;
mod propose_feed_authority;
mod publish_price;
mod raise_delay;
mod set_fallback;
mod set_limits;
mod set_publishers;

pub use accept_feed_authority::*;
pub use create_feed::*;
pub use propose_feed_authority::*;
pub use publish_price::*;
pub use raise_delay::*;
pub use set_fallback::*;
pub use set_limits::*;
pub use set_publishers::*;

pub use crate::state::{FallbackFeed, FeedLimits};
