//! Fixed figures of funding.

use anchor_lang::prelude::*;

/// Version of the account layouts of this program.
pub const LAYOUT_VERSION: u8 = 1;
/// Hours whose samples and rates are kept, and that one update may catch up.
pub const KEPT_HOURS: usize = 24;
pub const SECONDS_PER_HOUR: i64 = 3_600;
/// Two samples are at least this far apart.
pub const MIN_SAMPLE_SECONDS: i64 = 10;
/// Longest time that one sample stands for.
pub const MAX_SAMPLE_WEIGHT_SECONDS: i64 = 300;
/// A mark price older than this says nothing about the premium.
pub const MARK_MAX_AGE_SECONDS: i64 = 300;
/// Highest clamp that can be set: 1 % per hour.
pub const MAX_MAX_RATE_E9: i64 = 10_000_000;

/// Lists the instructions of the running transaction.
pub const INSTRUCTIONS_SYSVAR: Pubkey = pubkey!("Sysvar1nstructions1111111111111111111111111");
