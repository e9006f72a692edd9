//! The funding account of a market. It owns its transitions; the rate's formula is in `gdx_math`.

mod funding_hour;
mod funding_state;
#[cfg(test)]
mod funding_state_tests;

pub use funding_hour::FundingHour;
pub use funding_state::{FundingState, FundingUpdate, MarketPremium};
