//! One file per instruction: arguments, accounts, checks, handler. Changes of the configuration that take the same
//! accounts share a file.

mod accept_admin;
mod add_collateral;
mod admin_config;
mod beat;
mod close_position;
mod create_config;
mod create_market;
mod execute_release;
mod guard_config;
mod liquidate;
mod open_position;
mod prune_batch;
mod request_release;
mod resolve_bankruptcy;
mod set_funding;
mod set_market_limits;
mod set_market_status;
mod settle_batch;
mod sweep_fees;
mod take_over;

pub use accept_admin::*;
pub use add_collateral::*;
pub use admin_config::*;
pub use beat::*;
pub use close_position::*;
pub use create_config::*;
pub use create_market::*;
pub use execute_release::*;
pub use guard_config::*;
pub use liquidate::*;
pub use open_position::*;
pub use prune_batch::*;
pub use request_release::*;
pub use resolve_bankruptcy::*;
pub use set_funding::*;
pub use set_market_limits::*;
pub use set_market_status::*;
pub use settle_batch::*;
pub use sweep_fees::*;
pub use take_over::*;
