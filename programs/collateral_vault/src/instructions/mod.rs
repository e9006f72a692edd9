//! One file per instruction: arguments, accounts, checks, handler.

mod accept_admin;
mod admin_vault;
mod close_pool;
mod create_pool;
mod create_vault;
mod deposit;
mod lock;
mod move_pool;
mod open_account;
mod propose_admin;
mod release;
mod set_vault_pause;
mod set_withdraw_limit;
mod withdraw;
mod withdraw_fees;

pub use accept_admin::*;
pub use admin_vault::*;
pub use close_pool::*;
pub use create_pool::*;
pub use create_vault::*;
pub use deposit::*;
pub use lock::*;
pub use move_pool::*;
pub use open_account::*;
pub use propose_admin::*;
pub use release::*;
pub use set_vault_pause::*;
pub use set_withdraw_limit::*;
pub use withdraw::*;
pub use withdraw_fees::*;

pub use crate::state::WithdrawLimit;
