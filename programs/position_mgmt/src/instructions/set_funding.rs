use anchor_lang::prelude::*;

use crate::{
    constants::FUNDING_PROGRAM,
    events::{emit, FundingSet},
    seeds::SEED_FUNDING,
    state::{MarketStatus, PerpMarket},
};

/// The funding program moves a market's index; its address of the market signs.
#[event_cpi]
#[derive(Accounts)]
pub struct SetFunding<'info> {
    #[account(mut)]
    pub market: AccountLoader<'info, PerpMarket>,
    #[account(
        seeds = [SEED_FUNDING, market.key().as_ref()],
        bump,
        seeds::program = FUNDING_PROGRAM
    )]
    pub funding_authority: Signer<'info>,
}

impl SetFunding<'_> {
    pub fn validate(&self) -> Result<()> {
        self.market.load()?.require_status(&[
            MarketStatus::Active,
            MarketStatus::ReduceOnly,
            MarketStatus::Halted,
        ])
    }

    /// `funding_index` is cumulative, `funding_rate_e9` the rate of the last hour in it.
    pub fn handle(
        ctx: Context<SetFunding>,
        funding_index: i64,
        funding_rate_e9: i64,
    ) -> Result<()> {
        let clock = Clock::get()?;
        let event = {
            let mut market = ctx.accounts.market.load_mut()?;
            market.set_funding(funding_index, funding_rate_e9, clock.unix_timestamp)?;
            FundingSet {
                head: market.next_head(&clock),
                market: ctx.accounts.market.key(),
                funding_index,
                funding_rate_e9,
            }
        };
        emit(&event, &ctx.accounts.event_authority)
    }
}
