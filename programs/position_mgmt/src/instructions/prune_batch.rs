use anchor_lang::prelude::*;

use crate::{
    error::PositionError,
    events::{emit, BatchPruned, OrphanedBatchPruned},
    seeds::CONFIG_ADDRESS,
    state::{has_current_layout, GlobalConfig, PerpMarket, SettlementBatch},
};

/// Removes an old batch's record; the rent goes back to the relayer that settled it. Anyone may. Without the market,
/// which may have been closed, a record has to be a day older.
#[event_cpi]
#[derive(Accounts)]
pub struct PruneBatch<'info> {
    #[account(
        address = CONFIG_ADDRESS,
        constraint = has_current_layout(&config) @ PositionError::ConfigLayoutOld
    )]
    pub config: AccountLoader<'info, GlobalConfig>,
    #[account(mut)]
    pub market: Option<AccountLoader<'info, PerpMarket>>,
    #[account(mut, has_one = relayer @ PositionError::WrongBatchRelayer, close = relayer)]
    pub batch: AccountLoader<'info, SettlementBatch>,
    /// CHECK: named by the batch.
    #[account(mut)]
    pub relayer: UncheckedAccount<'info>,
}

impl PruneBatch<'_> {
    pub fn handle(ctx: Context<PruneBatch>) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = &ctx.accounts;
        match &accounts.market {
            Some(market) => emit(&accounts.prune(market, &clock)?, &accounts.event_authority),
            None => emit(&accounts.prune_orphan(&clock)?, &accounts.event_authority),
        }
    }

    fn prune(&self, market: &AccountLoader<'_, PerpMarket>, clock: &Clock) -> Result<BatchPruned> {
        let market_key = market.key();
        let mut market = market.load_mut()?;
        let batch = self.batch.load()?;
        require_eq!(
            batch.market_index,
            market.market_index,
            PositionError::WrongMarket
        );
        let retention = self.config.load()?.batch_retention_seconds;
        require!(
            batch.is_prunable(market.last_batch_sequence, retention, clock.unix_timestamp),
            PositionError::BatchNotPrunable
        );
        Ok(BatchPruned {
            head: market.next_head(clock),
            market: market_key,
            batch_id: batch.batch_id,
            batch_sequence: batch.sequence,
        })
    }

    fn prune_orphan(&self, clock: &Clock) -> Result<OrphanedBatchPruned> {
        let batch = self.batch.load()?;
        let retention = self.config.load()?.batch_retention_seconds;
        require!(
            batch.is_orphaned(retention, clock.unix_timestamp),
            PositionError::BatchNotPrunable
        );
        Ok(OrphanedBatchPruned::of(&batch, clock))
    }
}
