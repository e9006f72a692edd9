use anchor_lang::prelude::*;

use crate::{
    constants::INSTRUCTIONS_SYSVAR,
    error::OracleError,
    events::PublishersScheduled,
    guard::refuse_durable_nonce,
    state::{PriceFeed, PublisherSet},
};

#[event_cpi]
#[derive(Accounts)]
pub struct SetPublishers<'info> {
    #[account(mut, has_one = authority @ OracleError::NotFeedAuthority)]
    pub feed: AccountLoader<'info, PriceFeed>,
    pub authority: Signer<'info>,
    /// CHECK: the instructions sysvar, fixed by its address.
    #[account(address = INSTRUCTIONS_SYSVAR)]
    pub instructions: UncheckedAccount<'info>,
}

impl SetPublishers<'_> {
    pub fn validate(&self) -> Result<()> {
        refuse_durable_nonce(&self.instructions)
    }

    pub fn handle(
        ctx: Context<SetPublishers>,
        publishers: Vec<Pubkey>,
        min_publishers: u8,
    ) -> Result<()> {
        let clock = Clock::get()?;
        let set = PublisherSet::new(&publishers, min_publishers)?;
        let (head, not_before_ts) = {
            let mut feed = ctx.accounts.feed.load_mut()?;
            let not_before_ts = feed.schedule_publishers(set, clock.unix_timestamp);
            feed.invariant()?;
            (feed.next_head(&clock), not_before_ts)
        };
        emit_cpi!(PublishersScheduled {
            head,
            feed: ctx.accounts.feed.key(),
            publishers,
            min_publishers,
            not_before_ts,
        });
        Ok(())
    }
}
