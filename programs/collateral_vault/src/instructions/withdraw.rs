use anchor_lang::prelude::*;
use anchor_spl::token_interface::{
    transfer_checked, Mint, TokenAccount, TokenInterface, TransferChecked,
};

use crate::{
    error::VaultError,
    events::Withdrawn,
    state::{Collateral, VaultState},
};

#[event_cpi]
#[derive(Accounts)]
pub struct Withdraw<'info> {
    #[account(
        mut,
        has_one = quote_mint @ VaultError::WrongQuoteMint,
        has_one = vault_token @ VaultError::WrongVaultToken,
        has_one = token_program @ VaultError::WrongTokenProgram
    )]
    pub vault_state: AccountLoader<'info, VaultState>,
    #[account(mut, has_one = owner @ VaultError::NotCollateralOwner)]
    pub collateral: AccountLoader<'info, Collateral>,
    pub owner: Signer<'info>,
    /// Any token account of the quote mint.
    #[account(mut, constraint = recipient_token.mint == quote_mint.key() @ VaultError::WrongTokenMint)]
    pub recipient_token: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(mut)]
    pub vault_token: Box<InterfaceAccount<'info, TokenAccount>>,
    pub quote_mint: Box<InterfaceAccount<'info, Mint>>,
    pub token_program: Interface<'info, TokenInterface>,
}

impl Withdraw<'_> {
    pub fn validate(&self, amount_atoms: u64) -> Result<()> {
        require_neq!(amount_atoms, 0, VaultError::AmountIsZero);
        let now_ts = Clock::get()?.unix_timestamp;
        self.vault_state.load()?.require_withdrawals_open(now_ts)
    }

    pub fn handle(ctx: Context<Withdraw>, amount_atoms: u64) -> Result<()> {
        let clock = Clock::get()?;
        let net_outflow_atoms = ctx.accounts.take(amount_atoms, clock.unix_timestamp)?;
        let tokens_before_atoms = ctx.accounts.vault_token.amount;
        ctx.accounts.transfer(amount_atoms)?;
        ctx.accounts.vault_token.reload()?;
        let tokens_atoms = ctx.accounts.vault_token.amount;
        let sent_atoms = tokens_before_atoms.checked_sub(tokens_atoms);
        require!(
            sent_atoms == Some(amount_atoms),
            VaultError::TransferAmountMismatch
        );

        let event = {
            let vault = ctx.accounts.vault_state.load()?;
            let mut collateral = ctx.accounts.collateral.load_mut()?;
            collateral.invariant()?;
            vault.invariant(tokens_atoms)?;
            Withdrawn {
                head: collateral.next_head(&clock),
                owner: collateral.owner,
                recipient_token: ctx.accounts.recipient_token.key(),
                amount_atoms,
                free_atoms: collateral.free_atoms,
                vault_free_atoms: vault.free_atoms,
                vault_tokens_atoms: tokens_atoms,
                net_outflow_atoms,
            }
        };
        emit_cpi!(event);
        Ok(())
    }

    /// Takes the amount off the ledger and gives the vault's net outflow after it.
    fn take(&self, amount_atoms: u64, now_ts: i64) -> Result<i64> {
        let mut vault = self.vault_state.load_mut()?;
        let mut collateral = self.collateral.load_mut()?;
        vault.limiter.advance(now_ts);
        let window_seconds = vault.limiter.current.window_seconds;
        let user_withdrawn_atoms =
            collateral.take_withdrawal(amount_atoms, window_seconds, now_ts)?;
        vault.take_withdrawal(amount_atoms, user_withdrawn_atoms, now_ts)?;
        Ok(vault.limiter.window_net_atoms)
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
