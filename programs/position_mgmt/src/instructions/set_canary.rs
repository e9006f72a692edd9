use anchor_lang::prelude::*;

use crate::{
    constants::INSTRUCTIONS_SYSVAR,
    error::PositionError,
    events::{emit, CanarySet},
    guard::refuse_durable_nonce,
    seeds::CONFIG_ADDRESS,
    state::{has_current_layout, Canary, GlobalConfig, PerpMarket},
};

/// Lets one market try a batch version before it is live for all.
#[event_cpi]
#[derive(Accounts)]
pub struct SetCanary<'info> {
    #[account(
        mut,
        address = CONFIG_ADDRESS,
        constraint = has_current_layout(&config) @ PositionError::ConfigLayoutOld
    )]
    pub config: AccountLoader<'info, GlobalConfig>,
    /// The admin or the guardian.
    pub signer: Signer<'info>,
    /// The canary's; any market where the canary ends.
    pub market: AccountLoader<'info, PerpMarket>,
    /// CHECK: the instructions sysvar, fixed by its address.
    #[account(address = INSTRUCTIONS_SYSVAR)]
    pub instructions: UncheckedAccount<'info>,
}

impl SetCanary<'_> {
    pub fn validate(&self) -> Result<()> {
        let config = self.config.load()?;
        config.require_admin_or_guardian(self.signer.key)?;
        refuse_durable_nonce(&self.instructions)
    }

    pub fn handle(ctx: Context<SetCanary>, version: u8, batches: u32) -> Result<()> {
        let clock = Clock::get()?;
        let signer = ctx.accounts.signer.key();
        let canary = Canary {
            version,
            market: ctx.accounts.market.key(),
            batches,
        };
        let event = {
            let mut config = ctx.accounts.config.load_mut()?;
            config.set_canary(&signer, &canary, &*ctx.accounts.market.load()?)?;
            config.invariant()?;
            CanarySet::of(&mut config, signer, &clock)
        };
        emit(&event, &ctx.accounts.event_authority)
    }
}
