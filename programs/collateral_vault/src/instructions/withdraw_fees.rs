use anchor_lang::prelude::*;
use anchor_spl::token_interface::{
    transfer_checked, Mint, TokenAccount, TokenInterface, TransferChecked,
};

use crate::{
    constants::INSTRUCTIONS_SYSVAR, error::VaultError, events::FeesWithdrawn,
    guard::refuse_durable_nonce, state::VaultState,
};

#[event_cpi]
#[derive(Accounts)]
pub struct WithdrawFees<'info> {
    #[account(
        mut,
        has_one = admin @ VaultError::NotAdmin,
        has_one = quote_mint @ VaultError::WrongQuoteMint,
        has_one = vault_token @ VaultError::WrongVaultToken,
        has_one = token_program @ VaultError::WrongTokenProgram
    )]
    pub vault_state: AccountLoader<'info, VaultState>,
    pub admin: Signer<'info>,
    /// A token account of the fee recipient.
    #[account(
        mut,
        constraint = recipient_token.mint == quote_mint.key() @ VaultError::WrongTokenMint,
        constraint = recipient_token.owner == vault_state.load()?.fee_recipient_at(Clock::get()?.unix_timestamp) @ VaultError::WrongFeeRecipient
    )]
    pub recipient_token: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(mut)]
    pub vault_token: Box<InterfaceAccount<'info, TokenAccount>>,
    pub quote_mint: Box<InterfaceAccount<'info, Mint>>,
    pub token_program: Interface<'info, TokenInterface>,
    /// CHECK: the instructions sysvar, fixed by its address.
    #[account(address = INSTRUCTIONS_SYSVAR)]
    pub instructions: UncheckedAccount<'info>,
}

impl WithdrawFees<'_> {
    pub fn validate(&self, amount_atoms: u64) -> Result<()> {
        require_neq!(amount_atoms, 0, VaultError::AmountIsZero);
        refuse_durable_nonce(&self.instructions)
    }

    pub fn handle(ctx: Context<WithdrawFees>, amount_atoms: u64) -> Result<()> {
        let clock = Clock::get()?;
        ctx.accounts
            .vault_state
            .load_mut()?
            .take_fees(amount_atoms, clock.unix_timestamp)?;
        ctx.accounts.transfer(amount_atoms)?;
        ctx.accounts.vault_token.reload()?;
        let event = {
            let mut vault = ctx.accounts.vault_state.load_mut()?;
            vault.invariant(ctx.accounts.vault_token.amount)?;
            FeesWithdrawn {
                head: vault.next_head(&clock),
                recipient_token: ctx.accounts.recipient_token.key(),
                amount_atoms,
                fees_atoms: vault.fees_atoms,
                vault_tokens_atoms: ctx.accounts.vault_token.amount,
            }
        };
        emit_cpi!(event);
        Ok(())
    }

    fn transfer(&self, amount_atoms: u64) -> Result<()> {
        let accounts = TransferChecked {
            from: self.vault_token.to_account_info(),
            mint: self.quote_mint.to_account_info(),
            to: self.recipient_token.to_account_info(),
            authority: self.vault_state.to_account_info(),
        };
        let bump = self.vault_state.load()?.bump;
        let seeds = VaultState::seeds_with(&bump);
        let signer_seeds: &[&[&[u8]]] = &[&seeds];
        let context = CpiContext::new_with_signer(self.token_program.key(), accounts, signer_seeds);
        transfer_checked(context, amount_atoms, self.quote_mint.decimals)
    }
}
