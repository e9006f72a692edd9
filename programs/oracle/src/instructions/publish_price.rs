use anchor_lang::prelude::*;
use gdx_math::statistics::Quote;

use crate::{constants::MAX_PRICE_E6, error::OracleError, state::PriceFeed};

#[derive(Accounts)]
pub struct PublishPrice<'info> {
    #[account(mut)]
    pub feed: AccountLoader<'info, PriceFeed>,
    /// One of the feed's publishers.
    pub publisher: Signer<'info>,
}

impl PublishPrice<'_> {
    pub fn validate(&self, price_e6: u64, confidence_e6: u64) -> Result<()> {
        require!(price_e6 > 0, OracleError::PriceIsZero);
        require!(price_e6 <= MAX_PRICE_E6, OracleError::PriceTooHigh);
        require!(
            confidence_e6 <= MAX_PRICE_E6,
            OracleError::ConfidenceTooHigh
        );
        Ok(())
    }

    pub fn handle(
        ctx: Context<PublishPrice>,
        price_e6: u64,
        confidence_e6: u64,
        publish_ts: i64,
    ) -> Result<()> {
        let clock = Clock::get()?;
        let mut feed = ctx.accounts.feed.load_mut()?;
        feed.activate_due(clock.unix_timestamp);
        let quote = Quote {
            price_e6,
            confidence_e6,
        };
        feed.publish(ctx.accounts.publisher.key, quote, publish_ts, &clock)?;
        feed.invariant()
    }
}
