use anchor_lang::prelude::*;

use crate::{
    error::EphemeralError,
    events::EphemeralVaultCreated,
    seeds::{SEED_SESSION, SEED_VAULT},
    state::{EphemeralVault, Session},
};

#[event_cpi]
#[derive(Accounts)]
pub struct Create<'info> {
    #[account(mut)]
    pub user_wallet: Signer<'info>,
    #[account(
        init,
        payer = user_wallet,
        space = EphemeralVault::SPACE,
        seeds = [SEED_VAULT, user_wallet.key().as_ref()],
        bump
    )]
    pub vault: Account<'info, EphemeralVault>,
    #[account(
        init,
        payer = user_wallet,
        space = Session::SPACE,
        seeds = [SEED_SESSION, user_wallet.key().as_ref()],
        bump
    )]
    pub session: Account<'info, Session>,
    pub system_program: Program<'info, System>,
}

impl Create<'_> {
    pub fn validate(&self, session_key: &Pubkey) -> Result<()> {
        require_keys_neq!(
            *session_key,
            Pubkey::default(),
            EphemeralError::DefaultAddressRefused
        );
        Ok(())
    }

    pub fn handle(ctx: Context<Create>, session_key: Pubkey, expiry_ts: i64) -> Result<()> {
        let clock = Clock::get()?;
        let now_ts = clock.unix_timestamp;
        let user_wallet = ctx.accounts.user_wallet.key();
        let vault_pda = ctx.accounts.vault.key();
        ctx.accounts
            .vault
            .open(user_wallet, vault_pda, ctx.bumps.vault, now_ts);
        ctx.accounts.session.open(
            user_wallet,
            session_key,
            expiry_ts,
            ctx.bumps.session,
            now_ts,
        )?;
        ctx.accounts.vault.invariant()?;
        emit_cpi!(EphemeralVaultCreated {
            head: ctx.accounts.vault.next_head(&clock),
            user_wallet,
            vault_pda,
            session_key,
            expiry_ts,
        });
        Ok(())
    }
}
