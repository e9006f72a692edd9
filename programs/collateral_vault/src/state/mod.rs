//! Accounts of the collateral vault. Each account owns its transitions.

mod collateral;
mod delayed;
mod market_pool;
mod pause;
mod vault_state;
mod withdraw_limiter;

pub use collateral::Collateral;
pub use delayed::Role;
pub use market_pool::MarketPool;
pub use vault_state::{NewVault, VaultState};
pub use withdraw_limiter::{WithdrawLimit, WithdrawLimiter};
