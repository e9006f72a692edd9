//! Where a batch stands in its market's chain.

use anchor_lang::prelude::*;
use gdx_batch::Header;

use crate::{
    constants::MAX_FUTURE_SECONDS,
    error::PositionError,
    settlement::record_address,
    state::{PerpMarket, SettlementBatch},
};

/// What the market's chain says about a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The next one.
    Next,
    /// Settled before with the same content: nothing to do.
    Known,
}

/// # Errors
/// `BatchOutOfOrder`, `BatchPreviousMismatch`, `BatchFromFuture`; for a settled sequence `BatchConflict`, `BatchTooOld` or
/// `WrongBatchAddress`.
pub fn place(
    header: &Header<'_>,
    batch_id: &[u8; 32],
    market: &PerpMarket,
    record: &AccountInfo<'_>,
    retention_seconds: u32,
    now_ts: i64,
) -> Result<Place> {
    let last = market.last_batch_sequence;
    if header.sequence <= last {
        return place_of_settled(header, batch_id, market, record, retention_seconds, now_ts);
    }
    require!(header.sequence - last == 1, PositionError::BatchOutOfOrder);
    require!(
        *header.previous_id == market.last_batch_id,
        PositionError::BatchPreviousMismatch
    );
    require!(
        executed_to_ts(header) <= now_ts.saturating_add(MAX_FUTURE_SECONDS),
        PositionError::BatchFromFuture
    );
    Ok(Place::Next)
}

/// A record that is missing was pruned or never written. A batch settles at most `MAX_FUTURE_SECONDS` before its own
/// last time, so until the retention time has passed since then it cannot have been pruned, and the sequence was
/// settled with other content. (Where the retention time was raised after a pruning, a batch that was pruned under
/// the shorter one is told to conflict until it is old enough for the longer one.)
#[inline(never)]
fn place_of_settled(
    header: &Header<'_>,
    batch_id: &[u8; 32],
    market: &PerpMarket,
    record: &AccountInfo<'_>,
    retention_seconds: u32,
    now_ts: i64,
) -> Result<Place> {
    if *batch_id == market.last_batch_id {
        return Ok(Place::Known);
    }
    let (address, _) = record_address(batch_id);
    require_keys_eq!(*record.key, address, PositionError::WrongBatchAddress);
    if is_record_of(record, market)? {
        return Ok(Place::Known);
    }
    let settled_from_ts = executed_to_ts(header).saturating_sub(MAX_FUTURE_SECONDS);
    let kept_until_ts = settled_from_ts.saturating_add(i64::from(retention_seconds));
    require_gt!(kept_until_ts, now_ts, PositionError::BatchTooOld);
    err!(PositionError::BatchConflict)
}

/// Whether the record exists and is of this market: an earlier one at the same address had another index.
fn is_record_of(record: &AccountInfo<'_>, market: &PerpMarket) -> Result<bool> {
    if *record.owner != crate::ID || record.data_len() != SettlementBatch::SPACE {
        return Ok(false);
    }
    let data = record.try_borrow_data()?;
    let record: &SettlementBatch = bytemuck::from_bytes(&data[8..]);
    Ok(record.market_index == market.market_index)
}

fn executed_to_ts(header: &Header<'_>) -> i64 {
    (header.executed_to_ms() / 1_000) as i64
}
