use anchor_lang::prelude::*;

use crate::{
    constants::INSTRUCTIONS_SYSVAR,
    error::OracleError,
    events::FallbackScheduled,
    guard::refuse_durable_nonce,
    state::{FallbackFeed, PriceFeed},
};

#[event_cpi]
#[derive(Accounts)]
pub struct SetFallback<'info> {
    #[account(mut, has_one = authority @ OracleError::NotFeedAuthority)]
    pub feed: AccountLoader<'info, PriceFeed>,
    pub authority: Signer<'info>,
    /// CHECK: the instructions sysvar, fixed by its address.
    #[account(address = INSTRUCTIONS_SYSVAR)]
    pub instructions: UncheckedAccount<'info>,
}

impl SetFallback<'_> {
    pub fn validate(&self) -> Result<()> {
        refuse_durable_nonce(&self.instructions)
    }

    pub fn handle(ctx: Context<SetFallback>, fallback: FallbackFeed) -> Result<()> {
        let clock = Clock::get()?;
        let (head, not_before_ts) = {
            let mut feed = ctx.accounts.feed.load_mut()?;
            let not_before_ts = feed.schedule_fallback(fallback, clock.unix_timestamp);
            feed.invariant()?;
            (feed.next_head(&clock), not_before_ts)
        };
        emit_cpi!(FallbackScheduled {
            head,
            feed: ctx.accounts.feed.key(),
            fallback,
            not_before_ts
        });
        Ok(())
    }
}
