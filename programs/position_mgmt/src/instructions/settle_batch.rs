use anchor_lang::prelude::*;
use gdx_batch::Header;
use oracle::state::PriceFeed;

use crate::{
    constants::PAUSE_SETTLE,
    error::{OrProgramError, PositionError},
    events::{emit, BatchSettled},
    seeds::CONFIG_ADDRESS,
    settlement::{
        named, place, read, settle_nets, settle_trades, write_record, Place, Terms, Totals,
    },
    state::{
        has_current_layout, BatchStatus, GlobalConfig, MarketStatus, PerpMarket, SettlementBatch,
    },
};

/// The position accounts follow as remaining accounts, keys strictly ascending.
#[event_cpi]
#[derive(Accounts)]
pub struct SettleBatch<'info> {
    /// Pays the record's rent; need not be the transaction's fee payer.
    #[account(mut)]
    pub relayer: Signer<'info>,
    #[account(
        address = CONFIG_ADDRESS,
        constraint = has_current_layout(&config) @ PositionError::ConfigLayoutOld
    )]
    pub config: AccountLoader<'info, GlobalConfig>,
    #[account(mut)]
    pub market: AccountLoader<'info, PerpMarket>,
    pub price_feed: AccountLoader<'info, PriceFeed>,
    /// CHECK: compared with ["batch", batch id], which only the data tells.
    #[account(mut)]
    pub batch: UncheckedAccount<'info>,
    pub system_program: Program<'info, System>,
}

impl SettleBatch<'_> {
    /// Whether this version, now, from this relayer, in its epoch.
    pub fn validate(&self, data: &[u8]) -> Result<()> {
        let version = read(Header::version_of(data))?;
        let config = self.config.load()?;
        self.require_version(&config, version, data)?;
        config.require_open(PAUSE_SETTLE, PositionError::SettlePaused)?;
        require!(
            config.active_relayer == *self.relayer.key,
            PositionError::WrongRelayer
        );
        let header = read(Header::read(data))?;
        require!(
            config.relayer_epoch == header.relayer_epoch,
            PositionError::WrongEpoch
        );
        Ok(())
    }

    /// The mask allows the version, or the canary does for this market and sequence.
    fn require_version(&self, config: &GlobalConfig, version: u8, data: &[u8]) -> Result<()> {
        if config.allows_version(version) {
            return Ok(());
        }
        if !config.is_canary_of(version, self.market.as_ref().key) {
            return err!(PositionError::BatchVersionNotAllowed);
        }
        let header = read(Header::read(data))?;
        require!(
            config.is_within_canary(header.sequence),
            PositionError::BatchVersionNotAllowed
        );
        Ok(())
    }

    pub fn handle<'info>(ctx: Context<'info, SettleBatch<'info>>, data: &[u8]) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = &ctx.accounts;
        let header = read(Header::read(data))?;
        let market_key = accounts.market.as_ref().key;
        let batch_id = header.batch_id(market_key.as_array());
        let Some(event) = accounts.settle(&header, batch_id, ctx.remaining_accounts, &clock)?
        else {
            return Ok(());
        };
        let record = accounts.record(&header, batch_id, &clock)?;
        write_record(
            record,
            &accounts.batch,
            &accounts.relayer,
            &accounts.system_program,
        )?;
        emit(&event, &accounts.event_authority)
    }

    /// The event of the settled batch; `None` for one that was settled before.
    #[inline(never)]
    fn settle(
        &self,
        header: &Header<'_>,
        batch_id: [u8; 32],
        positions: &[AccountInfo<'_>],
        clock: &Clock,
    ) -> Result<Option<BatchSettled>> {
        let config = self.config.load()?;
        let mut market = self.market.load_mut()?;
        let (retention, now_ts) = (config.batch_retention_seconds, clock.unix_timestamp);
        let place = place(header, &batch_id, &market, &self.batch, retention, now_ts)?;
        if place == Place::Known {
            return Ok(None);
        }
        market.require_status(&[MarketStatus::Active, MarketStatus::ReduceOnly])?;
        require!(
            market.price_oracle == *self.price_feed.as_ref().key,
            PositionError::WrongPriceFeed
        );
        require!(
            header.is_exempt_from_min_size()
                || u32::from(header.trade_count) >= config.min_batch_size,
            PositionError::BatchTooSmall
        );
        let index_price_e6 = if header.is_heartbeat() {
            require!(positions.is_empty(), PositionError::BadPositionAccounts);
            self.price_feed.load()?.price_e6()
        } else {
            self.settle_entries(header, positions, &config, &mut market, now_ts)?
        };
        market.advance(header.sequence, batch_id, now_ts);
        let head = market.next_head(clock);
        Ok(Some(self.event(
            head,
            header,
            batch_id,
            positions.len(),
            index_price_e6,
            &market,
        )))
    }

    /// Applies the entries to positions and market; returns the index price they were measured against.
    fn settle_entries(
        &self,
        header: &Header<'_>,
        positions: &[AccountInfo<'_>],
        config: &GlobalConfig,
        market: &mut PerpMarket,
        now_ts: i64,
    ) -> Result<u64> {
        let feed = self.price_feed.load()?;
        let market_key = self.market.as_ref().key;
        let terms = Terms::new(header, market_key, market, config, &feed, now_ts)?;
        let mut totals = Totals::new(market.ledger()?);
        let value_before = totals.ledger.book_value().or_error()?;
        let kind = if header.version == 1 {
            settle_trades(header, positions, &terms, &mut totals)?;
            "trade"
        } else {
            settle_nets(header, positions, &terms, &mut totals)?;
            "entry"
        };
        let (index, sample) = (terms.index, totals.mark_sample(terms.range, terms.band)?);
        market.store_unmoved_ledger(&totals.ledger, value_before)?;
        named(
            market.count_slippage(totals.slippage, now_ts),
            kind,
            totals.strayed_most(),
        )?;
        if let Some(sample) = sample {
            market.mark(sample, index, now_ts)?;
        }
        Ok(index.0)
    }

    fn record(
        &self,
        header: &Header<'_>,
        batch_id: [u8; 32],
        clock: &Clock,
    ) -> Result<SettlementBatch> {
        Ok(SettlementBatch {
            batch_id,
            relayer: *self.relayer.key,
            merkle_root: *header.merkle_root,
            timestamp: clock.unix_timestamp,
            sequence: header.sequence,
            market_index: self.market.load()?.market_index,
            trade_count: header.trade_count,
            status: BatchStatus::Confirmed as u8,
            bump: 0,
        })
    }

    fn event(
        &self,
        head: crate::events::EventHead,
        header: &Header<'_>,
        batch_id: [u8; 32],
        position_count: usize,
        index_price_e6: u64,
        market: &PerpMarket,
    ) -> BatchSettled {
        BatchSettled {
            head,
            market: *self.market.as_ref().key,
            batch_id,
            merkle_root: *header.merkle_root,
            relayer: *self.relayer.key,
            batch_sequence: header.sequence,
            version: header.version,
            flags: header.flags,
            trade_count: header.trade_count,
            position_count: position_count as u16,
            mark_price_e6: market.mark_price_e6,
            index_price_e6,
            open_interest_e8: market.total_open_interest,
            collateral_sum_atoms: market.collateral_sum_atoms,
            cost_sum_atoms: market.cost_sum_atoms,
            accrued_fees_atoms: market.accrued_fees_atoms,
            funding_pool_atoms: market.funding_pool_atoms,
            slippage_used_atoms: market.slippage_used_atoms,
        }
    }
}
