//! Three moves between a market's pool, its insurance and the collected fees, with the same accounts.

use anchor_lang::prelude::*;

use crate::{
    error::VaultError,
    state::{MarketPool, VaultState},
};

/// The caller chooses the pool: it has checked that it belongs to the market.
#[derive(Accounts)]
pub struct MovePool<'info> {
    #[account(mut, has_one = position_authority @ VaultError::NotPositionAuthority)]
    pub vault_state: AccountLoader<'info, VaultState>,
    #[account(mut)]
    pub pool: AccountLoader<'info, MarketPool>,
    pub position_authority: Signer<'info>,
}

impl MovePool<'_> {
    pub fn validate(&self, amount_atoms: u64) -> Result<()> {
        require_neq!(amount_atoms, 0, VaultError::AmountIsZero);
        Ok(())
    }

    pub fn sweep_fees(ctx: Context<MovePool>, amount_atoms: u64) -> Result<()> {
        ctx.accounts.apply(|vault, pool| {
            pool.sweep_fees(amount_atoms)?;
            vault.sweep_fees(amount_atoms)
        })
    }

    pub fn fund_insurance(ctx: Context<MovePool>, amount_atoms: u64) -> Result<()> {
        ctx.accounts.apply(|vault, pool| {
            pool.fund_insurance(amount_atoms)?;
            vault.fund_insurance(amount_atoms)
        })
    }

    pub fn draw_insurance(ctx: Context<MovePool>, amount_atoms: u64) -> Result<()> {
        ctx.accounts.apply(|vault, pool| {
            pool.draw_insurance(amount_atoms)?;
            vault.draw_insurance(amount_atoms)
        })
    }

    fn apply(
        &self,
        change: impl FnOnce(&mut VaultState, &mut MarketPool) -> Result<()>,
    ) -> Result<()> {
        let mut vault = self.vault_state.load_mut()?;
        let mut pool = self.pool.load_mut()?;
        let owed_before_atoms = vault.owed_atoms()?;
        change(&mut vault, &mut pool)?;
        pool.invariant()?;
        vault.invariant_internal(owed_before_atoms)
    }
}
