//! Accounts and the transitions they allow.

mod canary;
mod config_args;
mod config_layout;
mod global_config;
mod market_ledger;
mod market_params;
mod market_settlement;
mod market_settling;
mod perp_market;
mod relayer_beat;
mod relayers;
mod release_pause;
mod settlement_batch;
mod user_position;

pub use canary::Canary;
pub use config_args::{ConfigLimits, CreateConfigArgs};
pub use config_layout::{has_current_layout, require_layout_1};
pub use global_config::*;
pub use market_params::*;
pub use market_settlement::*;
pub use perp_market::*;
pub use relayer_beat::*;
pub use settlement_batch::*;
pub use user_position::*;
