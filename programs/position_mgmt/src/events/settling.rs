//! Events of a market that is closed for good.

use anchor_lang::prelude::*;

use super::{EventHead, PositionAfter};
use crate::state::SettlementBatch;

#[event]
pub struct SettlingStarted {
    pub head: EventHead,
    pub market: Pubkey,
    pub settlement: Pubkey,
    /// A `SettlingReason`.
    pub reason: u8,
    /// At which every position is closed.
    pub price_e6: u64,
    pub open_interest_e8: u64,
    pub position_count: u32,
}

#[event]
pub struct PositionSettled {
    pub head: EventHead,
    pub market: Pubkey,
    pub after: PositionAfter,
    /// Signed like the size before.
    pub size_e8: i64,
    pub price_e6: u64,
    pub worth_atoms: i64,
    pub shortfall_atoms: i64,
    pub long_interest_e8: u64,
    pub short_interest_e8: u64,
    pub imbalance_atoms: i64,
}

#[event]
pub struct PositionPaid {
    pub head: EventHead,
    pub market: Pubkey,
    pub position: Pubkey,
    pub owner: Pubkey,
    /// Whose free collateral and lamports it went to.
    pub recipient: Pubkey,
    pub collateral_atoms: u64,
    pub paid_atoms: u64,
    /// Paid for all claims together, of all claims.
    pub payable_atoms: i64,
    pub claims_atoms: i64,
    pub market_collateral_atoms: i64,
    pub position_count: u32,
    pub realized_pnl_atoms: i64,
    pub accumulated_funding_atoms: i64,
}

#[event]
pub struct MarketClosed {
    pub head: EventHead,
    pub market: Pubkey,
    pub market_index: u32,
    pub last_batch_sequence: u64,
    pub paid_atoms: i64,
    /// What was left in pool and insurance, and went to the vault's fees.
    pub swept_atoms: u64,
}

/// Pruned without its market. The only event of the record, so its sequence is always 1.
#[event]
pub struct OrphanedBatchPruned {
    pub head: EventHead,
    pub market_index: u32,
    pub batch_id: [u8; 32],
    pub batch_sequence: u64,
}

impl OrphanedBatchPruned {
    pub fn of(batch: &SettlementBatch, clock: &Clock) -> Self {
        Self {
            head: EventHead::new(clock, 1),
            market_index: batch.market_index,
            batch_id: batch.batch_id,
            batch_sequence: batch.sequence,
        }
    }
}
