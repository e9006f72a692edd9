use anchor_lang::prelude::*;

use crate::{
    constants::INSTRUCTIONS_SYSVAR,
    error::PositionError,
    events::{emit, AdminAccepted},
    guard::refuse_durable_nonce,
    seeds::CONFIG_ADDRESS,
    state::{has_current_layout, GlobalConfig},
};

#[event_cpi]
#[derive(Accounts)]
pub struct AcceptAdmin<'info> {
    #[account(
        mut,
        address = CONFIG_ADDRESS,
        constraint = has_current_layout(&config) @ PositionError::ConfigLayoutOld
    )]
    pub config: AccountLoader<'info, GlobalConfig>,
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
        let event = {
            let mut config = ctx.accounts.config.load_mut()?;
            config.accept_admin(ctx.accounts.new_admin.key, clock.unix_timestamp)?;
            config.invariant()?;
            AdminAccepted {
                head: config.next_head(&clock),
                admin: config.admin,
            }
        };
        emit(&event, &ctx.accounts.event_authority)
    }
}
