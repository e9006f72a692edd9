use anchor_lang::prelude::*;

use crate::{
    constants::INSTRUCTIONS_SYSVAR,
    error::PositionError,
    events::{emit, MarketStatusSet},
    guard::{change_hash, refuse_durable_nonce},
    instruction,
    seeds::CONFIG_ADDRESS,
    state::{has_current_layout, GlobalConfig, MarketStatus, PerpMarket},
};

/// Active, reduce-only and halted, each after the delay: what has to be quick is a pause bit. Settling is not set by
/// hand and not left again.
#[event_cpi]
#[derive(Accounts)]
pub struct SetMarketStatus<'info> {
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
        let market_key = ctx.accounts.market.key();
        let change = change_hash(&instruction::SetMarketStatus { status }, Some(&market_key));
        let event = {
            let mut config = ctx.accounts.config.load_mut()?;
            config.consume_change(&change, clock.unix_timestamp)?;
            let mut market = ctx.accounts.market.load_mut()?;
            market.set_status(MarketStatus::from_byte(status)?);
            MarketStatusSet {
                head: market.next_head(&clock),
                market: market_key,
                status: market.status,
            }
        };
        emit(&event, &ctx.accounts.event_authority)
    }
}
