//! A perpetual market: its terms, its money counters, its place in the chain of batches.

use anchor_lang::prelude::*;
use gdx_math::money::MAX_INDEX;
use gdx_units::{Bps, Ppm, PriceE6};

use crate::{
    constants::MARKET_LAYOUT_VERSION,
    error::{OrProgramError, PositionError},
    events::EventHead,
};

/// Address: `["market", sha256(symbol)]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct PerpMarket {
    /// The configuration whose admin sets this market's terms.
    pub authority: Pubkey,
    /// sha256 of the symbol, a seed of this address.
    pub market_id: [u8; 32],
    /// ASCII, padded with zeros.
    pub symbol: [u8; 32],
    pub base_asset: [u8; 16],
    pub quote_asset: [u8; 16],
    /// The vault's pool that holds this market's money.
    pub usdt_vault: Pubkey,
    /// Feed of the index price.
    pub price_oracle: Pubkey,
    pub fee_recipient: Pubkey,
    /// Id of the last settled batch; before the first the start of its chain.
    pub last_batch_id: [u8; 32],
    /// Rate of the last funding update, 1e-9 per hour, + = longs pay.
    pub funding_rate: i64,
    /// Unix seconds.
    pub last_funding_update: i64,
    /// Open interest in 1e-8 base units: the sum of longs, which is that of shorts.
    pub total_open_interest: u64,
    pub total_long_interest: u64,
    pub total_short_interest: u64,
    /// Insurance's share of liquidation fees that has not yet been moved to the pool's insurance, in atoms.
    pub insurance_fund: u64,
    /// Cumulative, 1e-4 atom per whole base unit, + = longs paid.
    pub funding_index: i64,
    /// Σ premium (1e-9) · seconds, since the market exists.
    pub premium_accumulator: i64,
    /// Cumulative socialized loss of longs, 1e-4 atom per whole base unit.
    pub long_loss_index: i64,
    pub short_loss_index: i64,
    /// Average of settled prices; 0 before the first trade.
    pub mark_price_e6: u64,
    pub last_batch_sequence: u64,
    /// Unix seconds; of the creation before the first batch.
    pub last_batch_ts: i64,
    /// Σ collateral of all positions.
    pub collateral_sum_atoms: i64,
    /// Σ cost of all positions.
    pub cost_sum_atoms: i64,
    /// Fees earned and not yet swept.
    pub accrued_fees_atoms: i64,
    /// Funding paid and not yet received.
    pub funding_pool_atoms: i64,
    /// Left behind by bankrupt longs.
    pub long_shortfall_atoms: i64,
    pub short_shortfall_atoms: i64,
    /// Socialized loss not yet collected.
    pub outstanding_loss_atoms: i64,
    /// Fills' distance from the oracle within the hour before `slippage_ts`, decaying.
    pub slippage_used_atoms: u64,
    pub min_position_size_e8: u64,
    pub max_position_size_e8: u64,
    pub max_open_interest_e8: u64,
    pub max_slippage_per_hour_atoms: u64,
    pub event_sequence: u64,
    pub market_index: u32,
    /// Σ seconds in `premium_accumulator`.
    pub premium_weight_seconds: u32,
    /// Unix seconds.
    pub slippage_ts: u32,
    /// When trades last moved the mark price, which heartbeats don't; of the creation before the first. Unix seconds.
    pub mark_ts: u32,
    /// Whole times.
    pub max_leverage: u16,
    pub maintenance_margin_ratio: u16,
    pub initial_margin_ratio: u16,
    /// ppm of notional, negative for a rebate.
    pub maker_fee: i16,
    pub taker_fee: u16,
    pub liquidation_fee_ppm: u16,
    pub price_band_bps: u16,
    /// A [`MarketStatus`].
    pub status: u8,
    /// 1 when the status is active.
    pub is_active: u8,
    pub layout_version: u8,
    pub bump: u8,
    pub reserved: [u8; 2],
    /// Position accounts that exist; not counted in a market of layout 1.
    pub position_count: u32,
}

const _: () = assert!(size_of::<PerpMarket>() == 504 && align_of::<PerpMarket>() == 8);

/// Status byte of a [`PerpMarket`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum MarketStatus {
    /// Everything is open.
    Active = 0,
    /// No fill may add risk.
    ReduceOnly = 1,
    /// No fills and no liquidations; collateral may leave.
    Halted = 2,
    /// Positions are paid out at one price; nothing else.
    Settling = 3,
}

impl MarketStatus {
    /// # Errors
    /// `BadMarketStatus`.
    pub fn from_byte(status: u8) -> Result<Self> {
        match status {
            0 => Ok(Self::Active),
            1 => Ok(Self::ReduceOnly),
            2 => Ok(Self::Halted),
            3 => Ok(Self::Settling),
            _ => err!(PositionError::BadMarketStatus),
        }
    }
}

