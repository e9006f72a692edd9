use anchor_lang::prelude::*;

use crate::{
    constants::INSTRUCTIONS_SYSVAR, error::OracleError, events::DelayRaiseScheduled,
    guard::refuse_durable_nonce, state::PriceFeed,
};

#[event_cpi]
#[derive(Accounts)]
pub struct RaiseDelay<'info> {
    #[account(mut, has_one = authority @ OracleError::NotFeedAuthority)]
    pub feed: AccountLoader<'info, PriceFeed>,
    pub authority: Signer<'info>,
    /// CHECK: the instructions sysvar, fixed by its address.
    #[account(address = INSTRUCTIONS_SYSVAR)]
    pub instructions: UncheckedAccount<'info>,
}

impl RaiseDelay<'_> {
    pub fn validate(&self) -> Result<()> {
        refuse_durable_nonce(&self.instructions)
    }

    pub fn handle(ctx: Context<RaiseDelay>, delay_seconds: u32) -> Result<()> {
        let clock = Clock::get()?;
        let (head, not_before_ts) = {
            let mut feed = ctx.accounts.feed.load_mut()?;
            let not_before_ts = feed.schedule_delay(delay_seconds, clock.unix_timestamp)?;
            feed.invariant()?;
            (feed.next_head(&clock), not_before_ts)
        };
        emit_cpi!(DelayRaiseScheduled {
            head,
            feed: ctx.accounts.feed.key(),
            delay_seconds: u64::from(delay_seconds),
            not_before_ts
        });
        Ok(())
    }
}
