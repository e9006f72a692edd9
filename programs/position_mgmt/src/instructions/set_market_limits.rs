use anchor_lang::prelude::*;

use crate::{
    constants::INSTRUCTIONS_SYSVAR,
    error::PositionError,
    events::{emit, MarketLimitsSet},
    guard::{change_hash, refuse_durable_nonce},
    instruction,
    seeds::CONFIG_ADDRESS,
    state::{has_current_layout, GlobalConfig, MarketParams, MarketStatus, PerpMarket},
};

#[event_cpi]
#[derive(Accounts)]
pub struct SetMarketLimits<'info> {
    #[account(
        mut,
        address = CONFIG_ADDRESS,
        constraint = has_current_layout(&config) @ PositionError::ConfigLayoutOld,
        constraint = config.load()?.admin == admin.key() @ PositionError::NotAdmin
    )]
    pub config: AccountLoader<'info, GlobalConfig>,
    pub admin: Signer<'info>,
    #[account(mut)]
    pub market: AccountLoader<'info, PerpMarket>,
    /// CHECK: the instructions sysvar, fixed by its address.
    #[account(address = INSTRUCTIONS_SYSVAR)]
    pub instructions: UncheckedAccount<'info>,
}

impl SetMarketLimits<'_> {
    pub fn validate(&self, params: &MarketParams) -> Result<()> {
        refuse_durable_nonce(&self.instructions)?;
        params.validate()?;
        self.market.load()?.require_status(&[
            MarketStatus::Active,
            MarketStatus::ReduceOnly,
            MarketStatus::Halted,
        ])
    }

    pub fn handle(ctx: Context<SetMarketLimits>, params: MarketParams) -> Result<()> {
        let clock = Clock::get()?;
        let market_key = ctx.accounts.market.key();
        let change = change_hash(&instruction::SetMarketLimits { params }, Some(&market_key));
        let event = {
            let mut config = ctx.accounts.config.load_mut()?;
            config.consume_change(&change, clock.unix_timestamp)?;
            let mut market = ctx.accounts.market.load_mut()?;
            market.set_params(&params)?;
            MarketLimitsSet {
                head: market.next_head(&clock),
                market: market_key,
                params,
            }
        };
        emit(&event, &ctx.accounts.event_authority)
    }
}
