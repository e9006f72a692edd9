//! One file per instruction: arguments, accounts, checks, handler.

mod close_funding;
mod create_funding;
mod sample_premium;
mod set_max_rate;
mod update_funding;

pub use close_funding::*;
pub use create_funding::*;
pub use sample_premium::*;
pub use set_max_rate::*;
pub use update_funding::*;
