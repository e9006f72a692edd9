use anchor_lang::{prelude::*, solana_program::program_option::COption};
use anchor_spl::token_interface::{self, TokenAccount, TokenInterface};

use crate::{error::EphemeralError, events::EphemeralVaultRevoked, state::EphemeralVault};

#[event_cpi]
#[derive(Accounts)]
pub struct Revoke<'info> {
    pub user_wallet: Signer<'info>,
    #[account(mut, has_one = user_wallet @ EphemeralError::NotUser)]
    pub vault: Account<'info, EphemeralVault>,
    /// Optional, so that a closed token account does not stand in the way.
    #[account(mut, constraint = user_token.owner == user_wallet.key() @ EphemeralError::NotUserToken)]
    pub user_token: Option<Box<InterfaceAccount<'info, TokenAccount>>>,
    pub token_program: Option<Interface<'info, TokenInterface>>,
}

impl Revoke<'_> {
    pub fn validate(&self) -> Result<()> {
        let has_program = self.user_token.is_none() || self.token_program.is_some();
        require!(has_program, EphemeralError::TokenProgramMissing);
        Ok(())
    }

    pub fn handle(ctx: Context<Revoke>) -> Result<()> {
        let clock = Clock::get()?;
        ctx.accounts.vault.revoke(clock.unix_timestamp);
        let is_delegation_revoked = ctx.accounts.revoke_delegation()?;
        ctx.accounts.vault.invariant()?;
        emit_cpi!(EphemeralVaultRevoked {
            head: ctx.accounts.vault.next_head(&clock),
            user_wallet: ctx.accounts.user_wallet.key(),
            used_atoms: ctx.accounts.vault.used_amount,
            is_delegation_revoked,
        });
        Ok(())
    }

    /// Takes the delegation back where it is still ours; a frozen account, or another delegate, stays as it is.
    fn revoke_delegation(&self) -> Result<bool> {
        let (Some(user_token), Some(token_program)) = (&self.user_token, &self.token_program)
        else {
            return Ok(false);
        };
        let is_ours = user_token.delegate == COption::Some(self.vault.key());
        if !is_ours || user_token.is_frozen() {
            return Ok(false);
        }
        let accounts = token_interface::Revoke {
            source: user_token.to_account_info(),
            authority: self.user_wallet.to_account_info(),
        };
        token_interface::revoke(CpiContext::new(token_program.key(), accounts))?;
        Ok(true)
    }
}
