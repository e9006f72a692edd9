//! Fixed figures of the price feeds.

use anchor_lang::prelude::*;

/// Version of the account layouts of this program.
pub const LAYOUT_VERSION: u8 = 1;
/// Publishers that one feed can have.
pub const MAX_PUBLISHERS: usize = 8;
/// Fewest publishers whose median makes a price: one liar among three moves nothing.
pub const MIN_PUBLISHERS: usize = 3;
/// Minutes whose low and high are kept.
pub const RING_MINUTES: usize = 60;
/// How far ahead of the chain's clock a publisher's clock may run.
pub const FUTURE_TOLERANCE_SECONDS: i64 = 5;
/// Highest price: a billion USDT, so that every average fits.
pub const MAX_PRICE_E6: u64 = 1_000_000_000 * 1_000_000;
/// Period of the average that volatility is measured against.
pub const EMA_PERIOD_SECONDS: u64 = 300;
/// Period of the average that a market settles at.
pub const TWAP_PERIOD_SECONDS: u64 = 3_600;
/// Longest delay and longest age limit that can be set: thirty days.
pub const MAX_SECONDS: u32 = 30 * 86_400;
/// One in basis points.
pub const BPS: u64 = 10_000;

/// Lists the instructions of the running transaction.
pub const INSTRUCTIONS_SYSVAR: Pubkey = pubkey!("Sysvar1nstructions1111111111111111111111111");
/// Owner of Pyth's `PriceUpdateV2` accounts.
pub const PYTH_RECEIVER: Pubkey = pubkey!("rec5EKMGg6MxZYaMdyBfgwp4d5rB9T1VQH5pJv5LtFJ");
