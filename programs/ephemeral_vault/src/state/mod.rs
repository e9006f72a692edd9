//! Accounts of the ephemeral vault. Each account owns its transitions.

mod ephemeral_vault;
mod session;

pub use ephemeral_vault::EphemeralVault;
pub use session::Session;
