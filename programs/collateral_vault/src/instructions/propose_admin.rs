use anchor_lang::prelude::*;

use crate::{
    constants::INSTRUCTIONS_SYSVAR, error::VaultError, events::AdminProposed,
    guard::refuse_durable_nonce, state::VaultState,
};

#[event_cpi]
#[derive(Accounts)]
pub struct ProposeAdmin<'info> {
    #[account(mut, has_one = admin @ VaultError::NotAdmin)]
    pub vault_state: AccountLoader<'info, VaultState>,
    pub admin: Signer<'info>,
    /// CHECK: the instructions sysvar, fixed by its address.
    #[account(address = INSTRUCTIONS_SYSVAR)]
    pub instructions: UncheckedAccount<'info>,
}

impl ProposeAdmin<'_> {
    pub fn validate(&self) -> Result<()> {
        refuse_durable_nonce(&self.instructions)
    }

    pub fn handle(ctx: Context<ProposeAdmin>, new_admin: Pubkey) -> Result<()> {
        let clock = Clock::get()?;
        let event = {
            let mut vault = ctx.accounts.vault_state.load_mut()?;
            vault.propose_admin(new_admin, clock.unix_timestamp);
            AdminProposed {
                head: vault.next_head(&clock),
                admin: vault.admin,
                pending_admin: vault.pending_admin,
                not_before_ts: vault.pending_admin_not_before_ts,
            }
        };
        emit_cpi!(event);
        Ok(())
    }
}
