use anchor_lang::prelude::*;
use gdx_math::funding::premium;
use gdx_units::PriceE6;
use oracle::state::PriceFeed;
use position_mgmt::{
    constants::MAX_PREMIUM_E9,
    state::{MarketStatus, PerpMarket},
};

use crate::{
    constants::MARK_MAX_AGE_SECONDS,
    error::FundingError,
    index_price::index_price_e6,
    state::{FundingState, MarketPremium},
};

#[derive(Accounts)]
pub struct SamplePremium<'info> {
    #[account(mut, has_one = market @ FundingError::WrongMarket)]
    pub funding: AccountLoader<'info, FundingState>,
    #[account(constraint = market.load()?.price_oracle == feed.key() @ FundingError::WrongFeed)]
    pub market: AccountLoader<'info, PerpMarket>,
    pub feed: AccountLoader<'info, PriceFeed>,
    /// CHECK: the feed compares it with its fallback.
    pub fallback: Option<UncheckedAccount<'info>>,
}

impl SamplePremium<'_> {
    pub fn validate(&self) -> Result<()> {
        let market = self.market.load()?;
        let is_trading = [MarketStatus::Active, MarketStatus::ReduceOnly]
            .iter()
            .any(|status| *status as u8 == market.status);
        require!(is_trading, FundingError::MarketNotTrading);
        let age_s = Clock::get()?
            .unix_timestamp
            .saturating_sub(i64::from(market.mark_ts));
        require_gte!(MARK_MAX_AGE_SECONDS, age_s, FundingError::MarkPriceStale);
        Ok(())
    }

    pub fn handle(ctx: Context<SamplePremium>) -> Result<()> {
        let now_ts = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        let index_e6 = index_price_e6(&accounts.feed, accounts.fallback.as_ref(), now_ts)?;
        let market = accounts.market.load()?;
        let mark = market.mark_or(PriceE6(index_e6));
        let premium_e9 = premium(mark, PriceE6(index_e6))
            .map_err(|_| error!(FundingError::MathOverflow))?
            .0;
        let mut funding = accounts.funding.load_mut()?;
        funding.collect(market_premium(&market), index_e6)?;
        funding.sample(
            premium_e9.clamp(-MAX_PREMIUM_E9, MAX_PREMIUM_E9),
            index_e6,
            now_ts,
        )?;
        funding.invariant(now_ts)
    }
}

/// What settled batches accumulated.
pub(super) fn market_premium(market: &PerpMarket) -> MarketPremium {
    MarketPremium {
        sum_e9: market.premium_accumulator,
        weight_seconds: market.premium_weight_seconds,
        last_ts: i64::from(market.mark_ts),
    }
}
