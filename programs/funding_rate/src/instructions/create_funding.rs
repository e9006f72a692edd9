use anchor_lang::prelude::*;
use position_mgmt::state::{has_current_layout, GlobalConfig, MarketStatus, PerpMarket};

use super::sample_premium::market_premium;
use crate::{
    constants::{INSTRUCTIONS_SYSVAR, MAX_MAX_RATE_E9},
    error::FundingError,
    events::FundingCreated,
    guard::refuse_durable_nonce,
    seeds::SEED_FUNDING,
    state::FundingState,
};

#[event_cpi]
#[derive(Accounts)]
pub struct CreateFunding<'info> {
    #[account(mut)]
    pub admin: Signer<'info>,
    #[account(
        constraint = has_current_layout(&config) @ FundingError::ConfigLayoutOld,
        constraint = config.load()?.admin == admin.key() @ FundingError::NotAdmin
    )]
    pub config: AccountLoader<'info, GlobalConfig>,
    pub market: AccountLoader<'info, PerpMarket>,
    #[account(
        init,
        payer = admin,
        space = FundingState::SPACE,
        seeds = [SEED_FUNDING, market.key().as_ref()],
        bump
    )]
    pub funding: AccountLoader<'info, FundingState>,
    pub system_program: Program<'info, System>,
    /// CHECK: the instructions sysvar, fixed by its address.
    #[account(address = INSTRUCTIONS_SYSVAR)]
    pub instructions: UncheckedAccount<'info>,
}

impl CreateFunding<'_> {
    pub fn validate(&self, max_rate_e9: i64) -> Result<()> {
        refuse_durable_nonce(&self.instructions)?;
        require!(
            (1..=MAX_MAX_RATE_E9).contains(&max_rate_e9),
            FundingError::InvalidMaxRate
        );
        require!(
            self.market.load()?.status != MarketStatus::Settling as u8,
            FundingError::MarketSettling
        );
        Ok(())
    }

    pub fn handle(ctx: Context<CreateFunding>, max_rate_e9: i64) -> Result<()> {
        let clock = Clock::get()?;
        let now_ts = clock.unix_timestamp;
        let market_key = ctx.accounts.market.key();
        let head = {
            let market = ctx.accounts.market.load()?;
            let mut funding = ctx.accounts.funding.load_init()?;
            funding.open(
                market_key,
                market.funding_index,
                market_premium(&market),
                max_rate_e9,
                ctx.bumps.funding,
                now_ts,
            );
            funding.invariant(now_ts)?;
            funding.next_head(&clock)
        };
        emit_cpi!(FundingCreated {
            head,
            market: market_key,
            max_rate_e9
        });
        Ok(())
    }
}
