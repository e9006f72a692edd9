use anchor_lang::prelude::*;

use crate::{
    error::VaultError,
    seeds::SEED_POOL,
    state::{MarketPool, VaultState},
};

#[derive(Accounts)]
pub struct CreatePool<'info> {
    #[account(mut)]
    pub payer: Signer<'info>,
    #[account(has_one = position_authority @ VaultError::NotPositionAuthority)]
    pub vault_state: AccountLoader<'info, VaultState>,
    #[account(
        init,
        payer = payer,
        space = MarketPool::SPACE,
        seeds = [SEED_POOL, market.key().as_ref()],
        bump
    )]
    pub pool: AccountLoader<'info, MarketPool>,
    /// CHECK: the position program, which signs, says which market this is.
    pub market: UncheckedAccount<'info>,
    pub position_authority: Signer<'info>,
    pub system_program: Program<'info, System>,
}

impl CreatePool<'_> {
    pub fn handle(ctx: Context<CreatePool>) -> Result<()> {
        let mut pool = ctx.accounts.pool.load_init()?;
        pool.open(ctx.accounts.market.key(), ctx.bumps.pool);
        pool.invariant()
    }
}
