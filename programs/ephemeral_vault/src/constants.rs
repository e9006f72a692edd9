//! Fixed figures of ephemeral vaults.

/// Version of the account layouts of this program.
pub const LAYOUT_VERSION: u8 = 1;
/// Longest life of a session key: thirty days.
pub const MAX_SESSION_SECONDS: i64 = 30 * 86_400;
