use anchor_lang::prelude::*;

use crate::{
    constants::INSTRUCTIONS_SYSVAR, events::VaultPauseSet, guard::refuse_durable_nonce,
    state::VaultState,
};

#[event_cpi]
#[derive(Accounts)]
pub struct SetVaultPause<'info> {
    #[account(mut)]
    pub vault_state: AccountLoader<'info, VaultState>,
    pub signer: Signer<'info>,
    /// CHECK: the instructions sysvar, fixed by its address.
    #[account(address = INSTRUCTIONS_SYSVAR)]
    pub instructions: UncheckedAccount<'info>,
}

impl SetVaultPause<'_> {
    pub fn validate(&self) -> Result<()> {
        refuse_durable_nonce(&self.instructions)
    }

    pub fn handle(ctx: Context<SetVaultPause>, pause_bits: u8) -> Result<()> {
        let clock = Clock::get()?;
        let signer = ctx.accounts.signer.key();
        let event = {
            let mut vault = ctx.accounts.vault_state.load_mut()?;
            vault.set_pause(&signer, pause_bits, clock.unix_timestamp)?;
            VaultPauseSet {
                head: vault.next_head(&clock),
                signer,
                pause_bits,
                withdraw_pause_expiry_ts: vault.withdraw_pause_expiry_ts,
            }
        };
        emit_cpi!(event);
        Ok(())
    }
}
