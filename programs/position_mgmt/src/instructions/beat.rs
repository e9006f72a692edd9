use anchor_lang::prelude::*;

use crate::{
    error::PositionError,
    seeds::{CONFIG_ADDRESS, SEED_BEAT},
    state::{has_current_layout, GlobalConfig, RelayerBeat},
};

/// Writes no event: it comes every few slots and moves no money.
#[derive(Accounts)]
pub struct Beat<'info> {
    #[account(
        address = CONFIG_ADDRESS,
        constraint = has_current_layout(&config) @ PositionError::ConfigLayoutOld,
        constraint = config.load()?.active_relayer == active_relayer.key() @ PositionError::WrongRelayer
    )]
    pub config: AccountLoader<'info, GlobalConfig>,
    #[account(mut, seeds = [SEED_BEAT], bump)]
    pub beat: AccountLoader<'info, RelayerBeat>,
    pub active_relayer: Signer<'info>,
}

impl Beat<'_> {
    pub fn handle(ctx: Context<Beat>) -> Result<()> {
        let config = ctx.accounts.config.load()?;
        let mut beat = ctx.accounts.beat.load_mut()?;
        beat.beat(config.active_relayer, config.relayer_epoch, &Clock::get()?);
        Ok(())
    }
}
