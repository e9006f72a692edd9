//! Fixed figures of this program.

use std::ops::RangeInclusive;

use anchor_lang::prelude::*;

/// Version of the account layouts of this program, but of the configuration's.
pub const LAYOUT_VERSION: u8 = 1;
/// Version of the configuration's layout.
pub const CONFIG_LAYOUT_VERSION: u8 = 2;
/// Version of a market's layout: from 2 on its positions are counted.
pub const MARKET_LAYOUT_VERSION: u8 = 2;
/// Relayers that may be approved at one time.
pub const MAX_RELAYERS: usize = 4;
/// Bits of the batch versions this program reads.
pub const KNOWN_BATCH_VERSIONS: u8 = 0b11;
/// Largest `min_batch_size`: what one transaction surely holds.
pub const MAX_MIN_BATCH_SIZE: u32 = 18;
/// Longest delay of changes that touch money: thirty days.
pub const MAX_DELAY_SECONDS: u32 = 30 * 86_400;
/// Longest canary.
pub const MAX_CANARY_BATCHES: u32 = 10_000;
/// Largest slippage floor, a hundred billion USDT: no limit in practice, and sums with it fit.
pub const MAX_SLIPPAGE_FLOOR_ATOMS: u64 = 100_000_000_000_000_000;
/// Age of a beat from which another may take over: up to a day.
pub const TAKEOVER_SLOTS: RangeInclusive<u32> = 1..=216_000;
/// Slots that a release waits: at least one, so that trades already matched settle first, and at most an hour, so
/// that nobody's money is locked by a setting.
pub const RELEASE_DELAY_SLOTS: RangeInclusive<u32> = 1..=9_000;
/// Time that a settled batch is kept: a minute to thirty days.
pub const BATCH_RETENTION_SECONDS: RangeInclusive<u32> = 60..=30 * 86_400;
/// How far a batch's times may lie ahead of the chain's clock.
pub const MAX_FUTURE_SECONDS: i64 = 60;
/// Period of the mark price's average.
pub const MARK_EMA_SECONDS: u64 = 60;
/// Longest time for which one batch's premium counts.
pub const MAX_PREMIUM_WEIGHT_SECONDS: u64 = 300;
/// Largest premium that is accumulated, 10 %.
pub const MAX_PREMIUM_E9: i64 = 100_000_000;
/// Window of the slippage caps.
pub const SLIPPAGE_WINDOW_SECONDS: u64 = 3_600;
/// Time without a batch after which anyone may start settling a market: a day.
pub const SETTLING_AFTER_SECONDS: i64 = 86_400;
/// Time without a batch after which a market settles at its oracle's last average, however old: three days.
pub const SETTLING_WITHOUT_ORACLE_SECONDS: i64 = 3 * 86_400;
/// Highest share of a fee or ratio in bps.
pub const MAX_BPS: u16 = 10_000;
/// Highest fee that a market may charge a taker, or pay a maker: 1 %.
pub const MAX_FEE_PPM: u16 = 10_000;
/// Highest liquidation fee: 5 %.
pub const MAX_LIQUIDATION_FEE_PPM: u16 = 50_000;

/// Longest pause of releases: 72 hours.
pub const RELEASE_PAUSE_SECONDS: i64 = 72 * 3_600;
/// How long releases stay open after a pause of them, at least.
pub const RELEASES_OPEN_SECONDS: i64 = 72 * 3_600;

/// Pause bits: each operation has its own.
pub const PAUSE_OPEN: u32 = 1 << 0;
pub const PAUSE_ADD_RISK: u32 = 1 << 1;
pub const PAUSE_SETTLE: u32 = 1 << 2;
pub const PAUSE_LIQUIDATE: u32 = 1 << 3;
pub const PAUSE_ADD_COLLATERAL: u32 = 1 << 4;
/// Lapses; see [`RELEASE_PAUSE_SECONDS`].
pub const PAUSE_RELEASE: u32 = 1 << 5;
pub const PAUSE_ALL: u32 = (1 << 6) - 1;

/// The program whose ["funding", market] address may set a market's funding.
pub const FUNDING_PROGRAM: Pubkey = pubkey!("7pesakUdHrG2Ui7knwwVtjRkRuCtoDUKVQ2S2ZEMFCkd");

/// Lists the instructions of the running transaction.
pub const INSTRUCTIONS_SYSVAR: Pubkey = pubkey!("Sysvar1nstructions1111111111111111111111111");
