use anchor_lang::prelude::*;

use crate::{
    error::VaultError,
    state::{MarketPool, VaultState},
};

/// The caller chooses pool and recipient: it has checked that the pool's market is settled.
#[derive(Accounts)]
pub struct ClosePool<'info> {
    #[account(has_one = position_authority @ VaultError::NotPositionAuthority)]
    pub vault_state: AccountLoader<'info, VaultState>,
    #[account(mut, close = recipient)]
    pub pool: AccountLoader<'info, MarketPool>,
    /// CHECK: gets the rent.
    #[account(mut)]
    pub recipient: UncheckedAccount<'info>,
    pub position_authority: Signer<'info>,
}

impl ClosePool<'_> {
    /// An empty pool, whose totals add up to the last.
    pub fn handle(ctx: Context<ClosePool>) -> Result<()> {
        let pool = ctx.accounts.pool.load()?;
        pool.require_empty()?;
        pool.invariant()
    }
}
