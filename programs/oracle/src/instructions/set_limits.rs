use anchor_lang::prelude::*;

use crate::{
    constants::INSTRUCTIONS_SYSVAR,
    error::OracleError,
    events::LimitsScheduled,
    guard::refuse_durable_nonce,
    state::{FeedLimits, PriceFeed},
};

#[event_cpi]
#[derive(Accounts)]
pub struct SetLimits<'info> {
    #[account(mut, has_one = authority @ OracleError::NotFeedAuthority)]
    pub feed: AccountLoader<'info, PriceFeed>,
    pub authority: Signer<'info>,
    /// CHECK: the instructions sysvar, fixed by its address.
    #[account(address = INSTRUCTIONS_SYSVAR)]
    pub instructions: UncheckedAccount<'info>,
}

impl SetLimits<'_> {
    pub fn validate(&self, limits: &FeedLimits) -> Result<()> {
        refuse_durable_nonce(&self.instructions)?;
        limits.validate()
    }

    pub fn handle(ctx: Context<SetLimits>, limits: FeedLimits) -> Result<()> {
        let clock = Clock::get()?;
        let (head, not_before_ts) = {
            let mut feed = ctx.accounts.feed.load_mut()?;
            let not_before_ts = feed.schedule_limits(limits, clock.unix_timestamp);
            feed.invariant()?;
            (feed.next_head(&clock), not_before_ts)
        };
        emit_cpi!(LimitsScheduled {
            head,
            feed: ctx.accounts.feed.key(),
            limits,
            not_before_ts
        });
        Ok(())
    }
}
