use anchor_lang::prelude::*;
use position_mgmt::state::{has_current_layout, GlobalConfig, MarketStatus, PerpMarket};

use crate::{error::FundingError, events::FundingClosed, state::FundingState};

/// A settling market has no use for funding; the rent goes to the configuration's admin, who paid it. Anyone may.
#[event_cpi]
#[derive(Accounts)]
pub struct CloseFunding<'info> {
    #[account(
        constraint = has_current_layout(&config) @ FundingError::ConfigLayoutOld,
        constraint = config.load()?.admin == admin.key() @ FundingError::NotAdmin
    )]
    pub config: AccountLoader<'info, GlobalConfig>,
    /// CHECK: the configuration's admin.
    #[account(mut)]
    pub admin: UncheckedAccount<'info>,
    pub market: AccountLoader<'info, PerpMarket>,
    #[account(mut, has_one = market @ FundingError::WrongMarket, close = admin)]
    pub funding: AccountLoader<'info, FundingState>,
}

impl CloseFunding<'_> {
    pub fn validate(&self) -> Result<()> {
        require!(
            self.market.load()?.status == MarketStatus::Settling as u8,
            FundingError::MarketNotSettling
        );
        Ok(())
    }

    pub fn handle(ctx: Context<CloseFunding>) -> Result<()> {
        let clock = Clock::get()?;
        let event = {
            let mut funding = ctx.accounts.funding.load_mut()?;
            FundingClosed {
                head: funding.next_head(&clock),
                market: funding.market,
                funding_index: funding.funding_index,
            }
        };
        emit_cpi!(event);
        Ok(())
    }
}
