//! Accounts and the transitions they allow.

mod config_args;
mod global_config;
mod market_ledger;
mod market_params;
mod perp_market;
mod relayer_beat;
mod relayers;
mod settlement_batch;
mod user_position;

pub use config_args::CreateConfigArgs;
pub use global_config::*;
pub use market_params::*;
pub use perp_market::*;
pub use relayer_beat::*;
pub use settlement_batch::*;
pub use user_position::*;
