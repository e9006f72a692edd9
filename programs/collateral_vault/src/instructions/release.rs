use anchor_lang::prelude::*;

use crate::{
    error::VaultError,
    state::{Collateral, MarketPool, VaultState},
};

/// The caller chooses collateral and pool: it has checked that they belong to the position.
#[derive(Accounts)]
pub struct Release<'info> {
    #[account(mut, has_one = position_authority @ VaultError::NotPositionAuthority)]
    pub vault_state: AccountLoader<'info, VaultState>,
    #[account(mut)]
    pub collateral: AccountLoader<'info, Collateral>,
    #[account(mut)]
    pub pool: AccountLoader<'info, MarketPool>,
    pub position_authority: Signer<'info>,
}

impl Release<'_> {
    pub fn validate(&self, amount_atoms: u64) -> Result<()> {
        require_neq!(amount_atoms, 0, VaultError::AmountIsZero);
        Ok(())
    }

    pub fn handle(ctx: Context<Release>, amount_atoms: u64) -> Result<()> {
        let mut vault = ctx.accounts.vault_state.load_mut()?;
        let mut collateral = ctx.accounts.collateral.load_mut()?;
        let mut pool = ctx.accounts.pool.load_mut()?;
        let owed_before_atoms = vault.owed_atoms()?;
        pool.release(amount_atoms)?;
        collateral.release(amount_atoms)?;
        vault.release(amount_atoms)?;
        collateral.invariant()?;
        pool.invariant()?;
        vault.invariant_internal(owed_before_atoms)
    }
}
