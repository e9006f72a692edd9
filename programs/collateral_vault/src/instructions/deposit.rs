use anchor_lang::prelude::*;
use anchor_spl::token_interface::{
    transfer_checked, Mint, TokenAccount, TokenInterface, TransferChecked,
};

use crate::{
    error::VaultError,
    events::Deposited,
    state::{Collateral, VaultState},
};

#[event_cpi]
#[derive(Accounts)]
pub struct Deposit<'info> {
    #[account(
        mut,
        has_one = quote_mint @ VaultError::WrongQuoteMint,
        has_one = vault_token @ VaultError::WrongVaultToken,
        has_one = token_program @ VaultError::WrongTokenProgram
    )]
    pub vault_state: AccountLoader<'info, VaultState>,
    /// The account that is credited; its owner need not sign.
    #[account(mut)]
    pub collateral: AccountLoader<'info, Collateral>,
    #[account(mut, constraint = depositor_token.mint == quote_mint.key() @ VaultError::WrongTokenMint)]
    pub depositor_token: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(mut)]
    pub vault_token: Box<InterfaceAccount<'info, TokenAccount>>,
    pub quote_mint: Box<InterfaceAccount<'info, Mint>>,
    /// Owner or delegate of the depositor's token account.
    pub token_authority: Signer<'info>,
    pub token_program: Interface<'info, TokenInterface>,
}

impl Deposit<'_> {
    pub fn validate(&self, amount_atoms: u64) -> Result<()> {
        require_neq!(amount_atoms, 0, VaultError::AmountIsZero);
        self.vault_state.load()?.require_deposits_open()
    }

    pub fn handle(ctx: Context<Deposit>, amount_atoms: u64) -> Result<()> {
        let clock = Clock::get()?;
        let tokens_before_atoms = ctx.accounts.vault_token.amount;
        ctx.accounts.transfer(amount_atoms)?;
        ctx.accounts.vault_token.reload()?;
        let tokens_atoms = ctx.accounts.vault_token.amount;
        let received_atoms = tokens_atoms.checked_sub(tokens_before_atoms);
        require!(
            received_atoms == Some(amount_atoms),
            VaultError::TransferAmountMismatch
        );

        let event = {
            let mut vault = ctx.accounts.vault_state.load_mut()?;
            let mut collateral = ctx.accounts.collateral.load_mut()?;
            vault.add_deposit(amount_atoms, clock.unix_timestamp)?;
            collateral.add_deposit(amount_atoms)?;
            collateral.invariant()?;
            vault.invariant(tokens_atoms)?;
            Deposited {
                head: collateral.next_head(&clock),
                owner: collateral.owner,
                token_authority: ctx.accounts.token_authority.key(),
                amount_atoms,
                free_atoms: collateral.free_atoms,
                vault_free_atoms: vault.free_atoms,
                vault_tokens_atoms: tokens_atoms,
            }
        };
        emit_cpi!(event);
        Ok(())
    }

    fn transfer(&self, amount_atoms: u64) -> Result<()> {
        let accounts = TransferChecked {
            from: self.depositor_token.to_account_info(),
            mint: self.quote_mint.to_account_info(),
            to: self.vault_token.to_account_info(),
            authority: self.token_authority.to_account_info(),
        };
        let context = CpiContext::new(self.token_program.key(), accounts);
        transfer_checked(context, amount_atoms, self.quote_mint.decimals)
    }
}
