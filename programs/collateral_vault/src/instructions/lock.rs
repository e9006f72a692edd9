use anchor_lang::prelude::*;

use crate::{
    error::VaultError,
    state::{Collateral, MarketPool, VaultState},
};

/// The caller chooses collateral and pool: it has checked that they belong to the position.
#[derive(Accounts)]
pub struct Lock<'info> {
    #[account(mut, has_one = position_authority @ VaultError::NotPositionAuthority)]
    pub vault_state: AccountLoader<'info, VaultState>,
    #[account(mut)]
    pub collateral: AccountLoader<'info, Collateral>,
    #[account(mut)]
    pub pool: AccountLoader<'info, MarketPool>,
    pub position_authority: Signer<'info>,
}

impl Lock<'_> {
    pub fn validate(&self, amount_atoms: u64) -> Result<()> {
        require_neq!(amount_atoms, 0, VaultError::AmountIsZero);
        self.vault_state.load()?.require_locking_open()
    }

    pub fn handle(ctx: Context<Lock>, amount_atoms: u64) -> Result<()> {
        let mut vault = ctx.accounts.vault_state.load_mut()?;
        let mut collateral = ctx.accounts.collateral.load_mut()?;
        let mut pool = ctx.accounts.pool.load_mut()?;
        let owed_before_atoms = vault.owed_atoms()?;
        collateral.lock(amount_atoms)?;
        pool.lock(amount_atoms)?;
        vault.lock(amount_atoms)?;
        collateral.invariant()?;
        pool.invariant()?;
        vault.invariant_internal(owed_before_atoms)
    }
}
