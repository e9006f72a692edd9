//! Seeds of this program's addresses, spelled once.

use anchor_lang::prelude::*;

#[constant]
pub const SEED_VAULT_STATE: &[u8] = b"vault_state";
#[constant]
pub const SEED_VAULT_TOKEN: &[u8] = b"vault_token";
#[constant]
pub const SEED_COLLATERAL: &[u8] = b"collateral";
#[constant]
pub const SEED_POOL: &[u8] = b"pool";

/// Seed of the position program's signing address.
pub const SEED_POSITION_AUTHORITY: &[u8] = b"authority";
