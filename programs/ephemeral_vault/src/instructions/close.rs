use anchor_lang::prelude::*;

use crate::{
    error::EphemeralError,
    events::EphemeralVaultClosed,
    state::{EphemeralVault, Session},
};

#[event_cpi]
#[derive(Accounts)]
pub struct Close<'info> {
    /// Gets the rent.
    #[account(mut)]
    pub user_wallet: Signer<'info>,
    #[account(mut, close = user_wallet, has_one = user_wallet @ EphemeralError::NotUser)]
    pub vault: Account<'info, EphemeralVault>,
    #[account(mut, close = user_wallet, has_one = user_wallet @ EphemeralError::WrongSession)]
    pub session: Account<'info, Session>,
}

impl Close<'_> {
    pub fn validate(&self) -> Result<()> {
        require!(!self.vault.is_active, EphemeralError::VaultStillActive);
        Ok(())
    }

    pub fn handle(ctx: Context<Close>) -> Result<()> {
        let clock = Clock::get()?;
        emit_cpi!(EphemeralVaultClosed {
            head: ctx.accounts.vault.next_head(&clock),
            user_wallet: ctx.accounts.user_wallet.key(),
            used_atoms: ctx.accounts.vault.used_amount,
        });
        Ok(())
    }
}
