//! The record of one settled batch.

use anchor_lang::prelude::*;

use crate::constants::SETTLING_AFTER_SECONDS;

/// Address: `["batch", batch_id]`. One batch settles in one transaction, so it is confirmed as soon as it exists.
#[account(zero_copy)]
#[derive(Debug)]
pub struct SettlementBatch {
    pub batch_id: [u8; 32],
    /// Who settled it and gets the rent back.
    pub relayer: Pubkey,
    pub merkle_root: [u8; 32],
    /// When it was settled, unix seconds.
    pub timestamp: i64,
    pub sequence: u64,
    pub market_index: u32,
    pub trade_count: u16,
    /// A [`BatchStatus`].
    pub status: u8,
    pub bump: u8,
}

const _: () = assert!(size_of::<SettlementBatch>() == 120 && align_of::<SettlementBatch>() == 8);

/// Status byte of a [`SettlementBatch`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum BatchStatus {
    Pending = 0,
    Confirmed = 1,
    Failed = 2,
}

impl SettlementBatch {
    pub const SPACE: usize = 8 + size_of::<Self>();

    /// Whether the record may go although its market is not there to tell its last sequence: it is a day past the
    /// retention time. A market whose last batch is that old may itself be settled, and keeps that batch's id.
    pub fn is_orphaned(&self, retention_seconds: u32, now_ts: i64) -> bool {
        let kept_seconds = i64::from(retention_seconds) + SETTLING_AFTER_SECONDS;
        now_ts > self.timestamp.saturating_add(kept_seconds)
    }

    /// Whether the record may go: the market has moved on and the retention time has passed.
    pub fn is_prunable(&self, last_sequence: u64, retention_seconds: u32, now_ts: i64) -> bool {
        self.sequence < last_sequence
            && now_ts > self.timestamp.saturating_add(i64::from(retention_seconds))
    }
}
