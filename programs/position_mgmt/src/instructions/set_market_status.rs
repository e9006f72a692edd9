use anchor_lang::prelude::*;

use crate::{
    constants::INSTRUCTIONS_SYSVAR,
    error::PositionError,
    events::{emit, MarketStatusSet},
    guard::refuse_durable_nonce,
    seeds::CONFIG_ADDRESS,
    state::{GlobalConfig, MarketStatus, PerpMarket},
};

/// Active, reduce-only and halted; settling is not set by hand and not left again.
#[event_cpi]
#[derive(Accounts)]
pub struct SetMarketStatus<'info> {
    #[account(has_one = admin @ PositionError::NotAdmin, address = CONFIG_ADDRESS)]
    pub config: AccountLoader<'info, GlobalConfig>,
    pub admin: Signer<'info>,
    #[account(mut)]
    pub market: AccountLoader<'info, PerpMarket>,
    /// CHECK: the instructions sysvar, fixed by its address.
    #[account(address = INSTRUCTIONS_SYSVAR)]
    pub instructions: UncheckedAccount<'info>,
}

impl SetMarketStatus<'_> {
    pub fn validate(&self, status: u8) -> Result<()> {
        refuse_durable_nonce(&self.instructions)?;
        let status = MarketStatus::from_byte(status)?;
        require!(
            status != MarketStatus::Settling,
            PositionError::BadMarketStatus
        );
        let market = self.market.load()?;
        require!(
            market.status != MarketStatus::Settling as u8,
            PositionError::MarketNotActive
        );
        Ok(())
    }

    pub fn handle(ctx: Context<SetMarketStatus>, status: u8) -> Result<()> {
        let clock = Clock::get()?;
        let event = {
            let mut market = ctx.accounts.market.load_mut()?;
            market.set_status(MarketStatus::from_byte(status)?);
            MarketStatusSet {
                head: market.next_head(&clock),
                market: ctx.accounts.market.key(),
                status: market.status,
            }
        };
        emit(&event, &ctx.accounts.event_authority)
    }
}
