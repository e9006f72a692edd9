use anchor_lang::prelude::*;

use crate::{
    constants::INSTRUCTIONS_SYSVAR, events::FeedAuthorityAccepted, guard::refuse_durable_nonce,
    state::PriceFeed,
};

#[event_cpi]
#[derive(Accounts)]
pub struct AcceptFeedAuthority<'info> {
    #[account(mut)]
    pub feed: AccountLoader<'info, PriceFeed>,
    pub new_authority: Signer<'info>,
    /// CHECK: the instructions sysvar, fixed by its address.
    #[account(address = INSTRUCTIONS_SYSVAR)]
    pub instructions: UncheckedAccount<'info>,
}

impl AcceptFeedAuthority<'_> {
    pub fn validate(&self) -> Result<()> {
        refuse_durable_nonce(&self.instructions)
    }

    pub fn handle(ctx: Context<AcceptFeedAuthority>) -> Result<()> {
        let clock = Clock::get()?;
        let signer = ctx.accounts.new_authority.key();
        let event = {
            let mut feed = ctx.accounts.feed.load_mut()?;
            feed.accept_authority(&signer, clock.unix_timestamp)?;
            feed.invariant()?;
            FeedAuthorityAccepted {
                head: feed.next_head(&clock),
                feed: ctx.accounts.feed.key(),
                authority: feed.authority,
            }
        };
        emit_cpi!(event);
        Ok(())
    }
}
