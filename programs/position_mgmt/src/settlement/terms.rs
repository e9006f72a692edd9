//! What a batch's entries are measured against, and the sums they leave.

use anchor_lang::prelude::*;
use gdx_batch::Header;
use gdx_math::{
    band::{mark_sample, Deviation, OpeningBand, PriceRange, Worth},
    fees::fee_beyond_net,
    margin::adds_risk,
    money::{Ledger, Position},
    oracle::{Action, ValidityBits},
};
use gdx_units::{Atoms, Bps, Ppm, PriceE6, SizeE8, PPM_SCALE};
use oracle::state::PriceFeed;

use crate::{
    constants::PAUSE_ADD_RISK,
    error::{OrProgramError, PositionError},
    state::{
        require_initial_margin, slippage_limit_atoms, GlobalConfig, MarketStatus, PerpMarket,
        UserPosition,
    },
};

/// Prices, limits and permissions that hold for every entry of one batch.
pub struct Terms<'a> {
    pub market_key: &'a Pubkey,
    pub market: &'a PerpMarket,
    pub range: PriceRange,
    pub opening: OpeningBand,
    pub band: Bps,
    pub index: PriceE6,
    pub mark: PriceE6,
    pub now_ts: i64,
    slippage_floor_atoms: u64,
    slippage_share_bps: u16,
    risk_refusal: Option<PositionError>,
}

/// What a batch does to one position, net.
#[derive(Clone, Copy, Debug, Default)]
pub struct Net {
    pub size: SizeE8,
    pub quote: Atoms,
    pub fee: Atoms,
    pub turnover: Atoms,
}

/// Sums over the entries settled so far.
pub struct Totals {
    pub ledger: Ledger,
    /// Distance of all entries from the oracle's range.
    pub slippage: Atoms,
    /// The trade or entry that is farthest from it, and how far.
    strayed_most: (usize, Atoms),
    /// Σ notional of both sides of every fill.
    pub turnover: Atoms,
    /// What net buyers bought and paid.
    pub bought: SizeE8,
    pub paid: Atoms,
}

impl<'a> Terms<'a> {
    /// # Errors
    /// `OracleNotUsable` when there is no price at all.
    pub fn new(
        header: &Header<'_>,
        market_key: &'a Pubkey,
        market: &'a PerpMarket,
        config: &GlobalConfig,
        feed: &PriceFeed,
        now_ts: i64,
    ) -> Result<Self> {
        let from_ts = (header.executed_from_ms / 1_000) as i64;
        let to_ts = (header.executed_to_ms() / 1_000) as i64;
        let reading = feed.reading(now_ts);
        require!(
            Action::SettleReduction.is_allowed(reading.validity),
            PositionError::OracleNotUsable
        );
        let index = PriceE6(reading.price_e6);
        // Trades older than the feed's memory are held against the present price: what strays is busted.
        let (low_e6, high_e6) = feed
            .low_high_e6(from_ts, to_ts)
            .unwrap_or((index.0, index.0));
        let band = market.price_band();
        Ok(Self {
            market_key,
            market,
            range: PriceRange {
                low: PriceE6(low_e6),
                high: PriceE6(high_e6),
            },
            opening: OpeningBand::new(index, band).or_error()?,
            band,
            index,
            mark: market.mark_or(index),
            now_ts,
            slippage_floor_atoms: config.slippage_floor_atoms,
            slippage_share_bps: config.slippage_share_bps,
            risk_refusal: risk_refusal(config, market, reading.validity),
        })
    }

    /// # Errors
    /// `PriceOutOfBand`.
    #[inline(always)]
    pub fn deviation(&self, size: SizeE8, quote: Atoms, turnover: Atoms) -> Result<Deviation> {
        let deviation = self.range.deviation(size, quote).or_error()?;
        if !deviation.is_within(turnover, self.band) {
            return err!(PositionError::PriceOutOfBand);
        }
        Ok(deviation)
    }

    /// A position that ends with more size than it had, or on the other side, must be allowed to and able to.
    #[inline(always)]
    pub fn check_risk(&self, money: &Position, size_before_e8: i64, leverage: u16) -> Result<bool> {
        let after = SizeE8(money.size_e8);
        if !adds_risk(SizeE8(size_before_e8), after) {
            return Ok(false);
        }
        if let Some(refusal) = self.risk_refusal {
            return Err(refusal.into());
        }
        if after.magnitude() > self.market.max_position_size_e8 {
            return err!(PositionError::PositionTooLarge);
        }
        require_initial_margin(money, self.market, leverage, [self.mark, self.index])?;
        Ok(true)
    }

