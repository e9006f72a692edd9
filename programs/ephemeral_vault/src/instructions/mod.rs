//! One file per instruction: arguments, accounts, checks, handler.

mod approve;
mod close;
mod create;
mod fast_deposit;
mod revoke;

pub use approve::*;
pub use close::*;
pub use create::*;
pub use fast_deposit::*;
pub use revoke::*;
