//! The index price, when funding may use it.

use anchor_lang::prelude::*;
use gdx_math::oracle::Action;
use oracle::state::PriceFeed;

use crate::error::FundingError;

/// # Errors
/// `PriceBlocked` when the table of blocking bits says so; the oracle's own errors for a wrong fallback.
pub fn index_price_e6(
    feed: &AccountLoader<'_, PriceFeed>,
    fallback: Option<&UncheckedAccount<'_>>,
    now_ts: i64,
) -> Result<u64> {
    let fallback = fallback.map(|account| account.as_ref());
    let reading = feed.load()?.reading_with_fallback(now_ts, fallback)?;
    require!(
        Action::UpdateFunding.is_allowed(reading.validity),
        FundingError::PriceBlocked
    );
    Ok(reading.price_e6)
}
