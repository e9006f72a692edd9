use anchor_lang::prelude::*;

use crate::{
    error::PositionError,
    events::{emit, BatchPruned},
    seeds::CONFIG_ADDRESS,
    state::{has_current_layout, GlobalConfig, PerpMarket, SettlementBatch},
};

/// Removes an old batch's record; the rent goes back to the relayer that settled it. Anyone may.
#[event_cpi]
#[derive(Accounts)]
pub struct PruneBatch<'info> {
    #[account(
        address = CONFIG_ADDRESS,
        constraint = has_current_layout(&config) @ PositionError::ConfigLayoutOld
    )]
    pub config: AccountLoader<'info, GlobalConfig>,
    #[account(mut)]
    pub market: AccountLoader<'info, PerpMarket>,
    #[account(
        mut,
        has_one = relayer @ PositionError::WrongBatchRelayer,
        constraint = batch.load()?.market_index == market.load()?.market_index @ PositionError::WrongMarket,
        close = relayer
    )]
    pub batch: AccountLoader<'info, SettlementBatch>,
    /// CHECK: named by the batch.
    #[account(mut)]
    pub relayer: UncheckedAccount<'info>,
}

impl PruneBatch<'_> {
    pub fn handle(ctx: Context<PruneBatch>) -> Result<()> {
        let clock = Clock::get()?;
        let event = {
            let mut market = ctx.accounts.market.load_mut()?;
            let batch = ctx.accounts.batch.load()?;
            let retention = ctx.accounts.config.load()?.batch_retention_seconds;
            require!(
                batch.is_prunable(market.last_batch_sequence, retention, clock.unix_timestamp),
                PositionError::BatchNotPrunable
            );
            BatchPruned {
                head: market.next_head(&clock),
                market: ctx.accounts.market.key(),
                batch_id: batch.batch_id,
                batch_sequence: batch.sequence,
            }
        };
        emit(&event, &ctx.accounts.event_authority)
    }
}