    /// Counts what the batch took from a position at the oracle's present price, at which its net has this `worth`: the
    /// minutes that a batch covers are the relayer's claim, and any price of them would be free. A fee counts where risk
    /// was added, and beyond the net's own: closing in one go is never refused for its fee, and trading to and fro is.
    #[inline(always)]
    pub fn count_loss(
        &self,
        position: &mut UserPosition,
        money: &Position,
        net: &Net,
        worth: Worth,
        has_added_risk: bool,
    ) -> Result<()> {
        let strayed = worth.lost(net.size, net.quote).or_error()?;
        let fee = if has_added_risk {
            Atoms(net.fee.0.max(0))
        } else {
            fee_beyond_net(net.fee, net.quote, net.turnover, self.market.taker_rate()).or_error()?
        };
        let lost = strayed
            .checked_add(fee)
            .ok_or(PositionError::MathOverflow)?;
        if lost.0 == 0 {
            return Ok(());
        }
        let (floor, share) = (self.slippage_floor_atoms, self.slippage_share_bps);
        let limit_atoms = slippage_limit_atoms(money, self.index, floor, share)?;
        position.count_slippage(lost, limit_atoms, self.now_ts)
    }

    /// Whether the market's open interest has grown past its limit.
    #[inline]
    pub fn is_interest_exceeded(&self, ledger: &Ledger) -> bool {
        let interest = ledger.long_interest_e8.unsigned_abs();
        interest > self.market.max_open_interest_e8 && interest > self.market.total_open_interest
    }
}

/// Why nothing may add risk now, if so.
fn risk_refusal(
    config: &GlobalConfig,
    market: &PerpMarket,
    validity: ValidityBits,
) -> Option<PositionError> {
    if config.pause_bits & PAUSE_ADD_RISK != 0 {
        return Some(PositionError::AddRiskPaused);
    }
    if market.status != MarketStatus::Active as u8 {
        return Some(PositionError::MarketReduceOnly);
    }
    (!Action::AddRisk.is_allowed(validity)).then_some(PositionError::OracleNotUsable)
}

impl Totals {
    pub fn new(ledger: Ledger) -> Self {
        Self {
            ledger,
            slippage: Atoms::ZERO,
            strayed_most: (0, Atoms::ZERO),
            turnover: Atoms::ZERO,
            bought: SizeE8::ZERO,
            paid: Atoms::ZERO,
        }
    }

    /// Counts one entry's distance from the oracle.
    #[inline(always)]
    pub fn count_slippage(&mut self, amount: Atoms, index: usize) -> Result<()> {
        if amount.0 != 0 {
            let sum = self.slippage.checked_add(amount);
            self.slippage = sum.ok_or(PositionError::MathOverflow)?;
            if amount.0 > self.strayed_most.1 .0 {
                self.strayed_most = (index, amount);
            }
        }
        Ok(())
    }

    /// Which trade or entry to break when all together are too far from the oracle.
    pub fn strayed_most(&self) -> usize {
        self.strayed_most.0
    }

    /// Counts what an entry says its fills were worth.
    #[inline(always)]
    pub fn count_turnover(&mut self, amount: Atoms) -> Result<()> {
        let sum = self.turnover.checked_add(amount);
        self.turnover = sum.ok_or(PositionError::MathOverflow)?;
        Ok(())
    }

    /// Counts what a net buyer bought and paid.
    #[inline(always)]
    pub fn count_bought(&mut self, size: SizeE8, paid: Atoms) -> Result<()> {
        self.bought = self
            .bought
            .checked_add(size)
            .ok_or(PositionError::MathOverflow)?;
        self.paid = self
            .paid
            .checked_add(paid)
            .ok_or(PositionError::MathOverflow)?;
        Ok(())
    }

    /// Whether the entries' sizes and quotes summed to 0 and their fees to at least what both rates make of the
    /// turnover: else long and short interest, or the worth of the books, would have moved apart, or somebody's
    /// rebate would have been another's fee.
    pub fn is_balanced_since(&self, before: &Ledger, rates: [Ppm; 2]) -> Result<bool> {
        let earned = i128::from(self.ledger.accrued_fees_atoms - before.accrued_fees_atoms);
        // Each trade is in the turnover of both its parties.
        let due = i128::from(self.turnover.0) * i128::from(rates[0].0 + rates[1].0);
        Ok(self.ledger.is_balanced()
            && self.ledger.book_value().or_error()? == before.book_value().or_error()?
            && earned * 2 * i128::from(PPM_SCALE) >= due)
    }

    /// Price at which the batch moves the mark; `None` when nothing was bought net.
    pub fn mark_sample(&self, range: PriceRange, band: Bps) -> Result<Option<PriceE6>> {
        mark_sample(self.bought, self.paid, range, band).or_error()
    }
}
