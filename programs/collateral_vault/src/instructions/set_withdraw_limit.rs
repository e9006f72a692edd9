use anchor_lang::prelude::*;

use crate::{
    constants::INSTRUCTIONS_SYSVAR,
    error::VaultError,
    events::WithdrawLimitScheduled,
    guard::refuse_durable_nonce,
    state::{VaultState, WithdrawLimit},
};

#[event_cpi]
#[derive(Accounts)]
pub struct SetWithdrawLimit<'info> {
    #[account(mut, has_one = admin @ VaultError::NotAdmin)]
    pub vault_state: AccountLoader<'info, VaultState>,
    pub admin: Signer<'info>,
    /// CHECK: the instructions sysvar, fixed by its address.
    #[account(address = INSTRUCTIONS_SYSVAR)]
    pub instructions: UncheckedAccount<'info>,
}

impl SetWithdrawLimit<'_> {
    pub fn validate(&self, limit: &WithdrawLimit) -> Result<()> {
        refuse_durable_nonce(&self.instructions)?;
        limit.validate()
    }

    pub fn handle(ctx: Context<SetWithdrawLimit>, limit: WithdrawLimit) -> Result<()> {
        let clock = Clock::get()?;
        let event = {
            let mut vault = ctx.accounts.vault_state.load_mut()?;
            let not_before_ts = vault.schedule_withdraw_limit(limit, clock.unix_timestamp);
            WithdrawLimitScheduled {
                head: vault.next_head(&clock),
                limit,
                not_before_ts,
            }
        };
        emit_cpi!(event);
        Ok(())
    }
}