/// What `create_market` knows besides the parameters.
pub struct NewMarket {
    pub authority: Pubkey,
    pub symbol_hash: [u8; 32],
    pub symbol: [u8; 32],
    pub base_asset: [u8; 16],
    pub quote_asset: [u8; 16],
    pub pool: Pubkey,
    pub price_oracle: Pubkey,
    pub fee_recipient: Pubkey,
    pub market_index: u32,
    /// Sequence and id that the first batch follows.
    pub chain_start: (u64, [u8; 32]),
    pub bump: u8,
}

impl PerpMarket {
    pub const SPACE: usize = 8 + size_of::<Self>();

    pub fn open(&mut self, new: NewMarket, now_ts: i64) {
        self.authority = new.authority;
        self.market_id = new.symbol_hash;
        self.symbol = new.symbol;
        self.base_asset = new.base_asset;
        self.quote_asset = new.quote_asset;
        self.usdt_vault = new.pool;
        self.price_oracle = new.price_oracle;
        self.fee_recipient = new.fee_recipient;
        self.market_index = new.market_index;
        self.bump = new.bump;
        self.layout_version = MARKET_LAYOUT_VERSION;
        (self.last_batch_sequence, self.last_batch_id) = new.chain_start;
        self.last_batch_ts = now_ts;
        self.mark_ts = now_ts as u32;
        self.last_funding_update = now_ts;
        self.set_status(MarketStatus::Active);
    }

    /// Header of the next event of this market.
    pub fn next_head(&mut self, clock: &Clock) -> EventHead {
        self.event_sequence = self.event_sequence.wrapping_add(1);
        EventHead::new(clock, self.event_sequence)
    }

    pub fn set_status(&mut self, status: MarketStatus) {
        self.status = status as u8;
        self.is_active = u8::from(status == MarketStatus::Active);
    }

    /// # Errors
    /// `MarketNotActive` unless the status is one of `accepted`.
    #[inline]
    pub fn require_status(&self, accepted: &[MarketStatus]) -> Result<()> {
        if accepted.iter().any(|status| *status as u8 == self.status) {
            return Ok(());
        }
        err!(PositionError::MarketNotActive)
    }

    /// Mark price, or the index price while nothing has been traded.
    #[inline]
    pub fn mark_or(&self, index: PriceE6) -> PriceE6 {
        if self.mark_price_e6 == 0 {
            index
        } else {
            PriceE6(self.mark_price_e6)
        }
    }

    #[inline]
    pub fn initial_ratio(&self) -> Bps {
        Bps(self.initial_margin_ratio)
    }

    #[inline]
    pub fn maintenance_ratio(&self) -> Bps {
        Bps(self.maintenance_margin_ratio)
    }

    #[inline]
    pub fn price_band(&self) -> Bps {
        Bps(self.price_band_bps)
    }

    #[inline]
    pub fn taker_rate(&self) -> Ppm {
        Ppm(i32::from(self.taker_fee))
    }

    #[inline]
    pub fn maker_rate(&self) -> Ppm {
        Ppm(i32::from(self.maker_fee))
    }

    /// Puts a settled batch at the head of the market's chain.
    pub fn advance(&mut self, sequence: u64, batch_id: [u8; 32], now_ts: i64) {
        self.last_batch_sequence = sequence;
        self.last_batch_id = batch_id;
        self.last_batch_ts = now_ts;
    }

    /// Takes a funding update over. `MathOverflow` beyond the range of an index: the market can only be settled then.
    pub fn set_funding(&mut self, index: i64, rate_e9: i64, now_ts: i64) -> Result<()> {
        require_gt!(
            now_ts,
            self.last_funding_update,
            PositionError::FundingNotNewer
        );
        require!(
            index.unsigned_abs() <= MAX_INDEX.unsigned_abs(),
            PositionError::MathOverflow
        );
        self.funding_index = index;
        self.funding_rate = rate_e9;
        self.last_funding_update = now_ts;
        Ok(())
    }

    /// `locked = ΣC − Σcost + accrued + funding_pool − loss_out − shortfall`, against the pool's tokens, and both
    /// sides of the market are equal.
    pub fn invariant(&self, locked_atoms: u64) -> Result<()> {
        let ledger = self.ledger()?;
        let backed = i64::try_from(locked_atoms).map_err(|_| PositionError::MathOverflow)?;
        require!(
            ledger.book_value().or_error()?.0 == backed,
            PositionError::MarketNotBacked
        );
        require!(ledger.is_balanced(), PositionError::InterestNotBalanced);
        Ok(())
    }
}
