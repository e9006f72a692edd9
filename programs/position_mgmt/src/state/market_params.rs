//! What an admin sets of a market, and the rules between the figures.

use anchor_lang::prelude::*;

use super::PerpMarket;
use crate::{
    constants::{MAX_BPS, MAX_FEE_PPM, MAX_LIQUIDATION_FEE_PPM},
    error::PositionError,
};

/// Margin, fees and limits of a market.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct MarketParams {
    /// Whole times.
    pub max_leverage: u16,
    pub initial_margin_ratio_bps: u16,
    pub maintenance_margin_ratio_bps: u16,
    /// Negative for a rebate.
    pub maker_fee_ppm: i16,
    pub taker_fee_ppm: u16,
    /// Fee of the notional that a liquidator takes over.
    pub liquidation_fee_ppm: u16,
    /// How far a fill may stray from the oracle.
    pub price_band_bps: u16,
    /// Smallest size that a partial liquidation may leave.
    pub min_position_size_e8: u64,
    pub max_position_size_e8: u64,
    pub max_open_interest_e8: u64,
    /// Sum of all fills' distance from the oracle per hour.
    pub max_slippage_per_hour_atoms: u64,
}

impl MarketParams {
    /// # Errors
    /// `BadMarginRatios`, `BadLeverageLimit`, `BadFees`, `BadLiquidationFee`, `BadPriceBand`, `BadLimits`.
    pub fn validate(&self) -> Result<()> {
        let (initial, maintenance) = (
            self.initial_margin_ratio_bps,
            self.maintenance_margin_ratio_bps,
        );
        require!(
            0 < maintenance && maintenance < initial && initial <= MAX_BPS,
            PositionError::BadMarginRatios
        );
        require!(
            self.max_leverage >= 1
                && u32::from(self.max_leverage) * u32::from(initial) <= u32::from(MAX_BPS),
            PositionError::BadLeverageLimit
        );
        require!(
            self.taker_fee_ppm <= MAX_FEE_PPM
                && self.maker_fee_ppm.unsigned_abs() <= MAX_FEE_PPM
                && i32::from(self.maker_fee_ppm) + i32::from(self.taker_fee_ppm) >= 0,
            PositionError::BadFees
        );
        require!(
            self.liquidation_fee_ppm <= MAX_LIQUIDATION_FEE_PPM
                && u32::from(self.liquidation_fee_ppm) < u32::from(maintenance) * 100,
            PositionError::BadLiquidationFee
        );
        require!(
            0 < self.price_band_bps && self.price_band_bps < MAX_BPS,
            PositionError::BadPriceBand
        );
        require!(
            0 < self.min_position_size_e8
                && self.min_position_size_e8 <= self.max_position_size_e8
                && self.max_position_size_e8 <= self.max_open_interest_e8
                && self.max_open_interest_e8 <= i64::MAX.unsigned_abs()
                && self.max_slippage_per_hour_atoms > 0,
            PositionError::BadLimits
        );
        Ok(())
    }
}

impl PerpMarket {
    /// Takes checked parameters over.
    pub fn set_params(&mut self, params: &MarketParams) -> Result<()> {
        params.validate()?;
        self.max_leverage = params.max_leverage;
        self.initial_margin_ratio = params.initial_margin_ratio_bps;
        self.maintenance_margin_ratio = params.maintenance_margin_ratio_bps;
        self.maker_fee = params.maker_fee_ppm;
        self.taker_fee = params.taker_fee_ppm;
        self.liquidation_fee_ppm = params.liquidation_fee_ppm;
        self.price_band_bps = params.price_band_bps;
        self.min_position_size_e8 = params.min_position_size_e8;
        self.max_position_size_e8 = params.max_position_size_e8;
        self.max_open_interest_e8 = params.max_open_interest_e8;
        self.max_slippage_per_hour_atoms = params.max_slippage_per_hour_atoms;
        Ok(())
    }
}
