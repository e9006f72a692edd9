use anchor_lang::prelude::*;

use crate::{
    error::PositionError,
    events::{emit, ConfigChanged},
    seeds::{CONFIG_ADDRESS, SEED_BEAT},
    state::{has_current_layout, GlobalConfig, RelayerBeat},
};

/// An approved relayer becomes the active one when that one is silent.
#[event_cpi]
#[derive(Accounts)]
pub struct TakeOver<'info> {
    #[account(
        mut,
        address = CONFIG_ADDRESS,
        constraint = has_current_layout(&config) @ PositionError::ConfigLayoutOld
    )]
    pub config: AccountLoader<'info, GlobalConfig>,
    #[account(mut, seeds = [SEED_BEAT], bump)]
    pub beat: AccountLoader<'info, RelayerBeat>,
    pub relayer: Signer<'info>,
}

impl TakeOver<'_> {
    pub fn handle(ctx: Context<TakeOver>) -> Result<()> {
        let clock = Clock::get()?;
        let relayer = ctx.accounts.relayer.key();
        let event = {
            let mut config = ctx.accounts.config.load_mut()?;
            let mut beat = ctx.accounts.beat.load_mut()?;
            config.take_over(&relayer, &beat, clock.slot)?;
            beat.beat(relayer, config.relayer_epoch, &clock);
            config.invariant()?;
            ConfigChanged::of(&mut config, relayer, &clock)
        };
        emit(&event, &ctx.accounts.event_authority)
    }
}
