use anchor_lang::{prelude::*, solana_program::program_option::COption};
use anchor_spl::token_interface::{TokenAccount, TokenInterface};
use collateral_vault::{
    cpi,
    program::CollateralVault,
    state::{Collateral, VaultState},
};

use crate::{
    error::EphemeralError,
    events::FastDeposited,
    state::{EphemeralVault, Session},
};

#[event_cpi]
#[derive(Accounts)]
pub struct FastDeposit<'info> {
    pub session_key: Signer<'info>,
    #[account(
        has_one = session_key @ EphemeralError::NotSessionKey,
        has_one = user_token @ EphemeralError::WrongTokenAccount,
        constraint = session.user_wallet == vault.user_wallet @ EphemeralError::WrongSession
    )]
    pub session: Box<Account<'info, Session>>,
    #[account(mut)]
    pub vault: Box<Account<'info, EphemeralVault>>,
    #[account(mut)]
    pub user_token: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(mut)]
    pub vault_state: AccountLoader<'info, VaultState>,
    /// The user's own; a session deposits nowhere else.
    #[account(mut, constraint = collateral.load()?.owner == vault.user_wallet @ EphemeralError::WrongCollateral)]
    pub collateral: AccountLoader<'info, Collateral>,
    /// CHECK: the collateral vault compares it with its own record.
    #[account(mut)]
    pub vault_token: UncheckedAccount<'info>,
    /// CHECK: the collateral vault compares it with its own record.
    pub quote_mint: UncheckedAccount<'info>,
    pub token_program: Interface<'info, TokenInterface>,
    pub collateral_vault: Program<'info, CollateralVault>,
    /// CHECK: the collateral vault checks the address that signs its events.
    pub collateral_vault_event_authority: UncheckedAccount<'info>,
}

impl FastDeposit<'_> {
    pub fn validate(&self, amount_atoms: u64) -> Result<()> {
        require_neq!(amount_atoms, 0, EphemeralError::AmountIsZero);
        self.vault.require_active()?;
        self.session.require_alive(Clock::get()?.unix_timestamp)
    }

    pub fn handle(ctx: Context<FastDeposit>, amount_atoms: u64) -> Result<()> {
        let clock = Clock::get()?;
        let delegated_atoms = ctx.accounts.delegated_atoms();
        ctx.accounts
            .vault
            .spend(amount_atoms, delegated_atoms, clock.unix_timestamp)?;
        ctx.accounts.vault.invariant()?;
        ctx.accounts.deposit(amount_atoms)?;
        let free_atoms = ctx.accounts.collateral.load()?.free_atoms;
        emit_cpi!(FastDeposited {
            head: ctx.accounts.vault.next_head(&clock),
            user_wallet: ctx.accounts.vault.user_wallet,
            session_key: ctx.accounts.session_key.key(),
            amount_atoms,
            approved_atoms: ctx.accounts.vault.approved_amount,
            used_atoms: ctx.accounts.vault.used_amount,
            available_atoms: ctx.accounts.vault.available_amount,
            free_atoms,
        });
        Ok(())
    }

    /// What the token program lets this vault move; zero when the user delegated to somebody else.
    fn delegated_atoms(&self) -> u64 {
        match self.user_token.delegate {
            COption::Some(delegate) if delegate == self.vault.key() => {
                self.user_token.delegated_amount
            }
            _ => 0,
        }
    }

    fn deposit(&self, amount_atoms: u64) -> Result<()> {
        let accounts = cpi::accounts::Deposit {
            vault_state: self.vault_state.to_account_info(),
            collateral: self.collateral.to_account_info(),
            depositor_token: self.user_token.to_account_info(),
            vault_token: self.vault_token.to_account_info(),
            quote_mint: self.quote_mint.to_account_info(),
            token_authority: self.vault.to_account_info(),
            token_program: self.token_program.to_account_info(),
            event_authority: self.collateral_vault_event_authority.to_account_info(),
            program: self.collateral_vault.to_account_info(),
        };
        let seeds = self.vault.signer_seeds();
        let signer_seeds: &[&[&[u8]]] = &[&seeds];
        let context =
            CpiContext::new_with_signer(self.collateral_vault.key(), accounts, signer_seeds);
        cpi::deposit(context, amount_atoms)
    }
}
