//! Settling a batch: what it is measured against, what it does to each position, where it is recorded.

mod chain;
mod position_account;
mod record;
mod terms;
mod v1;
mod v2;

pub use chain::*;
pub use record::*;
pub use terms::*;
pub use v1::settle_trades;
pub use v2::settle_nets;

use anchor_lang::prelude::*;
use gdx_batch::BatchError;
use gdx_math::oracle::Action;
use gdx_units::PriceE6;
use oracle::state::PriceFeed;

use crate::error::PositionError;

/// The feed's price, when it may be used for `action` now.
pub fn usable_price(feed: &PriceFeed, action: Action, clock: &Clock) -> Result<PriceE6> {
    let reading = feed.reading(clock.unix_timestamp);
    require!(
        action.is_allowed(reading.validity),
        PositionError::OracleNotUsable
    );
    Ok(PriceE6(reading.price_e6))
}

impl From<BatchError> for PositionError {
    fn from(error: BatchError) -> Self {
        match error {
            BatchError::UnknownVersion => Self::InvalidBatchVersion,
            BatchError::Malformed(rule) => {
                msg!("{}", rule);
                Self::BatchMalformed
            }
        }
    }
}

/// The value, or this program's error after the log has named the broken rule of the format.
pub fn read<T>(result: gdx_batch::Result<T>) -> Result<T> {
    result.map_err(|error| PositionError::from(error).into())
}

/// Names the trade or entry that a refusal is about; errors have fixed numbers and carry no index.
#[inline]
pub fn named<T>(result: Result<T>, kind: &str, index: usize) -> Result<T> {
    result.inspect_err(|_| msg!("refused at {} {}", kind, index))
}
