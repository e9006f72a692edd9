use anchor_lang::prelude::*;
use anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface};

use crate::{
    constants::{MAX_DELAY_SECONDS, POSITION_AUTHORITY},
    error::VaultError,
    events::VaultCreated,
    mint_policy::require_plain_mint,
    program::CollateralVault,
    seeds::{SEED_VAULT_STATE, SEED_VAULT_TOKEN},
    state::{NewVault, VaultState, WithdrawLimit},
};

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct CreateVaultArgs {
    pub admin: Pubkey,
    pub guardian: Pubkey,
    /// Owner of the token accounts that collected fees may go to.
    pub fee_recipient: Pubkey,
    /// Delay of changes that touch money; 0 only on a local chain.
    pub delay_seconds: u32,
    pub withdraw_limit: WithdrawLimit,
}

#[event_cpi]
#[derive(Accounts)]
pub struct CreateVault<'info> {
    #[account(mut)]
    pub upgrade_authority: Signer<'info>,
    #[account(
        init,
        payer = upgrade_authority,
        space = VaultState::SPACE,
        seeds = [SEED_VAULT_STATE],
        bump
    )]
    pub vault_state: AccountLoader<'info, VaultState>,
    #[account(mint::token_program = token_program)]
    pub quote_mint: Box<InterfaceAccount<'info, Mint>>,
    #[account(
        init,
        payer = upgrade_authority,
        seeds = [SEED_VAULT_TOKEN],
        bump,
        token::mint = quote_mint,
        token::authority = vault_state,
        token::token_program = token_program
    )]
    pub vault_token: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(constraint = this_program.programdata_address()? == Some(program_data.key()) @ VaultError::NotUpgradeAuthority)]
    pub this_program: Program<'info, CollateralVault>,
    #[account(constraint = program_data.upgrade_authority_address == Some(upgrade_authority.key()) @ VaultError::NotUpgradeAuthority)]
    pub program_data: Box<Account<'info, ProgramData>>,
    pub token_program: Interface<'info, TokenInterface>,
    pub system_program: Program<'info, System>,
}

impl CreateVault<'_> {
    pub fn validate(&self, args: &CreateVaultArgs) -> Result<()> {
        require_plain_mint(&self.quote_mint.to_account_info())?;
        args.withdraw_limit.validate()?;
        require_gte!(
            MAX_DELAY_SECONDS,
            args.delay_seconds,
            VaultError::DelayTooLong
        );
        for key in [args.admin, args.guardian, args.fee_recipient] {
            require_keys_neq!(key, Pubkey::default(), VaultError::DefaultAddressRefused);
        }
        Ok(())
    }

    pub fn handle(ctx: Context<CreateVault>, args: CreateVaultArgs) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = &ctx.accounts;
        let new = NewVault {
            quote_mint: accounts.quote_mint.key(),
            vault_token: accounts.vault_token.key(),
            token_program: accounts.token_program.key(),
            position_authority: POSITION_AUTHORITY,
            admin: args.admin,
            guardian: args.guardian,
            fee_recipient: args.fee_recipient,
            withdraw_limit: args.withdraw_limit,
            delay_seconds: args.delay_seconds,
            quote_decimals: accounts.quote_mint.decimals,
            bump: ctx.bumps.vault_state,
            vault_token_bump: ctx.bumps.vault_token,
        };
        let event = {
            let mut vault = accounts.vault_state.load_init()?;
            vault.open(new, clock.unix_timestamp);
            vault.invariant(accounts.vault_token.amount)?;
            VaultCreated {
                head: vault.next_head(&clock),
                quote_mint: vault.quote_mint,
                vault_token: vault.vault_token,
                position_authority: vault.position_authority,
                admin: vault.admin,
                guardian: vault.guardian,
                fee_recipient: vault.fee_recipient,
                delay_seconds: vault.delay_seconds,
            }
        };
        emit_cpi!(event);
        Ok(())
    }
}
