use anchor_lang::prelude::*;

use crate::{
    error::PositionError,
    events::{emit, PositionClosed},
    state::{PerpMarket, UserPosition},
};

/// An empty position's rent goes back to its owner.
#[event_cpi]
#[derive(Accounts)]
pub struct ClosePosition<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    #[account(mut)]
    pub market: AccountLoader<'info, PerpMarket>,
    #[account(
        mut,
        has_one = owner @ PositionError::WrongOwner,
        has_one = market @ PositionError::WrongMarket,
        close = owner
    )]
    pub position: AccountLoader<'info, UserPosition>,
}

impl ClosePosition<'_> {
    pub fn validate(&self) -> Result<()> {
        self.position.load()?.require_empty()
    }

    pub fn handle(ctx: Context<ClosePosition>) -> Result<()> {
        let clock = Clock::get()?;
        let event = {
            let position = ctx.accounts.position.load()?;
            PositionClosed {
                head: ctx.accounts.market.load_mut()?.next_head(&clock),
                market: ctx.accounts.market.key(),
                position: ctx.accounts.position.key(),
                owner: position.owner,
                realized_pnl_atoms: position.realized_pnl,
                accumulated_funding_atoms: position.accumulated_funding,
            }
        };
        emit(&event, &ctx.accounts.event_authority)
    }
}
