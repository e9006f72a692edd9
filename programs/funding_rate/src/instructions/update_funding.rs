use anchor_lang::prelude::*;
use oracle::state::PriceFeed;
use position_mgmt::{cpi, program::PositionMgmt, state::PerpMarket};

use super::sample_premium::market_premium;
use crate::{
    error::FundingError,
    events::FundingUpdated,
    index_price::index_price_e6,
    state::{FundingState, FundingUpdate},
};

#[event_cpi]
#[derive(Accounts)]
pub struct UpdateFunding<'info> {
    #[account(mut, has_one = market @ FundingError::WrongMarket)]
    pub funding: AccountLoader<'info, FundingState>,
    #[account(mut, constraint = market.load()?.price_oracle == feed.key() @ FundingError::WrongFeed)]
    pub market: AccountLoader<'info, PerpMarket>,
    pub feed: AccountLoader<'info, PriceFeed>,
    /// CHECK: the feed compares it with its fallback.
    pub fallback: Option<UncheckedAccount<'info>>,
    pub position_mgmt: Program<'info, PositionMgmt>,
    /// CHECK: the position program checks the address that signs its events.
    pub position_mgmt_event_authority: UncheckedAccount<'info>,
}

impl UpdateFunding<'_> {
    pub fn handle(ctx: Context<UpdateFunding>) -> Result<()> {
        let clock = Clock::get()?;
        let update = ctx.accounts.pay_hours(clock.unix_timestamp)?;
        ctx.accounts.set_funding(&update)?;
        let head = ctx.accounts.funding.load_mut()?.next_head(&clock);
        emit_cpi!(FundingUpdated {
            head,
            market: ctx.accounts.market.key(),
            hours: update.hours,
            paid_until_ts: update.paid_until_ts,
            rate_e9: update.rate_e9,
            funding_index: update.funding_index,
        });
        Ok(())
    }

    fn pay_hours(&self, now_ts: i64) -> Result<FundingUpdate> {
        let index_e6 = index_price_e6(&self.feed, self.fallback.as_ref(), now_ts)?;
        let market = self.market.load()?;
        let mut funding = self.funding.load_mut()?;
        require_eq!(
            market.funding_index,
            funding.funding_index,
            FundingError::FundingIndexMismatch
        );
        // Once before, for the hours that are due, and once after: then there is room for the hour that runs.
        funding.collect(market_premium(&market), index_e6)?;
        let update = funding.update(now_ts)?;
        funding.collect(market_premium(&market), index_e6)?;
        funding.invariant(now_ts)?;
        Ok(update)
    }

    fn set_funding(&self, update: &FundingUpdate) -> Result<()> {
        let accounts = cpi::accounts::SetFunding {
            market: self.market.to_account_info(),
            funding_authority: self.funding.to_account_info(),
            event_authority: self.position_mgmt_event_authority.to_account_info(),
            program: self.position_mgmt.to_account_info(),
        };
        let market = self.market.key();
        let bump = self.funding.load()?.bump;
        let seeds = FundingState::seeds_with(&market, &bump);
        let signer_seeds: &[&[&[u8]]] = &[&seeds];
        let context = CpiContext::new_with_signer(self.position_mgmt.key(), accounts, signer_seeds);
        cpi::set_funding(context, update.funding_index, update.rate_e9)
    }
}
