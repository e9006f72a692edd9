use anchor_lang::prelude::*;

use crate::{
    constants::INSTRUCTIONS_SYSVAR, error::OracleError, events::FeedAuthorityProposed,
    guard::refuse_durable_nonce, state::PriceFeed,
};

#[event_cpi]
#[derive(Accounts)]
pub struct ProposeFeedAuthority<'info> {
    #[account(mut, has_one = authority @ OracleError::NotFeedAuthority)]
    pub feed: AccountLoader<'info, PriceFeed>,
    pub authority: Signer<'info>,
    /// CHECK: the instructions sysvar, fixed by its address.
    #[account(address = INSTRUCTIONS_SYSVAR)]
    pub instructions: UncheckedAccount<'info>,
}

impl ProposeFeedAuthority<'_> {
    pub fn validate(&self) -> Result<()> {
        refuse_durable_nonce(&self.instructions)
    }

    pub fn handle(ctx: Context<ProposeFeedAuthority>, new_authority: Pubkey) -> Result<()> {
        let clock = Clock::get()?;
        let event = {
            let mut feed = ctx.accounts.feed.load_mut()?;
            feed.propose_authority(new_authority, clock.unix_timestamp);
            feed.invariant()?;
            FeedAuthorityProposed {
                head: feed.next_head(&clock),
                feed: ctx.accounts.feed.key(),
                authority: feed.authority,
                pending_authority: feed.pending_authority,
                not_before_ts: feed.pending_authority_not_before_ts,
            }
        };
        emit_cpi!(event);
        Ok(())
    }
}
