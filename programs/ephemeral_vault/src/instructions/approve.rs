use anchor_lang::prelude::*;
use anchor_spl::token_interface::{self, TokenAccount, TokenInterface};

use crate::{
    error::EphemeralError,
    events::AllowanceApproved,
    state::{EphemeralVault, Session},
};

#[event_cpi]
#[derive(Accounts)]
pub struct Approve<'info> {
    pub user_wallet: Signer<'info>,
    #[account(mut, has_one = user_wallet @ EphemeralError::NotUser)]
    pub vault: Account<'info, EphemeralVault>,
    #[account(mut, has_one = user_wallet @ EphemeralError::WrongSession)]
    pub session: Account<'info, Session>,
    #[account(mut, constraint = user_token.owner == user_wallet.key() @ EphemeralError::NotUserToken)]
    pub user_token: Box<InterfaceAccount<'info, TokenAccount>>,
    pub token_program: Interface<'info, TokenInterface>,
}

impl Approve<'_> {
    pub fn validate(&self) -> Result<()> {
        self.vault.require_active()?;
        self.session.require_alive(Clock::get()?.unix_timestamp)
    }

    pub fn handle(
        ctx: Context<Approve>,
        remaining_atoms: u64,
        expected_used_atoms: u64,
    ) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = &mut *ctx.accounts;
        accounts.session.bind_token(accounts.user_token.key())?;
        accounts
            .vault
            .approve(remaining_atoms, expected_used_atoms, clock.unix_timestamp)?;
        accounts.delegate(remaining_atoms)?;
        accounts.vault.invariant()?;
        emit_cpi!(AllowanceApproved {
            head: ctx.accounts.vault.next_head(&clock),
            user_wallet: ctx.accounts.user_wallet.key(),
            user_token: ctx.accounts.user_token.key(),
            approved_atoms: ctx.accounts.vault.approved_amount,
            used_atoms: ctx.accounts.vault.used_amount,
            available_atoms: ctx.accounts.vault.available_amount,
        });
        Ok(())
    }

    /// The token program's own allowance, replacing any earlier one.
    fn delegate(&self, amount_atoms: u64) -> Result<()> {
        let accounts = token_interface::Approve {
            to: self.user_token.to_account_info(),
            delegate: self.vault.to_account_info(),
            authority: self.user_wallet.to_account_info(),
        };
        token_interface::approve(
            CpiContext::new(self.token_program.key(), accounts),
            amount_atoms,
        )
    }
}
