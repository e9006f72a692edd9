use anchor_lang::prelude::*;

use crate::{
    constants::INSTRUCTIONS_SYSVAR, events::AdminAccepted, guard::refuse_durable_nonce,
    state::VaultState,
};

#[event_cpi]
#[derive(Accounts)]
pub struct AcceptAdmin<'info> {
    #[account(mut)]
    pub vault_state: AccountLoader<'info, VaultState>,
    pub new_admin: Signer<'info>,
    /// CHECK: the instructions sysvar, fixed by its address.
    #[account(address = INSTRUCTIONS_SYSVAR)]
    pub instructions: UncheckedAccount<'info>,
}

impl AcceptAdmin<'_> {
    pub fn validate(&self) -> Result<()> {
        refuse_durable_nonce(&self.instructions)
    }

    pub fn handle(ctx: Context<AcceptAdmin>) -> Result<()> {
        let clock = Clock::get()?;
        let signer = ctx.accounts.new_admin.key();
        let event = {
            let mut vault = ctx.accounts.vault_state.load_mut()?;
            vault.accept_admin(&signer, clock.unix_timestamp)?;
            AdminAccepted {
                head: vault.next_head(&clock),
                admin: vault.admin,
            }
        };
        emit_cpi!(event);
        Ok(())
    }
}
