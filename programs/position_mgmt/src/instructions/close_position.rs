use anchor_lang::prelude::*;

use crate::{
    error::PositionError,
    events::{emit, PositionClosed},
    state::{PerpMarket, UserPosition},
};

/// An empty position's rent goes back to its parent wallet, which is its owner where there is no session: a session
/// wallet's position cannot be closed, and so not be opened elsewhere, without the parent.
#[event_cpi]
#[derive(Accounts)]
pub struct ClosePosition<'info> {
    /// The position's parent wallet.
    #[account(mut)]
    pub owner: Signer<'info>,
    #[account(mut)]
    pub market: AccountLoader<'info, PerpMarket>,
    #[account(
        mut,
        has_one = market @ PositionError::WrongMarket,
        constraint = position.load()?.parent_wallet == owner.key() @ PositionError::WrongOwner,
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
            let mut market = ctx.accounts.market.load_mut()?;
            market.uncount_position()?;
            PositionClosed {
                head: market.next_head(&clock),
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
